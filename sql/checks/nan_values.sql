-- nan_values: NaN where missing should be NULL.
-- Severity: critical
-- For each: *
-- Columns: *
select $key
from $dataset
where isnan($column)
