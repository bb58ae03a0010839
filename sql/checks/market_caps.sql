-- market_caps: years in which the market capitalisations of daily (USD millions) and of filings (USD) are more than 20 %
-- apart for more than 5 % of the filings: a confusion of units (spec 01 §5.2 V10).
-- Severity: critical
with pairs as (
    select f.datekey, d.marketcap * 1e6 / f.marketcap as ratio
    from raw.sf1 f
    join raw.daily d on f.ticker = d.ticker and f.datekey = d.date
    where f.dimension like 'AR%' and f.marketcap > 0 and d.marketcap > 0
)

select
    date_part('year', datekey) as year,
    count(*) as filings,
    avg(case when abs(ratio - 1) > 0.2 then 1.0 else 0.0 end) as share_apart
from pairs
group by 1
having count(*) >= 20 and avg(case when abs(ratio - 1) > 0.2 then 1.0 else 0.0 end) > 0.05
order by year
