-- feat_composite_long (reference): the long-horizon composite, first version (spec 04 §3.2).
-- Key: ticker, date. One row per row of sep_base_academic from the ticker's first report on.
-- Units: ratios as the vendor's; growth from the report before, whichever quarter that was, over its signed value;
-- quality_raw and growth_raw are means of ratios of different scale; z-scores over the rows of the date, unbounded.
-- Known: restated figures (MRQ) count $holdings_delay days after the period's end and never expire: look-ahead.
-- Role: signal.
create or replace table feat_composite_long as
with reports as (
    select
        ticker,
        datekey + $holdings_delay as effective,
        roe,
        roa,
        grossmargin,
        netmargin,
        safe_div(revenue - lag(revenue, 1) over w, lag(revenue, 1) over w) as revenue_growth_qoq,
        safe_div(netinc - lag(netinc, 1) over w, lag(netinc, 1) over w) as netinc_growth_qoq
    from raw.sf1
    where dimension = 'MRQ' and datekey is not null
    window w as (partition by ticker order by datekey)
),

events as (
    select ticker, date, true as is_session, null as effective
    from sep_base_academic
    union all
    select ticker, effective as date, false as is_session, cast(effective as int) as effective
    from reports
),

latest as (
    select ticker, date, is_session, forward_fill(effective) over w as effective
    from events
    window w as (partition by ticker order by date, is_session)
),

visible as (
    select ticker, date, cast(cast(effective as int) as date) as effective
    from latest
    where is_session and effective is not null
),

inputs as (
    select
        v.ticker,
        v.date,
        r.roe,
        r.roa,
        r.grossmargin,
        r.netmargin,
        r.revenue_growth_qoq,
        r.netinc_growth_qoq,
        i.inst_flow_value_qoq,
        mean_of(r.roe, r.roa, r.grossmargin, r.netmargin) as quality_raw,
        mean_of(r.revenue_growth_qoq, r.netinc_growth_qoq) as growth_raw,
        i.inst_flow_value_qoq as inst_raw
    from visible v
    join reports r on v.ticker = r.ticker and v.effective = r.effective
    left join feat_institutional_academic i on v.ticker = i.ticker and v.date = i.date
),

scored as (
    select
        *,
        zscore(quality_raw, null, 'reference') over d as quality_z,
        zscore(growth_raw, null, 'reference') over d as growth_z,
        zscore(inst_raw, null, 'reference') over d as inst_z
    from inputs
    window d as (partition by date)
)

select *, mean_of(quality_z, growth_z, inst_z) as "alpha_CL"
from scored
order by ticker, date
