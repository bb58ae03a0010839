-- duplicate_keys: rows of a ticker with a date that the row before has too (spec 05 §4.4).
-- Severity: critical
-- After: each phase
-- For each: *
-- Key: ticker, date
with ordered as (
    select ticker, date, lag(date) over (partition by ticker order by date) as previous
    from $dataset
)

select ticker, date
from ordered
where date = previous
