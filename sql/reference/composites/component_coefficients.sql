-- component_coefficients (reference): how well the components of v4 and v32 predicted over the whole history
-- (spec 04 §3.7 and §3.10).
-- Key: date. One row per date of sep_base_academic, all alike.
-- Units: mean over all dates of the correlation of a component with the return of the next five rows, over the names
-- that have all components of the composite; for v4 on dates with more than 20 of them.
-- Known: on the last date of the data: look-ahead, kept to reproduce the reference's numbers.
create or replace table component_coefficients as
with paired as (
    select
        t.date,
        t.ret_5d_f,
        a.alpha_composite_eq as cs,
        l."alpha_CL" as cl,
        l2."alpha_CL_v2" as cl2,
        s.alpha_smoothed as sm,
        a.alpha_composite_eq is not null and l."alpha_CL" is not null as has_v4,
        a.alpha_composite_eq is not null and l2."alpha_CL_v2" is not null and s.alpha_smoothed is not null as has_v32
    from feat_targets t
    join feat_composite_academic a on t.ticker = a.ticker and t.date = a.date
    join feat_composite_long l on t.ticker = l.ticker and t.date = l.date
    join feat_composite_long_v2 l2 on t.ticker = l2.ticker and t.date = l2.date
    join feat_alpha_smoothed_v31 s on t.ticker = s.ticker and t.date = s.date
    where t.ret_5d_f is not null
),

coefficients as (
    select
        date,
        count(*) filter (where has_v4) as names_v4,
        finite(pearson(cs, ret_5d_f) filter (where has_v4)) as v4_cs,
        finite(pearson(cl, ret_5d_f) filter (where has_v4)) as v4_cl,
        finite(pearson(cs, ret_5d_f) filter (where has_v32)) as v32_cs,
        finite(pearson(cl2, ret_5d_f) filter (where has_v32)) as v32_cl2,
        finite(pearson(sm, ret_5d_f) filter (where has_v32)) as v32_sm
    from paired
    group by date
),

means as (
    select
        avg(v4_cs) filter (where names_v4 > 20) as v4_ic_cs,
        avg(v4_cl) filter (where names_v4 > 20) as v4_ic_cl,
        coalesce(avg(v32_cs), 0) as v32_ic_cs,
        coalesce(avg(v32_cl2), 0) as v32_ic_cl2,
        coalesce(avg(v32_sm), 0) as v32_ic_sm
    from coefficients
)

select d.date, m.*
from (select distinct date from sep_base_academic) d
cross join means m
order by date
