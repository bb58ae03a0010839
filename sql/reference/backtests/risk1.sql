-- risk1: the $top_n names with the highest alpha, equally weighted (spec 06 §2.2).
-- Key: date, ticker.
-- Units: weight is a share of capital before the volatility scale.
-- Known: after the close of date, at which it is traded; rows without a future return are left out.
with candidates as (
    select *
    from rows
    qualify (dense_rank() over (order by date) - 1) % $rebalance_every = 0
)

select *
from construct_portfolio(
    (select date, ticker, alpha, eligible, period_return from candidates),
    n_long => $top_n,
    weighting => 'equal',
    ties => 'ticker',
    on_empty => $on_empty
)
order by date, ticker
