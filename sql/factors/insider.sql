-- feat_insider: open-market purchases and sales by insiders (spec 03 §2.4; Lakonishok and Lee 2001).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: values in USD and numbers of transactions over the last $insider_lookback rows of the ticker, 0 without any,
-- NULL before the first filing in the data; net_buy_signal is the sign of the net value. insider_composite_z is the
-- z-score of its logarithm with sign over the members of the date. Names say 30d whatever the window is.
-- Known: from the first session at least $avail_lag days after the filing. Purchases and sales are transaction codes P
-- and S with a security code in $insider_buy_codes and $insider_sell_codes; amended filings do not count twice.
create or replace table feat_insider as
with trades as (
    select
        ticker,
        filingdate + $avail_lag as date,
        transactioncode,
        -- Whole cents add up without rounding, so that equal purchases and sales are a net of exactly 0.
        round(abs(finite(transactionvalue)) * 100) as cents
    from raw.sf2
    where finite(transactionvalue) is not null
        and formtype not like 'RESTATED%'
        and (
            transactioncode = 'P'
                and array_has(string_to_array($insider_buy_codes, '|'), coalesce(securityadcode, ''))
            or transactioncode = 'S'
                and array_has(string_to_array($insider_sell_codes, '|'), coalesce(securityadcode, ''))
        )
),

first_filing as (
    select min(filingdate) as date
    from raw.sf2
),

events as (
    select
        ticker,
        date,
        true as is_session,
        row_number() over (partition by ticker order by date) as session,
        in_universe,
        null as buy_value,
        null as sell_value,
        null as buy_count,
        null as sell_count
    from sep_base_academic
    union all
    select
        ticker,
        date,
        false as is_session,
        null as session,
        null as in_universe,
        sum(cents) filter (where transactioncode = 'P') as buy_value,
        sum(cents) filter (where transactioncode = 'S') as sell_value,
        count(*) filter (where transactioncode = 'P') as buy_count,
        count(*) filter (where transactioncode = 'S') as sell_count
    from trades
    group by ticker, date
),

-- A filing comes before the session of its first day and counts as if made on it. Without any transaction the sums are
-- nothing, which is 0 only where the data could hold one.
numbered as (
    select
        *,
        coalesce(session, coalesce(forward_fill(session) over w, 0) + 1) as row,
        case when date >= (select date from first_filing) then 0.0 end as nothing
    from events
    window w as (partition by ticker order by date, is_session)
),

windows as (
    select
        ticker,
        date,
        is_session,
        in_universe,
        coalesce(rolling_sum_by(buy_value, row, $insider_lookback) over w / 100, nothing) as buy_value_30d,
        coalesce(rolling_sum_by(sell_value, row, $insider_lookback) over w / 100, nothing) as sell_value_30d,
        coalesce(rolling_sum_by(buy_count, row, $insider_lookback) over w, nothing) as buy_count_30d,
        coalesce(rolling_sum_by(sell_count, row, $insider_lookback) over w, nothing) as sell_count_30d
    from numbered
    window w as (partition by ticker order by date, is_session)
),

net as (
    select *, buy_value_30d - sell_value_30d as net_buy_value_30d
    from windows
    where is_session
)

select
    ticker,
    date,
    buy_value_30d,
    sell_value_30d,
    net_buy_value_30d,
    buy_count_30d,
    sell_count_30d,
    signum(net_buy_value_30d) as net_buy_signal,
    winsorized_zscore(
        case when in_universe then symlog1p(net_buy_value_30d) end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group
    ) over (partition by date) as insider_composite_z
from net
order by ticker, date
