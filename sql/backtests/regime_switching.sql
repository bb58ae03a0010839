-- regime_switching: risk4 in good markets, ls_opt in bad ones (spec 06 §2.8, with the map that its rules mean).
-- Key: date, ticker.
-- Units: weight is a share of capital: each leg at its own target volatility, times its share of the regime of the
-- session before the decision. A date without a regime has half of each.
-- Known: after the close of date; traded $exec_lag sessions later. Holdings are blended, so that the legs' trades net out.
with candidates as (
    select *
    from liquid_names
),

long_weights as (
    select *
    from construct_portfolio(
        (select date, ticker, alpha, volatility, sector, eligible, period_return from candidates),
        direction => $alpha_direction,
        n_long => $top_n,
        weighting => 'alpha_over_volatility',
        name_cap => $name_cap,
        sector_multiple => $sector_multiple,
        turnover => 'full_book',
        turnover_lambda => $turnover_lambda,
        turnover_cap => $turnover_cap
    )
),

ls_weights as (
    select *
    from optimize_portfolio(
        (
            select date, ticker, alpha, volatility, sector, beta, eligible and beta is not null as eligible, period_return
            from candidates
        ),
        daily_returns,
        direction => $alpha_direction,
        n_long => $leg_n,
        n_short => $leg_n,
        horizon => $rebalance_every,
        covariance => $covariance,
        cov_window => $cov_window,
        shrinkage => $shrinkage,
        risk_aversion => $risk_aversion,
        information_coefficient => $information_coefficient,
        name_cap => $name_cap,
        sector_net => $sector_net,
        sector_multiple => $sector_multiple,
        trading_cost => $cost_bps / 10000.0,
        turnover_cap => nullif($optimizer_turnover_cap, 0.0),
        solver => $solver
    )
),

long_returns as (
    select w.date, sum(w.weight * c.period_return) as ret
    from long_weights w
    join candidates c on c.date = w.date and c.ticker = w.ticker
    group by w.date
),

ls_returns as (
    select w.date, sum(w.weight * c.period_return) as ret
    from ls_weights w
    join candidates c on c.date = w.date and c.ticker = w.ticker
    group by w.date
),

-- As in accounting, for each leg.
long_forecasts as (
    select date, volatility
    from portfolio_volatility(
        (select date, ticker, weight from long_weights where weight <> 0 and $vol_method = 'ex_ante_cov'),
        (select ticker, date, ret, since from daily_returns where $vol_method = 'ex_ante_cov'),
        covariance => $covariance,
        cov_window => $cov_window,
        shrinkage => $shrinkage
    )
),

ls_forecasts as (
    select date, volatility
    from portfolio_volatility(
        (select date, ticker, weight from ls_weights where weight <> 0 and $vol_method = 'ex_ante_cov'),
        (select ticker, date, ret, since from daily_returns where $vol_method = 'ex_ante_cov'),
        covariance => $covariance,
        cov_window => $cov_window,
        shrinkage => $shrinkage
    )
),

long_leverage as (
    select date, ret, leverage
    from vol_target(
        (select r.date, r.ret, f.volatility as forecast from long_returns r left join long_forecasts f on f.date = r.date),
        target => $leg_vol_long,
        method => $vol_method,
        periods_per_year => 252.0 / $rebalance_every,
        window => $vol_window,
        min_periods => $vol_min_periods,
        least => $leverage_min,
        most => 1.5,
        lag => ceil(cast($exec_lag as double) / $rebalance_every)
    )
),

ls_leverage as (
    select date, ret, leverage
    from vol_target(
        (select r.date, r.ret, f.volatility as forecast from ls_returns r left join ls_forecasts f on f.date = r.date),
        target => $leg_vol_ls,
        method => $vol_method,
        periods_per_year => 252.0 / $rebalance_every,
        window => $vol_window,
        min_periods => $vol_min_periods,
        least => $leverage_min,
        most => 4.0,
        lag => ceil(cast($exec_lag as double) / $rebalance_every)
    )
),

regimes as (
    select
        r.date,
        lag(h.vol_regime, 1) over (order by h.date) as vol_regime,
        lag(h.trend_regime, 1) over (order by h.date) as trend_regime,
        r.date is not null as is_rebalance
    from regime_history_academic h
    left join rebalances r on r.date = h.date
),

shares as (
    select
        date,
        case trend_regime
            when 'bull' then case vol_regime when 'high_vol' then 0.7 else 1.0 end
            when 'neutral' then case vol_regime when 'low_vol' then 0.6 when 'normal_vol' then 0.5 else 0.3 end
            when 'bear' then case vol_regime when 'high_vol' then 0.0 else 0.3 end
            else 0.5
        end as w_long
    from regimes
    where is_rebalance
),

legs as (
    select
        l.date,
        l.leverage * l.ret as port_ret_long,
        s.leverage * s.ret as port_ret_ls,
        l.leverage as leverage_long,
        s.leverage as leverage_ls,
        coalesce(x.w_long, 0.5) as w_long,
        1 - coalesce(x.w_long, 0.5) as w_ls
    from long_leverage l
    join ls_leverage s on s.date = l.date
    left join shares x on x.date = l.date
),

blended as (
    select w.date, w.ticker, g.w_long * g.leverage_long * w.weight as weight, w.status
    from long_weights w
    join legs g on g.date = w.date
    union all
    select w.date, w.ticker, g.w_ls * g.leverage_ls * w.weight as weight, w.status
    from ls_weights w
    join legs g on g.date = w.date
)

select date, ticker, sum(weight) as weight, max(status) as status
from blended
group by date, ticker
order by date, ticker
