-- fund: a fund that one could have bought instead, $benchmark_ticker of the vendor's fund prices (spec 06 §5.2 `bench`).
-- Key: date.
-- Units: ret is the simple return of closeadj, dividends included, from the execution of the rebalance to that of the next;
-- NULL where the fund has no price on one of the two sessions.
-- Known: at the end of the period.
with prices as (
    select date, closeadj
    from raw.sfp
    where ticker = $benchmark_ticker
)

select r.date, safe_div(e.closeadj, s.closeadj) - 1 as ret
from rebalances r
join prices s on s.date = r.exec_date
join prices e on e.date = r.date_end
order by r.date
