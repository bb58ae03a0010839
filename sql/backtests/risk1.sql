-- risk1: the $top_n names with the highest alpha, equally weighted, at a target volatility (spec 06 §2.2).
-- Key: date, ticker.
-- Units: weight is a share of capital before leverage.
-- Known: after the close of date; traded $exec_lag sessions later.
with candidates as (
    select *, in_universe and alpha is not null as eligible
    from names
)

select *
from construct_portfolio(
    (select date, ticker, alpha, eligible, period_return from candidates),
    direction => $alpha_direction,
    n_long => $top_n,
    weighting => 'equal',
    on_empty => $on_empty
)
order by date, ticker
