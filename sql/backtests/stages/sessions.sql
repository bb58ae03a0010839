-- sessions: the market's sessions, numbered from 0.
-- Key: date.
-- Units: session counts trading days; steps between sessions are the clock of a backtest, calendar days are not.
-- Known: on date.
select date, cast(row_number() over (order by date) as bigint) - 1 as session
from (select distinct date from sep_base_academic)
order by date
