-- feat_composite_v4 (reference): the short composite and the first long one, weighted by their coefficients of the
-- whole history with their signs (spec 04 §3.10).
-- Key: ticker, date. Rows where both are known.
-- Units: weighted sum of z-scores; the sizes of the weights sum to 1.
-- Known: on the last date of the data: look-ahead.
-- Role: signal.
create or replace table feat_composite_v4 as
with weights as (
    select
        date,
        coalesce(safe_div(v4_ic_cs, abs(v4_ic_cs) + abs(v4_ic_cl)), 0.5) as short,
        coalesce(safe_div(v4_ic_cl, abs(v4_ic_cs) + abs(v4_ic_cl)), 0.5) as long
    from component_coefficients
)

select
    a.ticker,
    a.date,
    a.alpha_composite_eq,
    l."alpha_CL",
    blend('zero', w.short, a.alpha_composite_eq, w.long, l."alpha_CL") as alpha_composite_v4
from feat_composite_academic a
join feat_composite_long l on a.ticker = l.ticker and a.date = l.date
join weights w on a.date = w.date
where a.alpha_composite_eq is not null and l."alpha_CL" is not null
order by ticker, date
