-- accounting: what a strategy's weights earned, period by period (spec 06 §6.2–6.7).
-- Reads weights, the positions of a strategy, candidates, what it chose from, and benchmark. Key: date, one row per
-- rebalance whose period is over.
-- Units: returns are simple, per period. port_ret_raw is that of the weights; leverage scales it to $target_vol;
-- cost_trading is $cost_bps per side on what changes hands, the first purchase included, cost_borrow $borrow_bps per
-- year on short positions, cost_financing $financing_bps per year on what is borrowed; port_ret is after costs. turnover is
-- one-way. gross, net, n_long and n_short are of the positions with leverage; invested is their sum without it, and
-- effective_n how many equal positions would be as concentrated. at_name_cap is the share of the positions that are as
-- large as a name may be: where it is most of them, the cap sizes the book and not the signal.
-- forecast, which $vol_method 'ex_ante_cov' aims with, is the volatility per year that the covariance of the names held on
-- date expects of the weights: sqrt(252 w'Sw), S from $cov_window daily returns up to date as $covariance says.
-- bench_ret is the return of the file of benchmarks/ that $benchmark names.
-- Known: at date_end. leverage is known on date with the ex-ante methods, with ex_post only at the end of the run.
with positions as (
    select
        w.date,
        w.ticker,
        w.weight,
        w.status,
        w.bound,
        c.beta,
        coalesce(c.period_return, 0) as period_return
    from weights w
    left join candidates c on c.date = w.date and c.ticker = w.ticker
),

measured as (
    select
        date,
        max(regime) as regime,
        count(*) filter (where eligible) as n_universe
    from candidates
    group by date
    having count(period_return) > 0
),

first_position as (
    select min(date) as date
    from positions
    where weight <> 0
),

raw as (
    select
        date,
        max(status) as status,
        sum(weight * period_return) as ret,
        sum(weight * beta) as beta,
        sum(weight) as invested,
        safe_div(power(sum(abs(weight)), 2), sum(weight * weight)) as effective_n,
        sum(weight) filter (where weight > 0) as long,
        sum(-weight) filter (where weight < 0) as short,
        count(*) filter (where weight > 0) as n_long,
        count(*) filter (where weight < 0) as n_short,
        -- Strategies that do not say what holds a name back have no bound.
        avg(case when bound like '%name cap%' then 1.0 when bound is not null then 0.0 end)
            filter (where weight <> 0) as at_name_cap
    from positions
    group by date
),

-- Nothing is read unless leverage goes by it.
forecasts as (
    select date, volatility
    from portfolio_volatility(
        (
            select date, ticker, weight
            from positions
            where weight <> 0 and $target_vol > 0 and $vol_method = 'ex_ante_cov'
        ),
        (
            select ticker, date, ret, since
            from daily_returns
            where $target_vol > 0 and $vol_method = 'ex_ante_cov'
        ),
        covariance => $covariance,
        cov_window => $cov_window,
        shrinkage => $shrinkage
    )
),

-- A date without positions is one in cash, unless the strategy skips such dates.
recorded as (
    select
        m.date,
        m.regime,
        m.n_universe,
        b.ret as bench_ret,
        coalesce(r.status, 'cash') as status,
        coalesce(r.ret, 0.0) as ret,
        v.volatility as forecast,
        r.beta,
        coalesce(r.invested, 0.0) as invested,
        r.effective_n,
        coalesce(r.long, 0.0) as long,
        coalesce(r.short, 0.0) as short,
        coalesce(r.n_long, 0) as n_long,
        coalesce(r.n_short, 0) as n_short,
        r.at_name_cap
    from measured m
    cross join first_position f
    left join benchmark b on b.date = m.date
    left join raw r on r.date = m.date
    left join forecasts v on v.date = m.date
    where m.date >= f.date and ($on_empty <> 'skip' or r.date is not null)
),

scaled as (
    select *
    from vol_target(
        recorded,
        target => $target_vol,
        method => case when $target_vol > 0 then $vol_method else 'none' end,
        periods_per_year => 252.0 / $rebalance_every,
        window => $vol_window,
        min_periods => $vol_min_periods,
        least => $leverage_min,
        most => $leverage_max,
        lag => ceil(cast($exec_lag as double) / $rebalance_every)
    )
),

periods as (
    select *, leverage * ret as gross_ret, cast(row_number() over (order by date) as bigint) as period
    from scaled
),

holdings as (
    select p.period, w.ticker, p.leverage * w.weight as holding, w.period_return, p.gross_ret
    from positions w
    join periods p on p.date = w.date
),

-- What is left of the last period's holdings when the next one trades.
drifted as (
    select period + 1 as period, ticker, safe_div(holding * (1 + period_return), 1 + gross_ret) as holding
    from holdings
),

trades as (
    select
        coalesce(n.period, o.period) as period,
        sum(abs(coalesce(n.holding, 0.0) - coalesce(o.holding, 0.0))) as traded
    from holdings n
    full join drifted o on o.period = n.period and o.ticker = n.ticker
    group by 1
),

costs as (
    select
        p.period,
        coalesce(t.traded, 0.0) as traded,
        coalesce(t.traded, 0.0) * $cost_bps / 10000 as cost_trading,
        p.leverage * p.short * $borrow_bps / 10000 * $rebalance_every / 252 as cost_borrow,
        greatest(p.leverage * p.long - 1, 0.0) * $financing_bps / 10000 * $rebalance_every / 252 as cost_financing
    from periods p
    left join trades t on t.period = p.period
),

results as (
    select p.*, c.traded, c.cost_trading, c.cost_borrow, c.cost_financing,
        p.gross_ret - c.cost_trading - c.cost_borrow - c.cost_financing as port_ret
    from periods p
    join costs c on c.period = p.period
)

select
    r.date,
    g.exec_date,
    g.date_end,
    r.regime,
    r.status,
    r.n_universe,
    r.n_long,
    r.n_short,
    r.ret as port_ret_raw,
    r.bench_ret as bench_ret_raw,
    r.beta as beta_port_raw,
    r.leverage,
    r.cost_trading,
    r.cost_borrow,
    r.cost_financing,
    r.port_ret,
    r.bench_ret,
    r.port_ret - r.bench_ret as active_ret,
    r.leverage * r.beta as beta_port,
    r.leverage * (r.long + r.short) as gross,
    r.leverage * (r.long - r.short) as net,
    r.traded / 2 as turnover,
    r.invested,
    r.effective_n,
    r.at_name_cap
from results r
left join rebalances g on g.date = r.date
order by r.date
