-- listing_dates: prices before a security's first or after its last price date (spec 01 §5.2 V12).
-- Severity: warning
-- After: raw
with listings as (
    select ticker, min(firstpricedate) as first, max(lastpricedate) as last
    from raw.tickers
    where "table" = 'SEP'
    group by ticker
),

priced as (
    select ticker, min(date) as first, max(date) as last
    from raw.sep
    group by ticker
)

select p.ticker, p.first as first_price, l.first as listed, p.last as last_price, l.last as delisted
from priced p
join listings l on p.ticker = l.ticker
where p.first < l.first or p.last > l.last
order by p.ticker
