-- infinite_values: columns of numbers that have values but no bounds, because one of them is ±∞ or all are NaN.
-- Severity: critical
-- After: each phase
select dataset, column_name
from checked.columns
where is_number and nulls < rows and (min is null or max is null)
