-- null_keys: key columns with missing values.
-- Severity: critical
-- After: each phase
select dataset, column_name, nulls as n
from checked.columns
where is_key and nulls > 0
