-- feat_matrix: the first matrix of the reference (spec 05 §1.1–1.3): twenty datasets in a fixed order, every column kept.
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: as in the datasets. A name that an earlier dataset has already is numbered: alpha_cs, alpha_cs_1, alpha_cs_2.
-- Known: as the datasets; some of the reference's look ahead.
create or replace table feat_matrix as
select *
from assemble(
    sep_base_academic,
    feat_price_action,
    feat_price_shape,
    feat_stat,
    feat_trend,
    feat_volume_volatility,
    feat_targets,
    feat_composite_academic,
    feat_institutional_academic,
    feat_composite_long,
    feat_value,
    feat_adv,
    feat_composite_long_v2,
    feat_composite_v3,
    feat_composite_v31,
    feat_vol_sizing,
    feat_beta,
    feat_composite_v32b,
    feat_composite_v33_regime,
    feat_composite_v7,
    feat_composite_v8,
    repeated => 'number'
)
order by ticker, date
