-- coverage_drop: features whose coverage on the last date is more than five points below the median of the twenty dates
-- before (spec 05 §4.3).
-- Severity: warning
-- For each: feat_*
-- Except: target, feat_matrix*
-- Key: ticker, date
-- Columns: *
with recent as (
    select max(date) - 60 as start from $dataset
),

coverage as (
    select d.date, 100.0 * count(d.$column) / count(*) as percent
    from $dataset d
    where d.date >= (select start from recent)
    group by d.date
),

compared as (
    select
        date,
        percent,
        median(percent) over (order by date rows between 20 preceding and 1 preceding) as median_20,
        row_number() over (order by date desc) as age
    from coverage
)

select date, percent, median_20
from compared
where age = 1 and percent < median_20 - $max_coverage_drop
