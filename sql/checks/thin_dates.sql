-- thin_dates: dates with less than 0.9 of the rows that the twenty dates before had in the median (spec 05 §4.6).
-- Severity: warning
-- After: each phase
-- For each: *, raw.sep, raw.daily
-- Key: ticker, date
with dates as (
    select date, count(*) as n
    from $dataset
    group by date
),

usual as (
    select date, n, median(n) over (order by date rows between 20 preceding and 1 preceding) as median_20
    from dates
)

select date, n, median_20
from usual
where n < $min_rows_ratio * median_20
order by date desc
