-- feat_matrix_v2: the second matrix of the reference (spec 05 §1.1–1.3), without the datasets that need a trained model.
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: as in the datasets. A name that an earlier dataset has already is followed by that of its dataset.
-- regime_encoded numbers the regimes in the order in which they first appear by ticker and date; it is no scale.
-- Known: as the datasets; some of the reference's look ahead.
create or replace table feat_matrix_v2 as
with assembled as (
    select *
    from assemble(
        sep_base_academic,
        feat_price_action,
        feat_price_shape,
        feat_stat,
        feat_trend,
        feat_volume_volatility,
        feat_targets,
        feat_adv,
        feat_composite_academic,
        feat_institutional_academic,
        feat_composite_v31,
        feat_vol_sizing,
        feat_beta,
        feat_value_v2,
        feat_momentum_v2,
        feat_quality_v2,
        feat_insider,
        feat_composite_v5,
        feat_composite_v6,
        feat_composite_v7,
        feat_composite_v32b,
        feat_composite_v8,
        feat_composite_v33_regime
    )
),

numbered as (
    select regime, row_number() over (order by ticker, date) as position
    from assembled
),

first_seen as (
    select regime, min(position) as position
    from numbered
    where regime is not null
    group by regime
),

codes as (
    select regime, cast(row_number() over (order by position) - 1 as double) as regime_encoded
    from first_seen
)

select
    a.* exclude (regime),
    c.regime_encoded
from assembled a
left join codes c on a.regime = c.regime
order by a.ticker, a.date
