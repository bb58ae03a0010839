-- metrics: a run in figures (spec 06 §6.8): the portfolio, its benchmark and the difference; over all periods, per year and
-- per regime.
-- Reads periods, the result of accounting. Key: book, scope, name.
-- Units: returns, volatilities and drawdowns as shares; sharpe, sortino and information_ratio per year, arithmetic, without
-- a risk-free rate; annual_return is compounded over calendar time. A figure that cannot be computed is NULL, never 0.
with books as (
    select 'portfolio' as book, port_ret as ret, * from periods
    union all
    select 'benchmark' as book, bench_ret as ret, * from periods
    union all
    select 'active' as book, active_ret as ret, * from periods
),

scoped as (
    select 'all' as scope, * from books
    union all
    select 'year:' || cast(date_part('year', coalesce(date_end, date)) as varchar) as scope, * from books
    union all
    select 'regime:' || regime as scope, * from books where regime is not null
),

figures as (
    select
        book,
        scope,
        count(*) as n,
        total_return(ret order by date) as total_return,
        case
            when scope like 'regime:%' then null
            else power(
                1 + total_return(ret order by date),
                safe_div(365.25, cast(max(date_end) - min(exec_date) as double))
            ) - 1
        end as annual_return,
        annualized_vol(ret, 252.0 / $rebalance_every) as annual_vol,
        sharpe(ret, 252.0 / $rebalance_every) as sharpe,
        sortino(ret, 252.0 / $rebalance_every) as sortino,
        case when scope not like 'regime:%' then max_drawdown(ret order by date) end as max_drawdown,
        avg(case when ret > 0 then 1.0 else 0.0 end) as hit_rate,
        regr_slope(port_ret, bench_ret) as beta,
        regr_intercept(port_ret, bench_ret) * 252.0 / $rebalance_every as alpha,
        power(
            1 + total_return(port_ret + cost_trading + cost_borrow + cost_financing order by date),
            safe_div(365.25, cast(max(date_end) - min(exec_date) as double))
        ) - 1 as gross_return,
        avg(effective_n) as effective_n,
        avg(at_name_cap) as at_name_cap,
        safe_div(stddev(port_ret), stddev(bench_ret)) as scale,
        avg(port_ret) as mean_port,
        avg(bench_ret) as mean_bench,
        var_samp(port_ret) as var_port,
        var_samp(bench_ret) as var_bench,
        covar_samp(port_ret, bench_ret) as covariance,
        avg(turnover) * 252.0 / $rebalance_every as turnover,
        avg(gross) as gross,
        avg(net) as net,
        avg(leverage) as leverage,
        max(leverage) as leverage_max,
        avg(cost_trading + cost_borrow + cost_financing) * 252.0 / $rebalance_every as cost
    from scoped
    group by book, scope
),

named as (
    select
        book,
        scope,
        unnest(make_array(
            'periods', 'total_return', 'annual_return', 'annual_vol',
            case when book = 'active' then 'information_ratio' else 'sharpe' end, 'sortino', 'max_drawdown', 'calmar',
            'hit_rate'
        )) as name,
        unnest(make_array(
            cast(n as double), total_return, annual_return, annual_vol,
            sharpe, sortino, max_drawdown, safe_div(annual_return, -max_drawdown),
            hit_rate
        )) as value
    from figures
),

of_portfolio as (
    select
        book,
        scope,
        unnest(make_array(
            'annual_return_before_costs', 'beta', 'alpha', 'information_ratio_scaled', 'effective_n', 'at_name_cap',
            'turnover', 'gross', 'net', 'leverage', 'leverage_max', 'cost'
        )) as name,
        unnest(make_array(
            case when scope not like 'regime:%' then gross_return end,
            beta,
            alpha,
            -- Against the benchmark at the portfolio's own volatility.
            safe_div(
                (mean_port - scale * mean_bench) * sqrt(252.0 / $rebalance_every),
                sqrt(greatest(var_port + scale * scale * var_bench - 2 * scale * covariance, 0.0))
            ),
            effective_n,
            at_name_cap,
            turnover, gross, net, leverage, leverage_max, cost
        )) as value
    from figures
    where book = 'portfolio'
)

select book, scope, name, value
from (select * from named union all select * from of_portfolio)
where scope = 'all' or value is not null
order by scope, book desc, name
