-- sep_base_academic (reference): all history of the tickers on today's list (spec 01 §2.6).
-- Key: ticker, date.
-- Units: as sep_base.
-- Known: prices after the close of date; membership only on the last date of the data (see universe).
create or replace table sep_base_academic as
select
    p.ticker,
    p.date,
    p.open,
    p.high,
    p.low,
    p.close,
    p.volume,
    p.closeadj,
    p.closeunadj,
    p.price,
    cast(null as double) as marketcap,
    true as in_universe
from universe u
join sep_base p on p.ticker = u.ticker
order by p.ticker, p.date
