-- risk4: as risk3 with turnover control, on the second matrix (spec 06 §2.5). Names that leave are sold at once
-- and their weight stays in cash.
-- Key: date, ticker.
-- Units: weight is a share of capital before the volatility scale.
-- Known: after the close of date, at which it is traded; rows without a future return are left out.
with candidates as (
    select *
    from rows_v2
    where sector is not null
        and volatility is not null
        and adv_20 >= $backtest_min_adv
    qualify (dense_rank() over (order by date) - 1) % $rebalance_every = 0
)

select *
from construct_portfolio(
    (select date, ticker, alpha, volatility, sector, eligible, period_return from candidates),
    n_long => $top_n,
    weighting => 'alpha_over_volatility',
    name_cap => $name_cap,
    sector_multiple => $sector_multiple,
    caps => 'single_pass',
    turnover => 'restrict',
    turnover_lambda => $turnover_lambda,
    turnover_cap => $turnover_cap,
    ties => 'ticker',
    on_empty => $on_empty
)
order by date, ticker
