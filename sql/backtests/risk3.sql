-- risk3: as risk2, weighted by alpha over volatility among liquid names (spec 06 §2.4).
-- Key: date, ticker.
-- Units: weight is a share of capital before leverage.
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
    on_empty => $on_empty
)
order by date, ticker
