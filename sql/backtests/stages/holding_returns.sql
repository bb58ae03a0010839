-- holding_returns: what each name earns from one execution to the next (spec 06 §6.6).
-- Key: date, ticker. A row for every name that can be held: its last price is at most $stale_sessions sessions old at
-- the execution of the rebalance.
-- Units: period_return is the simple return of price, which $return_basis says: by default with dividends. A name that rests
-- keeps its last price; one that has not traded for longer is written off at its last price times 1 + $delist_return and can
-- no longer be held.
-- Known: at date_end. Nothing later changes a row.
with prices as (
    select
        p.ticker,
        p.price,
        s.session,
        lead(s.session, 1) over (partition by p.ticker order by p.date) as next_session
    from sep_base_academic p
    join sessions s on s.date = p.date
    where p.price is not null
),

grid as (
    select min(exec_session) as first_exec, max(period) as last_period
    from rebalances
    where exec_session is not null
),

-- The executions that find this as the last price: fresh from since to until, and the first stale one.
spans as (
    select
        p.ticker,
        p.price,
        cast(ceil((p.session - g.first_exec) / cast($rebalance_every as double)) as bigint) as since,
        cast(floor((least(p.session + $stale_sessions, coalesce(p.next_session, p.session + $stale_sessions + 1) - 1)
            - g.first_exec) / cast($rebalance_every as double)) as bigint) as until,
        cast(floor((p.session + $stale_sessions - g.first_exec) / cast($rebalance_every as double)) as bigint) + 1 as gone,
        p.next_session,
        g.first_exec,
        g.last_period
    from prices p
    cross join grid g
),

-- The last of them: where the price is written off, it is the first stale one.
ends as (
    select
        *,
        case
            when gone <= last_period and (next_session is null or next_session > first_exec + gone * $rebalance_every)
                then gone
            else least(until, last_period)
        end as last
    from spans
),

at_execution as (
    select ticker, price, gone, unnest(range(greatest(since, 0), last + 1)) as period
    from ends
    where last >= greatest(since, 0)
),

priced as (
    select
        ticker,
        period,
        period < gone as held,
        case when period < gone then price else price * (1 + $delist_return) end as price
    from at_execution
),

returns as (
    select
        ticker,
        period,
        held,
        case
            when lead(period, 1) over w = period + 1 then safe_div(lead(price, 1) over w, price) - 1
        end as period_return
    from priced
    window w as (partition by ticker order by period)
)

select r.date, h.ticker, h.period_return
from returns h
join rebalances r on r.period = h.period
where h.held
order by r.date, h.ticker
