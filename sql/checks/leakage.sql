-- leakage: features that agree with the next day's return better than anything honest can: a mean correlation over dates
-- beyond ±0.2 (spec 05 §4.7, spec 01 §5.2 V16). Every tenth date is asked.
-- Severity: critical
-- For each: feat_*
-- Except: target, feat_matrix*
-- Key: ticker, date
-- Columns: *
with outcomes as (
    select ticker, date, ret_1d_f
    from feat_targets
    where ret_1d_f is not null and cast(date as int) % 10 = 0
),

per_date as (
    select o.date, corr(f.$column, o.ret_1d_f) as correlation
    from $dataset f
    join outcomes o on f.ticker = o.ticker and f.date = o.date
    group by o.date
    having count(f.$column) >= 30
)

select avg(correlation) as mean_correlation, count(*) as dates
from per_date
where finite(correlation) is not null
having abs(avg(correlation)) > $max_leak and count(*) >= 5
