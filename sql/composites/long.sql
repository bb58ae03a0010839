-- feat_composite_long: the long-horizon composite of quality, growth and institutions, first version
-- (spec 04 §3.2, D16).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: roe, roa, grossmargin and netmargin of the latest quarter (ARQ) as shares; revenue_growth_qoq and
-- netinc_growth_qoq are changes from the quarter before over its size, NULL without that quarter. quality_raw is the
-- mean of the z-scores of the four ratios, growth_raw is growth_z of feat_growth_v2 (growth over a year has no season),
-- inst_raw the flow of $inst_flow; quality_z, growth_z and inst_z are their z-scores over the members of the date.
-- Known: filings as in sf1_asof, holdings as in feat_institutional_academic.
-- Role: signal.
create or replace table feat_composite_long as
with quarters as (
    select
        ticker,
        datekey,
        cast(date_part('year', calendardate) * 4 + date_part('quarter', calendardate) as int) as quarter,
        finite(revenue) as revenue,
        finite(netinc) as netinc,
        case when equity > 0 then safe_div(netinc, equity) end as roe,
        case when assets > 0 then safe_div(netinc, assets) end as roa,
        finite(grossmargin) as grossmargin,
        finite(netmargin) as netmargin
    from sf1_pit
    where dimension = 'ARQ'
),

-- The quarter before as it was known when the filing was made.
compared as (
    select
        q.ticker,
        q.datekey,
        safe_div(q.revenue - p.revenue, abs(p.revenue)) as revenue_growth_qoq,
        safe_div(q.netinc - p.netinc, abs(p.netinc)) as netinc_growth_qoq
    from quarters q
    join quarters p on q.ticker = p.ticker and q.quarter = p.quarter + 1
    where p.datekey <= q.datekey
    qualify row_number() over (partition by q.ticker, q.datekey order by p.datekey desc) = 1
),

filings as (
    select q.*, c.revenue_growth_qoq, c.netinc_growth_qoq
    from quarters q
    left join compared c on q.ticker = c.ticker and q.datekey = c.datekey
),

inputs as (
    select
        a.ticker,
        a.date,
        a.in_universe,
        f.roe,
        f.roa,
        f.grossmargin,
        f.netmargin,
        f.revenue_growth_qoq,
        f.netinc_growth_qoq,
        i.inst_flow_value_qoq,
        g.growth_z as growth_raw,
        case $inst_flow when 'shares' then i.inst_flow_shares_qoq else i.inst_flow_value_qoq end as inst_raw
    from sf1_asof a
    left join filings f on a.ticker = f.ticker and a.arq_datekey = f.datekey
    left join feat_growth_v2 g on a.ticker = g.ticker and a.date = g.date
    left join feat_institutional_academic i on a.ticker = i.ticker and a.date = i.date
),

ratios as (
    select
        *,
        mean_of(
            winsorized_zscore(case when in_universe then roe end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d,
            winsorized_zscore(case when in_universe then roa end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d,
            winsorized_zscore(case when in_universe then grossmargin end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group)
                over d,
            winsorized_zscore(case when in_universe then netmargin end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
        ) as quality_raw
    from inputs
    window d as (partition by date)
),

scored as (
    select
        *,
        winsorized_zscore(quality_raw, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d as quality_z,
        winsorized_zscore(growth_raw, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d as growth_z,
        winsorized_zscore(case when in_universe then inst_raw end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as inst_z
    from ratios
    window d as (partition by date)
)

select
    ticker,
    date,
    roe,
    roa,
    grossmargin,
    netmargin,
    revenue_growth_qoq,
    netinc_growth_qoq,
    inst_flow_value_qoq,
    quality_raw,
    growth_raw,
    inst_raw,
    quality_z,
    growth_z,
    inst_z,
    blend('renorm', $cl_quality_weight, quality_z, $cl_growth_weight, growth_z, $cl_inst_weight, inst_z) as "alpha_CL"
from scored
order by ticker, date
