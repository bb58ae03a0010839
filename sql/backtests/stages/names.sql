-- names: the names of each rebalance, with what is known of them and what they will earn. Strategies choose from these.
-- Key: date, ticker. All names that can be held; those without a row in signals on date only be kept or sold.
-- Units: period_return as holding_returns, or $target where $return_source is 'target'. in_universe says which names are
-- members on date; adv_20 in USD per day; volatility per day.
-- Known: after the close of date, but for period_return.
select
    h.date,
    h.ticker,
    s.alpha,
    s.beta,
    s.volatility,
    s.adv_20,
    s.sector,
    s.regime,
    coalesce(s.in_universe, false) as in_universe,
    case $return_source when 'target' then s.target else h.period_return end as period_return
from holding_returns h
left join signals s on s.date = h.date and s.ticker = h.ticker
order by h.date, h.ticker
