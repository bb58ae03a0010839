-- feat_composite_long_v2 (reference): the long-horizon composite, second version (spec 04 §3.3).
-- Key: ticker, date. One row per row of feat_composite_long.
-- Units: z-scores; value_z is that of the legacy feat_value.
-- Known: as feat_composite_long, feat_value and feat_adv: look-ahead in all three.
-- Role: signal.
-- The reference's feat_adv has no row before adv_60, so size has none either.
create or replace table feat_composite_long_v2 as
with liquidity as (
    select ticker, date, size_z, adv_z
    from feat_adv
    where adv_20 is not null and adv_60 is not null
)

select
    c.ticker,
    c.date,
    c.quality_z,
    c.growth_z,
    c.inst_z,
    v.value_z,
    a.size_z,
    a.adv_z,
    mean_of(c.quality_z, c.growth_z, c.inst_z, v.value_z, a.size_z, a.adv_z) as "alpha_CL_v2"
from feat_composite_long c
left join feat_value v on c.ticker = v.ticker and c.date = v.date
left join liquidity a on c.ticker = a.ticker and c.date = a.date
order by ticker, date
