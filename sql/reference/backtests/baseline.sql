-- baseline: the $top_n names with the highest alpha, or the lowest by default, and short $bottom_n of the other
-- end, equally weighted (spec 06 §2.1).
-- Key: date, ticker.
-- Units: weight is a share of capital before the volatility scale.
-- Known: after the close of date, at which it is traded; rows without a future return are left out.
with candidates as (
    select *
    from rows
    where $regime_filter = '' or array_has(string_to_array($regime_filter, '|'), regime)
    qualify (dense_rank() over (order by date) - 1) % $rebalance_every = 0
)

select *
from construct_portfolio(
    (select date, ticker, alpha, eligible, period_return from candidates),
    signal => 'raw',
    direction => $alpha_direction,
    n_long => $top_n,
    n_short => $bottom_n,
    weighting => 'equal',
    book => case when $bottom_n > 0 then 'long_short' else 'long' end,
    gross => case when $bottom_n > 0 then 2.0 else 1.0 end,
    overlap => 'keep',
    ties => 'ticker',
    on_empty => $on_empty
)
order by date, ticker
