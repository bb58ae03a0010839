-- empty: datasets without a row.
-- Severity: warning
-- After: each phase
select dataset
from checked.datasets
where rows = 0
