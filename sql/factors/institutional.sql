-- feat_institutional_academic: institutional holdings and their change over a quarter (spec 03 §2.5; Gompers and
-- Metrick 2001).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: inst_value and inst_shares as the vendor's, inst_num in holders, all over $holdings_types; flows are simple
-- rates from the quarter before, NULL if that one is missing. inst_flow_value_qoq moves with the price,
-- inst_flow_shares_qoq does not.
-- Known: form 13F is due $holdings_delay days after the quarter, so a quarter counts from the first session at least
-- $avail_lag days later, until it is more than $holdings_max_age days old.
create or replace table feat_institutional_academic as
with holdings as (
    select
        ticker,
        cast(date_part('year', calendardate) * 4 + date_part('quarter', calendardate) as int) as quarter,
        max(calendardate) as report_date,
        sum(finite(value)) as inst_value,
        sum(finite(units)) as inst_shares,
        count(distinct investorname) as inst_num
    from raw.sf3
    where array_has(string_to_array($holdings_types, '|'), securitytype)
    group by 1, 2
),

before as (
    select
        *,
        -- A flow over a quarter without data would be a flow over two.
        quarter - lag(quarter) over w <= $holdings_max_gap as is_next,
        lag(inst_value) over w as value_before,
        lag(inst_shares) over w as shares_before,
        lag(inst_num) over w as num_before
    from holdings
    window w as (partition by ticker order by quarter)
),

flows as (
    select
        ticker,
        report_date,
        inst_value,
        inst_shares,
        inst_num,
        case when is_next then safe_div(inst_value - value_before, value_before) end as inst_flow_value_qoq,
        case when is_next then safe_div(inst_shares - shares_before, shares_before) end as inst_flow_shares_qoq,
        case when is_next then inst_num - num_before end as inst_num_change
    from before
),

events as (
    select ticker, date, true as is_session, null as report_date
    from sep_base_academic
    union all
    select
        ticker,
        report_date + ($holdings_delay + $avail_lag) as date,
        false as is_session,
        cast(report_date as int) as report_date
    from flows
),

-- A quarter comes before the session of its first day.
latest as (
    select
        ticker,
        date,
        is_session,
        forward_fill(report_date) over w as report_date
    from events
    window w as (partition by ticker order by date, is_session)
),

visible as (
    select
        ticker,
        date,
        case
            when cast(date as int) - report_date <= $holdings_max_age then cast(cast(report_date as int) as date)
        end as report_date
    from latest
    where is_session
)

select
    v.ticker,
    v.date,
    f.inst_value,
    f.inst_shares,
    f.inst_num,
    f.inst_flow_value_qoq,
    f.inst_flow_shares_qoq,
    f.inst_num_change
from visible v
left join flows f on v.ticker = f.ticker and v.report_date = f.report_date
order by v.ticker, v.date
