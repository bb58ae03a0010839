-- unknown_tickers: priced tickers that the security master does not list, and those that it lists more than once
-- (spec 05 §4.7, spec 01 §5.2 V12).
-- Severity: warning
-- After: raw
with listed as (
    select ticker, count(*) as n
    from raw.tickers
    where "table" = 'SEP'
    group by ticker
),

priced as (
    select distinct ticker from raw.sep
)

select p.ticker, coalesce(l.n, 0) as listings
from priced p
left join listed l on p.ticker = l.ticker
where l.n is null or l.n > 1
order by p.ticker
