-- future_dates: raw rows dated after today.
-- Severity: critical
-- After: raw
select dataset, column_name, last_date
from checked.columns
where phase = 'raw' and is_key and last_date > current_date()
