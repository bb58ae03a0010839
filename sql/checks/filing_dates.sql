-- filing_dates: filings dated before the end of their period or 550 days after it (spec 01 §5.2 V11).
-- Severity: warning
-- After: raw
select ticker, dimension, datekey, reportperiod
from raw.sf1
where dimension like 'AR%'
    and (datekey < reportperiod or datekey - reportperiod >= 550)
order by datekey desc
