-- tickers, as known after the close of $as_of: securities listed by then, none of them delisted later.
-- The vendor keeps the latest row only. What cannot be known from it is left as it is where the design declares the
-- look-ahead (category, exchange, sector, industry, spec 01 §4.1), and missing where it does not (the size class is that
-- of the largest capitalisation ever).
select
    * except (isdelisted, scalemarketcap, scalerevenue, lastpricedate, lastquarter),
    case when lastpricedate <= $as_of then isdelisted else 'N' end as isdelisted,
    cast(null as varchar) as scalemarketcap,
    cast(null as varchar) as scalerevenue,
    least(lastpricedate, $as_of) as lastpricedate,
    case when lastquarter < $as_of then lastquarter end as lastquarter
from raw.tickers
where firstpricedate <= $as_of or firstpricedate is null
