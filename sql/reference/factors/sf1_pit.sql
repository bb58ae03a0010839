-- sf1_pit (reference): every row of the fundamentals, all dimensions.
-- Key: ticker, datekey, dimension.
-- Units: as the vendor's.
-- Known: AR dimensions on datekey; MR dimensions are restated later and dated by the period's end: look-ahead.
create or replace table sf1_pit as
select *
from raw.sf1
qualify row_number() over (
    partition by ticker, datekey, dimension
    order by reportperiod desc nulls last, lastupdated desc nulls last
) = 1
order by ticker, datekey, dimension
