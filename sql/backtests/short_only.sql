-- short_only: short the $bottom_n names with the lowest alpha, equally weighted (spec 06 §2.9): what the short side of a
-- signal earns on its own.
-- Key: date, ticker.
-- Units: weight is a share of capital, -100 % in all.
-- Known: after the close of date; traded $exec_lag sessions later.
with candidates as (
    select *, in_universe and alpha is not null and adv_20 >= $backtest_min_adv as eligible
    from names
)

select *
from construct_portfolio(
    (select date, ticker, alpha, eligible, period_return from candidates),
    signal => 'raw',
    direction => $alpha_direction,
    n_short => $bottom_n,
    weighting => 'equal',
    book => 'short',
    on_empty => $on_empty
)
order by date, ticker
