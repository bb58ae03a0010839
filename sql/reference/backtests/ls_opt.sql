-- ls_opt: the solution of the unconstrained problem, clipped and made neutral (spec 06 §2.7, research): 90 days of
-- prices, at least 30 returns.
-- Key: date, ticker.
-- Units: weight is a share of capital before the volatility scale.
-- Known: after the close of date, at which it is traded; rows without a future return are left out.
with candidates as (
    select *
    from rows
    where beta is not null
        and sector is not null
        and volatility is not null
        and adv_20 >= $backtest_min_adv
    qualify (dense_rank() over (order by date) - 1) % $rebalance_every = 0
)

select *
from optimize_portfolio(
    (select date, ticker, alpha, volatility, sector, beta, eligible, period_return from candidates),
    daily_returns,
    method => 'kkt_clip',
    n_long => $top_n,
    n_short => $bottom_n,
    cov_window => $cov_window,
    shrinkage => $shrinkage,
    risk_aversion => $risk_aversion,
    name_cap => $name_cap,
    sector_multiple => $sector_multiple,
    lookback_days => 90,
    min_rows => 30
)
order by date, ticker
