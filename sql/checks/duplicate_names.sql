-- duplicate_names: tickers that occur more than once where one row per ticker is meant.
-- Severity: critical
-- After: each phase
-- For each: *
-- Key: ticker
select ticker, count(*) as n
from $dataset
group by ticker
having count(*) > 1
order by ticker
