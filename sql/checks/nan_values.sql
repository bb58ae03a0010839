-- nan_values: NaN where missing should be NULL.
-- Severity: critical
-- For each: *
-- Except: feat_matrix*
-- Columns: *
select $key
from $dataset
where isnan($column)
