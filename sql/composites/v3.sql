-- feat_composite_v3: the short composite and the first long one (spec 04 §3.4).
-- Key: ticker, date. One row per row of feat_composite_long.
-- Units: weighted mean of z-scores; $blend_missing says what becomes of the weight of a missing one.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v3 as
select
    a.ticker,
    a.date,
    a.alpha_composite_eq,
    l."alpha_CL",
    blend($blend_missing, $v3_short_weight, a.alpha_composite_eq, $v3_long_weight, l."alpha_CL") as alpha_composite_v3
from feat_composite_academic a
join feat_composite_long l on a.ticker = l.ticker and a.date = l.date
order by ticker, date
