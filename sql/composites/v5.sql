-- feat_composite_v5: value, momentum, reversal, quality and insiders (spec 04 §3.11, D14).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: alpha_composite_v5 is a z-score over the members of the date of the weighted mean of their z-scores, NULL with
-- fewer than $min_components of them; $blend_missing says what becomes of the weight of a missing one.
-- alpha_composite_v5_regime scales it by the multiplier of the date's regime (1 without a label): the order of names is
-- the same, the exposure is not.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v5 as
with components as (
    select
        b.ticker,
        b.date,
        b.in_universe,
        v.value_quality_adj as value_z,
        winsorized_zscore(case when b.in_universe then m.mom_12_1 end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as momentum_z,
        winsorized_zscore(case when b.in_universe then m.reversal_1m end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group)
            over d as reversal_z,
        q.quality_composite_z as quality_z,
        i.insider_composite_z as insider_z
    from sep_base_academic b
    left join feat_value_v2 v on b.ticker = v.ticker and b.date = v.date
    left join feat_momentum_v2 m on b.ticker = m.ticker and b.date = m.date
    left join feat_quality_v2 q on b.ticker = q.ticker and b.date = q.date
    left join feat_insider i on b.ticker = i.ticker and b.date = i.date
    window d as (partition by b.date)
),

blended as (
    select
        ticker,
        date,
        case
            when in_universe
                and cast(value_z is not null as int) + cast(momentum_z is not null as int)
                + cast(reversal_z is not null as int) + cast(quality_z is not null as int)
                + cast(insider_z is not null as int) >= $min_components
                then blend(
                    $blend_missing,
                    $v5_value_weight, value_z,
                    $v5_momentum_weight, momentum_z,
                    $v5_reversal_weight, reversal_z,
                    $v5_quality_weight, quality_z,
                    $v5_insider_weight, insider_z
                )
        end as alpha
    from components
),

scored as (
    select ticker, date, zscore(alpha, $z_clip) over (partition by date) as alpha
    from blended
),

multipliers as (
    select h.date, w.v5_multiplier as multiplier
    from regime_history_academic h
    join regime_weights w
        on w.regime = h.regime and h.date >= w.valid_from and (w.valid_to is null or h.date < w.valid_to)
)

select
    s.ticker,
    s.date,
    s.alpha as alpha_composite_v5,
    s.alpha * coalesce(m.multiplier, 1) as alpha_composite_v5_regime
from scored s
left join multipliers m on s.date = m.date
order by ticker, date
