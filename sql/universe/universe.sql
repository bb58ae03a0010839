-- universe: which securities are members on each date, and why the others are not (spec 01 §4.1).
-- Key: ticker, date. One row per row of sep_base, members and candidates alike.
-- Units: adv_60 in USD per day, price_unadj in USD per share, marketcap in USD millions.
-- Known: after the close of date, so membership guides decisions for the next session. Whether a security was delisted
-- later plays no part. Category and exchange are the latest ones the vendor has.
-- reasons lists every criterion that fails, separated by commas; it is empty for members.
create or replace table universe as
with sessions as (
    select
        date,
        cast(row_number() over (order by date) as bigint) as session
    from (select distinct date from sep_base)
),

-- Prices and market capitalisations in one stream, so that the latest capitalisation on or before a date is a running
-- last value. A capitalisation of the same date comes first: it is known after the same close.
events as (
    select ticker, date, 1 as is_price, closeunadj, close * volume as dollar_volume, null as marketcap
    from sep_base
    union all
    select ticker, date, 0 as is_price, null, null, finite(marketcap) as marketcap
    from raw.daily
    where finite(marketcap) is not null
),

valued as (
    select
        ticker,
        date,
        is_price,
        closeunadj,
        dollar_volume,
        forward_fill(marketcap) over w as marketcap,
        cast(date as int)
            - forward_fill(case when marketcap is not null then cast(date as int) end) over w as marketcap_age
    from events
    window w as (partition by ticker order by date, is_price)
),

candidates as (
    select
        v.ticker,
        v.date,
        s.session,
        v.closeunadj,
        v.dollar_volume,
        case when v.marketcap_age <= $marketcap_max_age then v.marketcap end as marketcap
    from sessions s
    join valued v on v.date = s.date
    where v.is_price = 1
),

-- Windows over sessions of the market, not over rows: a session without a row counts as a day without trading, from
-- the first row on.
traded as (
    select
        *,
        coalesce(rolling_sum_by(dollar_volume, session, $adv_sessions) over w, 0)
            / least($adv_sessions, session - first_value(session) over w + 1) as adv_60,
        coalesce(
            rolling_sum_by(case when dollar_volume is not null then 1 end, session, $adv_sessions) over w, 0
        ) as observations
    from candidates
    window w as (partition by ticker order by date)
),

judged as (
    select
        t.ticker,
        t.date,
        k.permaticker,
        t.adv_60,
        t.observations,
        t.closeunadj as price_unadj,
        t.marketcap,
        concat_ws(
            ',',
            case when k.ticker is null then 'security' end,
            case
                when t.date < k.firstpricedate or t.date > k.lastpricedate then 'listing'
            end,
            case
                when array_has(string_to_array($universe_categories, '|'), k.category) then null
                else 'category'
            end,
            case
                when array_has(string_to_array($universe_exchanges, '|'), k.exchange) then null
                else 'exchange'
            end,
            case when t.closeunadj >= $min_price then null else 'price' end,
            case when t.observations >= $adv_min_observations then null else 'history' end,
            case when t.adv_60 >= $min_adv then null else 'liquidity' end,
            case when t.marketcap >= $min_marketcap then null else 'size' end
        ) as reasons
    from traded t
    left join security k on t.ticker = k.ticker
)

select
    ticker,
    date,
    permaticker,
    reasons = '' as in_universe,
    reasons,
    adv_60,
    cast(observations as bigint) as observations,
    price_unadj,
    marketcap
from judged
order by ticker, date
