-- ls: long the $top_n names with the highest alpha, short the $bottom_n with the lowest, neutral to the market (spec 06
-- §2.6, §6.5).
-- Key: date, ticker.
-- Units: weight is a share of capital before leverage, each leg at most 50 %. Weights sum to 0, and so do weights times
-- beta; limits on names and sectors hold at the same time.
-- Known: after the close of date; traded $exec_lag sessions later.
with candidates as (
    select * exclude (eligible), eligible and beta is not null as eligible
    from liquid_names
)

select *
from construct_portfolio(
    (select date, ticker, alpha, volatility, sector, beta, eligible, period_return from candidates),
    direction => $alpha_direction,
    n_long => $top_n,
    n_short => $bottom_n,
    weighting => 'alpha_over_volatility',
    name_cap => $name_cap,
    sector_multiple => $sector_multiple,
    book => 'long_short',
    gross => 1.0,
    neutralize => 'projection',
    on_empty => $on_empty
)
order by date, ticker
