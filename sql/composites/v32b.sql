-- feat_composite_v32b: short, long and smoothed composite at fixed weights (spec 04 §3.8).
-- Key: ticker, date. One row per row of feat_composite_academic.
-- Units: weighted mean of z-scores; $blend_missing says what becomes of the weight of a missing one.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v32b as
select
    a.ticker,
    a.date,
    a.alpha_composite_eq as alpha_cs,
    l."alpha_CL_v2",
    s.alpha_smoothed,
    blend(
        $blend_missing,
        $v32b_short_weight, a.alpha_composite_eq,
        $v32b_long_weight, l."alpha_CL_v2",
        $v32b_smoothed_weight, s.alpha_smoothed
    ) as alpha_composite_v32b
from feat_composite_academic a
left join feat_composite_long_v2 l on a.ticker = l.ticker and a.date = l.date
left join feat_alpha_smoothed_v31 s on a.ticker = s.ticker and a.date = s.date
order by ticker, date
