-- feat_composite_long_v2: the long-horizon composite of quality, growth, institutions, value, size and liquidity
-- (spec 04 §3.3).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: z-scores over the members of the date; large and liquid is better. value_z is value_composite_z.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_long_v2 as
select
    c.ticker,
    c.date,
    c.quality_z,
    c.growth_z,
    c.inst_z,
    v.value_composite_z as value_z,
    a.size_z,
    a.adv_z,
    blend(
        'renorm',
        $cl_quality_weight, c.quality_z,
        $cl_growth_weight, c.growth_z,
        $cl_inst_weight, c.inst_z,
        $cl_value_weight, v.value_composite_z,
        $cl_size_weight, a.size_z,
        $cl_adv_weight, a.adv_z
    ) as "alpha_CL_v2"
from feat_composite_long c
left join feat_value_v2 v on c.ticker = v.ticker and c.date = v.date
left join feat_adv a on c.ticker = a.ticker and c.date = a.date
order by ticker, date
