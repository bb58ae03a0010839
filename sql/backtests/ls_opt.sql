-- ls_opt: the optimal long-short portfolio of the $top_n names with the highest and the $bottom_n with the lowest alpha
-- (spec 06 §2.7, §6.4).
-- Key: date, ticker.
-- Units: weight is a share of capital before leverage. Maximises expected return - risk - trading costs, neutral to the
-- market and to beta, within the limits on names, sectors and gross exposure.
-- Known: after the close of date; traded $exec_lag sessions later.
with candidates as (
    select * exclude (eligible), eligible and beta is not null as eligible
    from liquid_names
)

select *
from optimize_portfolio(
    (select date, ticker, alpha, volatility, sector, beta, eligible, period_return from candidates),
    daily_returns,
    direction => $alpha_direction,
    n_long => $top_n,
    n_short => $bottom_n,
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
order by date, ticker
