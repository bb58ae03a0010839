-- component_coefficients: how well the components of v4 and v32 predicted, as known on each date (spec 04 §6.3, D23
-- and D24).
-- Key: date. One row per date of sep_base_academic.
-- Units: mean over past dates of the correlation, over the members that have all components of the composite, of a
-- component with the return of the next five rows; NULL with fewer than $ic_min_dates such dates. A date counts if it
-- has at least $ic_min_names names.
-- Known: after the close of date. Only outcomes that closed at least one session before count: those of dates six and
-- more sessions back, of tickers whose five rows were five sessions.
create or replace table component_coefficients as
with sessions as (
    select date, row_number() over (order by date) as session
    from (select distinct date from sep_base_academic)
),

closings as (
    select b.ticker, b.date, b.in_universe, lead(s.session, 5) over w - s.session as sessions_ahead
    from sep_base_academic b
    join sessions s on b.date = s.date
    window w as (partition by b.ticker order by b.date)
),

outcomes as (
    select c.ticker, c.date, t.ret_5d_f
    from closings c
    join feat_targets t on c.ticker = t.ticker and c.date = t.date
    where c.in_universe and c.sessions_ahead = 5 and t.ret_5d_f is not null
),

paired as (
    select
        o.date,
        o.ret_5d_f,
        a.alpha_composite_eq as cs,
        l."alpha_CL" as cl,
        l2."alpha_CL_v2" as cl2,
        s.alpha_smoothed as sm,
        a.alpha_composite_eq is not null and l."alpha_CL" is not null as has_v4,
        a.alpha_composite_eq is not null and l2."alpha_CL_v2" is not null and s.alpha_smoothed is not null as has_v32
    from outcomes o
    join feat_composite_academic a on o.ticker = a.ticker and o.date = a.date
    join feat_composite_long l on o.ticker = l.ticker and o.date = l.date
    join feat_composite_long_v2 l2 on o.ticker = l2.ticker and o.date = l2.date
    join feat_alpha_smoothed_v31 s on o.ticker = s.ticker and o.date = s.date
),

coefficients as (
    select
        date,
        count(*) filter (where has_v4) >= $ic_min_names as counts_v4,
        count(*) filter (where has_v32) >= $ic_min_names as counts_v32,
        finite(pearson(cs, ret_5d_f) filter (where has_v4)) as v4_cs,
        finite(pearson(cl, ret_5d_f) filter (where has_v4)) as v4_cl,
        finite(pearson(cs, ret_5d_f) filter (where has_v32)) as v32_cs,
        finite(pearson(cl2, ret_5d_f) filter (where has_v32)) as v32_cl2,
        finite(pearson(sm, ret_5d_f) filter (where has_v32)) as v32_sm
    from paired
    group by date
),

counted as (
    select
        s.date,
        case when c.counts_v4 then c.v4_cs end as v4_cs,
        case when c.counts_v4 then c.v4_cl end as v4_cl,
        case when c.counts_v32 then c.v32_cs end as v32_cs,
        case when c.counts_v32 then c.v32_cl2 end as v32_cl2,
        case when c.counts_v32 then c.v32_sm end as v32_sm
    from sessions s
    left join coefficients c on s.date = c.date
)

select
    date,
    case when count(v4_cs) over closed >= $ic_min_dates then avg(v4_cs) over closed end as v4_ic_cs,
    case when count(v4_cl) over closed >= $ic_min_dates then avg(v4_cl) over closed end as v4_ic_cl,
    case when count(v32_cs) over closed >= $ic_min_dates then avg(v32_cs) over closed end as v32_ic_cs,
    case when count(v32_cl2) over closed >= $ic_min_dates then avg(v32_cl2) over closed end as v32_ic_cl2,
    case when count(v32_sm) over closed >= $ic_min_dates then avg(v32_sm) over closed end as v32_ic_sm
from counted
window closed as (order by date rows between unbounded preceding and 6 preceding)
order by date
