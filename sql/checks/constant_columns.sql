-- constant_columns: features that have one value only.
-- Severity: warning
-- After: each phase
select dataset, column_name, min as value, rows - nulls as n
from checked.columns
where dataset like 'feat\_%' and is_number and min = max and rows - nulls > 1
