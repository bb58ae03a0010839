-- feat_composite_v5 (reference): value, momentum, reversal, quality and insiders (spec 04 §3.11).
-- Key: ticker, date. One row per row of sep_base, members or not.
-- Units: a z-score over all rows of the date; a missing component counts as 0. alpha_composite_v5_regime is the same.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v5 as
with components as (
    select
        b.ticker,
        b.date,
        v.value_quality_adj as value_z,
        zscore(m.mom_12_1, $z_clip, 'reference') over d as momentum_z,
        zscore(m.reversal_1m, $z_clip, 'reference') over d as reversal_z,
        q.quality_composite_z as quality_z,
        i.insider_composite_z as insider_z
    from sep_base b
    left join feat_value_v2 v on b.ticker = v.ticker and b.date = v.date
    left join feat_momentum_v2 m on b.ticker = m.ticker and b.date = m.date
    left join feat_quality_v2 q on b.ticker = q.ticker and b.date = q.date
    left join feat_insider i on b.ticker = i.ticker and b.date = i.date
    where b.date >= $factors_start
    window d as (partition by b.date)
),

blended as (
    select
        ticker,
        date,
        coalesce(
            blend(
                'zero',
                $v5_value_weight, value_z,
                $v5_momentum_weight, momentum_z,
                $v5_reversal_weight, reversal_z,
                $v5_quality_weight, quality_z,
                $v5_insider_weight, insider_z
            ),
            0
        ) as alpha
    from components
),

scored as (
    select ticker, date, zscore(alpha, $z_clip, 'reference') over (partition by date) as alpha_composite_v5
    from blended
)

select *, alpha_composite_v5 as alpha_composite_v5_regime
from scored
order by ticker, date
