-- tickers, as known after the close of $as_of: securities listed by then, none of them delisted later, in the size class
-- of their largest market capitalisation up to then.
-- The vendor keeps the latest row only. Category, exchange, sector and industry are left as they are: a look-ahead that the
-- design declares (spec 01 §4.1) and that no data can show.
with largest as (
    select ticker, max(finite(marketcap)) as marketcap
    from raw.daily
    where date <= $as_of
    group by ticker
)

select
    t.* except (isdelisted, scalemarketcap, scalerevenue, lastpricedate, lastquarter),
    case when t.lastpricedate <= $as_of then t.isdelisted else 'N' end as isdelisted,
    case
        when l.marketcap < 50 then '1 - Nano'
        when l.marketcap < 300 then '2 - Micro'
        when l.marketcap < 2000 then '3 - Small'
        when l.marketcap < 10000 then '4 - Mid'
        when l.marketcap < 200000 then '5 - Large'
        when l.marketcap >= 200000 then '6 - Mega'
    end as scalemarketcap,
    cast(null as varchar) as scalerevenue,
    least(t.lastpricedate, $as_of) as lastpricedate,
    case when t.lastquarter < $as_of then t.lastquarter end as lastquarter
from raw.tickers t
left join largest l on t.ticker = l.ticker
where t.firstpricedate <= $as_of or t.firstpricedate is null
