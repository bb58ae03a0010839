-- sf1_asof: which filing each session sees (spec 03 §1.6 and §4).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: in_universe and marketcap as in sep_base_academic; arq_datekey, art_datekey and ary_datekey name the latest
-- row of sf1_pit in their dimension, NULL before the first filing and when the latest is more than $max_staleness_days
-- old.
-- Known: after the close of date. A filing counts from the first session at least $avail_lag days after it.
-- This is the only place where filings meet sessions: a fundamental feature looks its filing up by ticker and datekey.
create or replace table sf1_asof as
with events as (
    select ticker, date, true as is_session, in_universe, marketcap, null as arq, null as art, null as ary
    from sep_base_academic
    union all
    select
        ticker,
        datekey + $avail_lag as date,
        false as is_session,
        null as in_universe,
        null as marketcap,
        case dimension when 'ARQ' then cast(datekey as int) end as arq,
        case dimension when 'ART' then cast(datekey as int) end as art,
        case dimension when 'ARY' then cast(datekey as int) end as ary
    from sf1_pit
),

-- A filing comes before the session of its first day.
latest as (
    select
        ticker,
        date,
        is_session,
        in_universe,
        marketcap,
        cast(date as int) - $max_staleness_days as oldest,
        forward_fill(arq) over w as arq,
        forward_fill(art) over w as art,
        forward_fill(ary) over w as ary
    from events
    window w as (partition by ticker order by date, is_session)
)

select
    ticker,
    date,
    in_universe,
    marketcap,
    case when arq >= oldest then cast(cast(arq as int) as date) end as arq_datekey,
    case when art >= oldest then cast(cast(art as int) as date) end as art_datekey,
    case when ary >= oldest then cast(cast(ary as int) as date) end as ary_datekey
from latest
where is_session
order by ticker, date
