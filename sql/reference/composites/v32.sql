-- feat_composite_v32 (reference): short, long and smoothed composite, weighted by their coefficients of the whole
-- history (spec 04 §3.7).
-- Key: ticker, date. One row per row of feat_composite_academic.
-- Units: weighted mean of z-scores. Coefficients are shifted so that the lowest is 0; equal ones weigh the same. NULL
-- where the reference leaves uninitialised memory.
-- Known: on the last date of the data: look-ahead.
-- Role: signal.
create or replace table feat_composite_v32 as
with shifted as (
    select
        date,
        v32_ic_cs - least(v32_ic_cs, v32_ic_cl2, v32_ic_sm) as cs,
        v32_ic_cl2 - least(v32_ic_cs, v32_ic_cl2, v32_ic_sm) as cl2,
        v32_ic_sm - least(v32_ic_cs, v32_ic_cl2, v32_ic_sm) as sm
    from component_coefficients
),

weights as (
    select
        date,
        case when cs + cl2 + sm > 0 then cs else 1 end as cs,
        case when cs + cl2 + sm > 0 then cl2 else 1 end as cl2,
        case when cs + cl2 + sm > 0 then sm else 1 end as sm
    from shifted
)

select
    a.ticker,
    a.date,
    a.alpha_composite_eq as alpha_cs,
    l."alpha_CL_v2",
    s.alpha_smoothed,
    blend('renorm', w.cs, a.alpha_composite_eq, w.cl2, l."alpha_CL_v2", w.sm, s.alpha_smoothed) as alpha_composite_v32
from feat_composite_academic a
left join feat_composite_long_v2 l on a.ticker = l.ticker and a.date = l.date
left join feat_alpha_smoothed_v31 s on a.ticker = s.ticker and a.date = s.date
left join weights w on a.date = w.date
order by ticker, date
