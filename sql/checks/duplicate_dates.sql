-- duplicate_dates: dates that occur more than once where one row per date is meant.
-- Severity: critical
-- After: each phase
-- For each: *
-- Key: date
select date, count(*) as n
from $dataset
group by date
having count(*) > 1
order by date
