-- feat_composite_v6 (reference): quality, reversal, momentum and value (spec 04 §3.12).
-- Key: ticker, date. One row per row of sep_base, members or not.
-- Units: a z-score over all rows of the date; a missing component counts as 0, and momentum_composite_z holds reversal
-- once more. alpha_composite_v6_regime scales it by the state of a market of its own, which compares daily volatility
-- with limits for annual one and so is low_vol wherever volatility is known.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v6 as
with components as (
    select
        b.ticker,
        b.date,
        q.quality_composite_z as quality_z,
        zscore(m.reversal_1m, $z_clip, 'reference') over d as reversal_z,
        m.momentum_composite_z as momentum_z,
        v.value_composite_z as value_z,
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
                $v6_quality_weight, quality_z,
                $v6_reversal_weight, reversal_z,
                $v6_momentum_weight, momentum_z,
                $v6_value_weight, value_z,
                $v6_insider_weight, insider_z
            ),
            0
        ) as alpha
    from components
),

scored as (
    select ticker, date, zscore(alpha, $z_clip, 'reference') over (partition by date) as alpha
    from blended
),

market as (
    select v.date, avg(v.vol_blend) as volatility, coalesce(avg(p.ret_21d), 0) as ret
    from feat_vol_sizing v
    join feat_price_action p on v.ticker = p.ticker and v.date = p.date
    group by v.date
),

multipliers as (
    select
        date,
        case
            when volatility is null then 1.0
            when volatility > 0.30 and ret < -0.02 then 1.2
            when volatility > 0.30 then 1.1
            when volatility < 0.15 then 0.8
            when ret > 0.02 then 1.1
            when ret < -0.02 then 0.8
            else 0.5
        end as multiplier
    from market
)

select
    s.ticker,
    s.date,
    s.alpha as alpha_composite_v6,
    s.alpha * coalesce(m.multiplier, 1) as alpha_composite_v6_regime
from scored s
left join multipliers m on s.date = m.date
order by ticker, date
