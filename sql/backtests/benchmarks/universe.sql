-- universe: the members of the formation date, in equal weights (spec 06 §5.2 `bench`).
-- Key: date.
-- Units: ret is the mean of the members' simple returns over the period; members that have none are left out.
-- Known: at the end of the period.
select date, avg(period_return) filter (where in_universe) as ret
from candidates
group by date
order by date
