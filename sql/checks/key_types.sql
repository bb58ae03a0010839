-- key_types: tickers that are not text and dates that are not dates.
-- Severity: critical
-- After: each phase
select dataset, column_name, data_type
from checked.columns
where (column_name = 'ticker' and data_type <> 'Utf8')
    or (column_name = 'date' and data_type <> 'Date32')
