-- sep_base_academic: the prices that features are computed from.
-- Key: ticker, date. All rows of sep_base for tickers that were ever members of the universe, so that windows reach back
-- before membership; in_universe says on which rows the ticker is a member, and cross-sections use those only.
-- Units: as sep_base; marketcap in USD millions, the latest one known on the date.
-- Known: after the close of date.
create or replace table sep_base_academic as
with membership as (
    select
        ticker,
        date,
        in_universe,
        marketcap,
        bool_or(in_universe) over (partition by ticker) as ever_member
    from universe
)

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
    m.marketcap,
    m.in_universe
from sep_base p
join membership m on p.ticker = m.ticker and p.date = m.date
where m.ever_member
order by p.ticker, p.date
