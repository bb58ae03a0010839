-- unordered: datasets whose statement has no order by, and which therefore have no key that could be checked.
-- Severity: warning
-- After: each phase
select dataset
from checked.datasets
where key = ''
