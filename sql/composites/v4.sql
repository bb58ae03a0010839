-- feat_composite_v4: the short composite and the first long one, weighted by how well each predicted so far
-- (spec 04 §3.10, D24).
-- Key: ticker, date. One row per row of feat_composite_academic.
-- Units: weighted mean of z-scores. The weight of a component is its mean information coefficient known on the date, 0
-- if that is negative; NULL while no coefficient is known, and where none of the present components predicted.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v4 as
select
    a.ticker,
    a.date,
    a.alpha_composite_eq,
    l."alpha_CL",
    blend('renorm', clip(k.v4_ic_cs, 0, 1), a.alpha_composite_eq, clip(k.v4_ic_cl, 0, 1), l."alpha_CL")
        as alpha_composite_v4
from feat_composite_academic a
left join feat_composite_long l on a.ticker = l.ticker and a.date = l.date
left join component_coefficients k on a.date = k.date
order by ticker, date
