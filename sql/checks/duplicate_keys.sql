-- duplicate_keys: rows of a ticker with a date that another row has too (spec 05 §4.4).
-- Severity: critical
-- After: each phase
-- For each: *
-- Key: ticker, date
with counted as (
    select ticker, date, rolling_sum_by(1, cast(date as int), 1) over w as rows_of_date
    from $dataset
    window w as (partition by ticker order by date)
)

select ticker, date
from counted
where rows_of_date > 1
