-- universe_size: dates on which the number of members fell by a tenth against the median of twenty dates (spec 01 §5.2
-- V13).
-- Severity: warning
-- After: universe
-- For each: universe
-- Key: ticker, date
with sizes as (
    select date, count(case when in_universe then 1 end) as members
    from $dataset
    group by date
),

usual as (
    select date, members, median(members) over (order by date rows between 20 preceding and 1 preceding) as median_20
    from sizes
)

select date, members, median_20
from usual
where members < $min_rows_ratio * median_20
order by date desc
