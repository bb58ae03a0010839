-- risk4: as risk3, with limited turnover: each date goes $turnover_lambda of the way to its target (spec 06 §2.5, §6.2).
-- Key: date, ticker.
-- Units: weight is a share of capital before leverage; $turnover_cap is one-way, a share of capital per rebalance.
-- Known: after the close of date; traded $exec_lag sessions later.
with candidates as (
    select *
    from liquid_names
)

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
    turnover_cap => $turnover_cap,
    on_empty => $on_empty
)
order by date, ticker
