-- feat_composite_academic: the short-horizon composite of trend, mean reversion, volume and institutions
-- (spec 04 §3.1).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: raw inputs as in their datasets, signed so that more is better (inst_raw is the flow of $inst_flow); z-scores
-- over the members of the date. alpha_composite_eq blends the first three, alpha_composite_v2 all four.
-- Known: after the close of date.
-- Role: signal.
-- trend_raw and meanrev_raw look at nearly the same month with opposite signs and mostly cancel (spec 04 D20).
create or replace table feat_composite_academic as
with inputs as (
    select
        b.ticker,
        b.date,
        b.in_universe,
        t.price_vs_sma_21 as trend_raw,
        -s.close_zscore_21d as meanrev_raw,
        v.vol_zscore_21d as vol_raw,
        case $inst_flow when 'shares' then i.inst_flow_shares_qoq else i.inst_flow_value_qoq end as inst_raw
    from sep_base_academic b
    left join feat_trend t on b.ticker = t.ticker and b.date = t.date
    left join feat_stat s on b.ticker = s.ticker and b.date = s.date
    left join feat_volume_volatility v on b.ticker = v.ticker and b.date = v.date
    left join feat_institutional_academic i on b.ticker = i.ticker and b.date = i.date
),

scored as (
    select
        *,
        winsorized_zscore(case when in_universe then trend_raw end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as trend_z,
        winsorized_zscore(case when in_universe then meanrev_raw end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as meanrev_z,
        winsorized_zscore(case when in_universe then vol_raw end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as vol_z,
        winsorized_zscore(case when in_universe then inst_raw end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as inst_z
    from inputs
    window d as (partition by date)
)

select
    ticker,
    date,
    trend_raw,
    meanrev_raw,
    vol_raw,
    inst_raw,
    trend_z,
    meanrev_z,
    vol_z,
    inst_z,
    blend('renorm', $cs_trend_weight, trend_z, $cs_meanrev_weight, meanrev_z, $cs_vol_weight, vol_z)
        as alpha_composite_eq,
    blend(
        'renorm',
        $cs_trend_weight, trend_z, $cs_meanrev_weight, meanrev_z, $cs_vol_weight, vol_z, $cs_inst_weight, inst_z
    ) as alpha_composite_v2
from scored
order by ticker, date
