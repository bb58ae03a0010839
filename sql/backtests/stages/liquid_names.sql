-- liquid_names: names, with the ones that a portfolio can be made of: members with a signal, a sector and a volatility that
-- trade enough.
-- Key: date, ticker. The rows of names.
-- Units: eligible says which may be traded into; $backtest_min_adv in USD per day.
-- Known: as names.
select
    *,
    in_universe
        and alpha is not null
        and sector is not null
        and volatility > 0
        and adv_20 >= $backtest_min_adv as eligible
from names
order by date, ticker
