-- baseline: the $top_n names with the highest alpha, equally weighted; with $bottom_n also short the lowest (spec 06 §2.1).
-- Key: date, ticker.
-- Units: weight is a share of capital; with a short leg both legs are 100 %. $regime_filter, a list of regimes separated
-- by |, keeps the capital in cash on other dates.
-- Known: after the close of date; traded $exec_lag sessions later.
with candidates as (
    select
        *,
        in_universe
            and alpha is not null
            and ($regime_filter = '' or array_has(string_to_array($regime_filter, '|'), regime)) as eligible
    from names
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
    on_empty => case when $regime_filter = '' then $on_empty else 'cash' end
)
order by date, ticker
