-- feat_composite_v6: quality, reversal, momentum and value, with room for insiders (spec 04 §3.12, D14, D27).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: alpha_composite_v6 is a z-score over the members of the date of the weighted mean of their z-scores, NULL with
-- fewer than $min_components of them; $blend_missing says what becomes of the weight of a missing one.
-- Momentum is mom_12_1 alone: the momentum composite would count reversal twice.
-- alpha_composite_v6_regime scales it by the multiplier of the date's regime (1 without a label): the order of names is
-- the same, the exposure is not.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v6 as
with components as (
    select
        b.ticker,
        b.date,
        b.in_universe,
        q.quality_composite_z as quality_z,
        winsorized_zscore(case when b.in_universe then m.reversal_1m end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group)
            over d as reversal_z,
        winsorized_zscore(case when b.in_universe then m.mom_12_1 end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as momentum_z,
        v.value_composite_z as value_z,
        case when $v6_insider_weight <> 0 then i.insider_composite_z end as insider_z
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
                    $v6_quality_weight, quality_z,
                    $v6_reversal_weight, reversal_z,
                    $v6_momentum_weight, momentum_z,
                    $v6_value_weight, value_z,
                    $v6_insider_weight, insider_z
                )
        end as alpha
    from components
),

scored as (
    select ticker, date, zscore(alpha, $z_clip) over (partition by date) as alpha
    from blended
),

multipliers as (
    select h.date, w.v6_multiplier as multiplier
    from regime_history_academic h
    join regime_weights w
        on w.regime = h.regime and h.date >= w.valid_from and (w.valid_to is null or h.date < w.valid_to)
)

select
    s.ticker,
    s.date,
    s.alpha as alpha_composite_v6,
    s.alpha * coalesce(m.multiplier, 1) as alpha_composite_v6_regime
from scored s
left join multipliers m on s.date = m.date
order by ticker, date
