-- security: one row per priced ticker.
-- Key: ticker. permaticker is the vendor's identity of the security across renames.
-- Known: today only. Category, exchange, sector and size are the latest ones, not those of a past date; what uses them
-- for a past date inherits that look-ahead (spec 01 §4.1 declares it for category and exchange).
-- The vendor lists a security once per product; the row of the price table wins.
create or replace table security as
with listings as (
    select
        *,
        row_number() over (
            partition by ticker
            order by
                case "table" when 'SEP' then 0 when 'SFP' then 1 else 2 end,
                lastupdated desc nulls last,
                permaticker
        ) as preference
    from raw.tickers
    where ticker is not null and ticker <> 'N/A'
)

select
    ticker,
    permaticker,
    name,
    exchange,
    category,
    sector,
    industry,
    scalemarketcap,
    isdelisted,
    relatedtickers,
    currency,
    location,
    firstpricedate,
    lastpricedate
from listings
where preference = 1
order by ticker
