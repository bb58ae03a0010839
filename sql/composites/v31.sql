-- feat_composite_v31: the short composite and the second long one (spec 04 §3.5).
-- Key: ticker, date. One row per row of feat_composite_long_v2.
-- Units: weighted mean of z-scores; $blend_missing says what becomes of the weight of a missing one.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v31 as
select
    a.ticker,
    a.date,
    a.alpha_composite_eq as alpha_cs,
    l."alpha_CL_v2",
    blend($blend_missing, $v31_short_weight, a.alpha_composite_eq, $v31_long_weight, l."alpha_CL_v2")
        as alpha_composite_v31
from feat_composite_academic a
join feat_composite_long_v2 l on a.ticker = l.ticker and a.date = l.date
order by ticker, date
