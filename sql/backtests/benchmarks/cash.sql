-- cash: what a book that hedges the market is compared with (spec 06 §5.2 `bench`). Cash earns nothing here.
-- Key: date.
-- Units: ret is 0.
-- Known: always.
select distinct date, 0.0 as ret
from candidates
order by date
