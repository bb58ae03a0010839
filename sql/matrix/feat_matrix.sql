-- feat_matrix: all features, signals and targets side by side (spec 05 §3).
-- Key: ticker, date. One row per row of sep_base_academic. The datasets that are listed give the order of the columns;
-- every other feat_ dataset keyed by ticker and date follows by name, so a new feature is in the matrix once its file is
-- there. copies lists columns that repeat another one: each is checked row by row and left out.
-- Units: as in the datasets; numbers are doubles, flags 0 and 1. A name that an earlier dataset has already is followed
-- by that of its dataset: dollar_volume_adv is feat_adv's; regime_code is 3 v + t with v = 0 low, 1 normal, 2 high
-- volatility and t = 0 bear, 1 neutral, 2 bull of regime.
-- Known: features and signals after the close of date; the targets of feat_targets in the future.
create or replace table feat_matrix as
with assembled as (
    select *
    from assemble(
        sep_base_academic,
        'feat_price_action',
        'feat_price_shape',
        'feat_stat',
        'feat_trend',
        'feat_volume_volatility',
        'feat_targets',
        'feat_adv',
        'feat_composite_academic',
        'feat_institutional_academic',
        'feat_composite_v31',
        'feat_vol_sizing',
        'feat_beta',
        'feat_value_v2',
        'feat_momentum_v2',
        'feat_quality_v2',
        'feat_insider',
        'feat_composite_v5',
        'feat_composite_v6',
        'feat_composite_v7',
        'feat_composite_v32b',
        'feat_composite_v8',
        'feat_composite_v33_regime',
        'feat_fundamental',
        'feat_gross_profit',
        'feat_composite_long',
        'feat_composite_long_v2',
        'feat_composite_v3',
        'feat_*',
        copies => '
            feat_composite_long.inst_flow_value_qoq = feat_institutional_academic.inst_flow_value_qoq,
            feat_composite_long_v2.quality_z = feat_composite_long.quality_z,
            feat_composite_long_v2.growth_z = feat_composite_long.growth_z,
            feat_composite_long_v2.inst_z = feat_composite_long.inst_z,
            feat_composite_long_v2.value_z = feat_value_v2.value_composite_z,
            feat_composite_long_v2.size_z = feat_adv.size_z,
            feat_composite_long_v2.adv_z = feat_adv.adv_z,
            feat_composite_v3.alpha_composite_eq = feat_composite_academic.alpha_composite_eq,
            feat_composite_v3.alpha_CL = feat_composite_long.alpha_CL,
            feat_composite_v31.alpha_CL_v2 = feat_composite_long_v2.alpha_CL_v2,
            feat_alpha_smoothed_v31.alpha_composite_v31 = feat_composite_v31.alpha_composite_v31,
            feat_composite_v32.alpha_cs = feat_composite_v31.alpha_cs,
            feat_composite_v32.alpha_CL_v2 = feat_composite_long_v2.alpha_CL_v2,
            feat_composite_v32.alpha_smoothed = feat_alpha_smoothed_v31.alpha_smoothed,
            feat_composite_v32b.alpha_cs = feat_composite_v31.alpha_cs,
            feat_composite_v32b.alpha_CL_v2 = feat_composite_long_v2.alpha_CL_v2,
            feat_composite_v32b.alpha_smoothed = feat_alpha_smoothed_v31.alpha_smoothed,
            feat_composite_v33_regime.alpha_cs = feat_composite_v31.alpha_cs,
            feat_composite_v33_regime.alpha_CL_v2 = feat_composite_long_v2.alpha_CL_v2,
            feat_composite_v33_regime.alpha_smoothed = feat_alpha_smoothed_v31.alpha_smoothed,
            feat_composite_v4.alpha_composite_eq = feat_composite_academic.alpha_composite_eq,
            feat_composite_v4.alpha_CL = feat_composite_long.alpha_CL
        '
    )
)

select
    *,
    cast(
        case
            when starts_with(regime, 'low_vol') then 0
            when starts_with(regime, 'normal_vol') then 3
            when starts_with(regime, 'high_vol') then 6
        end
        + case
            when ends_with(regime, 'bear') then 0
            when ends_with(regime, 'neutral') then 1
            when ends_with(regime, 'bull') then 2
        end
        as tinyint
    ) as regime_code
from assembled
order by ticker, date
