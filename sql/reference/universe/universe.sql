-- universe (reference): the static list of today's liquid, listed stocks (spec 01 §2.5).
-- Key: ticker.
-- Units: adv_60d in USD per day over the last $adv_days calendar days (not 60 sessions), last_close in USD per share.
-- Known: on the last date of the data only, yet applied to all history: survivorship and look-ahead, kept to reproduce
-- the reference's numbers.
create or replace table universe as
with prices as (
    select ticker, date, close, volume
    from sep_base
),

last_date as (
    select max(date) as date from prices
),

liquidity as (
    select p.ticker, avg(p.close * p.volume) as adv_60d
    from prices p
    cross join last_date d
    where p.date >= d.date - $adv_days
    group by p.ticker
),

-- A ticker's own last date, which may be older than the last date of the data.
last_prices as (
    select ticker, last_value(close order by date) as last_close
    from prices
    group by ticker
),

-- A ticker passes if any of its listings does; it is listed once.
listings as (
    select
        ticker,
        name,
        exchange,
        category,
        scalemarketcap,
        isdelisted,
        row_number() over (partition by ticker order by "table" = 'SEP' desc, "table", permaticker) as preference
    from raw.tickers
    where array_has(string_to_array($universe_categories, '|'), category)
        and array_has(string_to_array($universe_exchanges, '|'), exchange)
        and array_has(string_to_array($universe_sizes, '|'), scalemarketcap)
        and (isdelisted is null or isdelisted in ('N', '0', 'False', 'FALSE'))
)

select
    k.ticker,
    k.name,
    k.exchange,
    k.category,
    k.scalemarketcap,
    k.isdelisted,
    a.adv_60d,
    c.last_close
from listings k
join liquidity a on k.ticker = a.ticker
join last_prices c on k.ticker = c.ticker
where k.preference = 1
    and a.adv_60d >= $min_adv
    and c.last_close >= $min_price
order by k.ticker
