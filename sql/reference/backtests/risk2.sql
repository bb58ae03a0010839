-- risk2: the $top_n names with the highest alpha, weighted by it; caps in one pass (spec 06 §2.3).
-- Key: date, ticker.
-- Units: weight is a share of capital before the volatility scale.
-- Known: after the close of date, at which it is traded; rows without a future return are left out.
with candidates as (
    select *
    from rows
    where sector is not null
    qualify (dense_rank() over (order by date) - 1) % $rebalance_every = 0
)

select *
from construct_portfolio(
    (select date, ticker, alpha, sector, eligible, period_return from candidates),
    n_long => $top_n,
    weighting => 'alpha',
    name_cap => $name_cap,
    sector_multiple => $sector_multiple,
    caps => 'single_pass',
    ties => 'ticker',
    on_empty => $on_empty
)
order by date, ticker
