-- feat_composite_v32: short, long and smoothed composite, weighted by how well each predicted so far
-- (spec 04 §3.7, D23).
-- Key: ticker, date. One row per row of feat_composite_academic.
-- Units: weighted mean of z-scores. The weight of a component is its mean information coefficient known on the date, 0
-- if that is negative; NULL while no coefficient is known, and where none of the present components predicted.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v32 as
select
    a.ticker,
    a.date,
    a.alpha_composite_eq as alpha_cs,
    l."alpha_CL_v2",
    s.alpha_smoothed,
    blend(
        'renorm',
        clip(k.v32_ic_cs, 0, 1), a.alpha_composite_eq,
        clip(k.v32_ic_cl2, 0, 1), l."alpha_CL_v2",
        clip(k.v32_ic_sm, 0, 1), s.alpha_smoothed
    ) as alpha_composite_v32
from feat_composite_academic a
left join feat_composite_long_v2 l on a.ticker = l.ticker and a.date = l.date
left join feat_alpha_smoothed_v31 s on a.ticker = s.ticker and a.date = s.date
left join component_coefficients k on a.date = k.date
order by ticker, date
