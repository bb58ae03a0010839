-- empty_columns: features that are missing everywhere.
-- Severity: warning
-- After: each phase
select dataset, column_name, rows
from checked.columns
where dataset like 'feat\_%' and rows > 0 and nulls = rows
