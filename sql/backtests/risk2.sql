-- risk2: the $top_n names with the highest alpha, weighted by it, with limits on names and sectors (spec 06 §2.3).
-- Key: date, ticker.
-- Units: weight is a share of capital before leverage; a sector may have $sector_multiple times its share of the names.
-- Known: after the close of date; traded $exec_lag sessions later.
with candidates as (
    select *, in_universe and alpha is not null and sector is not null as eligible
    from names
)

select *
from construct_portfolio(
    (select date, ticker, alpha, sector, eligible, period_return from candidates),
    direction => $alpha_direction,
    n_long => $top_n,
    weighting => 'alpha',
    name_cap => $name_cap,
    sector_multiple => $sector_multiple,
    on_empty => $on_empty
)
order by date, ticker
