-- sf1_pit (reference): every row of the fundamentals, all dimensions.
-- Key: ticker, datekey, dimension.
-- Units: as the vendor's.
-- Known: AR dimensions on datekey; MR dimensions are restated later and dated by the period's end: look-ahead.
create or replace table sf1_pit as
select *
from raw.sf1
qualify reportperiod = max(reportperiod) over (partition by ticker, dimension, datekey)
order by ticker, datekey, dimension
