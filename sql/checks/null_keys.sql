-- null_keys: key columns with missing values, and datasets without an order and so without a key.
-- Severity: critical
-- After: each phase
select dataset, column_name, nulls as n
from checked.columns
where is_key and nulls > 0
union all
select dataset, 'no order by', rows
from checked.datasets
where key = ''
