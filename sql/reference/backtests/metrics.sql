-- metrics: a run in the reference's figures (spec 06 §1.8).
-- Reads periods, the result of accounting. Key: book, scope, name.
-- Units: annual_return is compounded; sharpe is annual_return / annual_vol, 0 without volatility; the peak before
-- max_drawdown is sought from the end of the first period on.
with books as (
    select 'portfolio' as book, port_ret as ret, date, regime from periods
    union all
    select 'benchmark' as book, bench_ret as ret, date, regime from periods
    union all
    select 'active' as book, active_ret as ret, date, regime from periods
),

scoped as (
    select 'all' as scope, * from books
    union all
    select 'regime:' || regime as scope, * from books where regime is not null
),

equity as (
    select
        *,
        exp(sum(ln(1 + ret)) over (partition by book, scope order by date)) as equity
    from scoped
),

peaks as (
    select *, max(equity) over (partition by book, scope order by date) as peak
    from equity
),

figures as (
    select
        book,
        scope,
        count(*) as n,
        total_return(ret order by date) as total_return,
        annualized_return(ret, 252.0 / $rebalance_every) as annual_return,
        annualized_vol(ret, 252.0 / $rebalance_every) as annual_vol,
        min(equity / peak - 1) as max_drawdown
    from peaks
    group by book, scope
)

select
    book,
    scope,
    unnest(make_array('periods', 'total_return', 'annual_return', 'annual_vol', 'sharpe', 'max_drawdown')) as name,
    unnest(make_array(
        cast(n as double),
        total_return,
        annual_return,
        annual_vol,
        coalesce(case when annual_vol > 0 then annual_return / annual_vol end, 0.0),
        max_drawdown
    )) as value
from figures
order by scope, book desc, name
