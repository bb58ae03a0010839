-- rebalances: when a backtest decides, trades and is measured (spec 06 §5.2 `calendar`).
-- Key: date. Every $rebalance_every-th session, the first one on or after $backtest_from.
-- Units: date is the session after whose close the portfolio is formed, exec_date the one at whose close it is traded,
-- $exec_lag sessions later; date_end is the execution of the next rebalance, NULL if it lies beyond the data.
-- Known: date_end and exec_date lie after date.
with first_session as (
    select min(session) as session
    from sessions
    where date >= $backtest_from
),

grid as (
    select s.date, s.session, (s.session - f.session) / $rebalance_every as period
    from sessions s
    cross join first_session f
    where s.session >= f.session
        and (s.session - f.session) % $rebalance_every = 0
        and s.date <= $backtest_to
)

select
    g.period,
    g.date,
    e.date as exec_date,
    e.session as exec_session,
    n.date as date_end
from grid g
left join sessions e on e.session = g.session + $exec_lag
left join sessions n on n.session = g.session + $exec_lag + $rebalance_every
order by g.date
