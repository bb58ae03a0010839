-- filings_of_one_day: days on which a company filed several periods of one dimension: catch-up filings, of which the
-- newest period counts (spec 05 §4.7).
-- Severity: warning
select ticker, dimension, datekey, count(*) as periods
from raw.sf1
where dimension like 'AR%'
group by ticker, dimension, datekey
having count(*) > 1
order by datekey desc
