-- feat_composite_v32b (reference): short, long and smoothed composite at fixed weights, the short one required
-- (spec 04 §3.8).
-- Key: ticker, date. One row per row of feat_composite_academic.
-- Units: weighted sum of z-scores; a missing long or smoothed composite counts as 0.
-- Known: as feat_composite_long_v2: look-ahead.
-- Role: signal.
create or replace table feat_composite_v32b as
select
    a.ticker,
    a.date,
    a.alpha_composite_eq as alpha_cs,
    l."alpha_CL_v2",
    s.alpha_smoothed,
    case
        when a.alpha_composite_eq is not null
            then blend(
                'zero',
                $v32b_short_weight, a.alpha_composite_eq,
                $v32b_long_weight, l."alpha_CL_v2",
                $v32b_smoothed_weight, s.alpha_smoothed
            )
    end as alpha_composite_v32b
from feat_composite_academic a
left join feat_composite_long_v2 l on a.ticker = l.ticker and a.date = l.date
left join feat_alpha_smoothed_v31 s on a.ticker = s.ticker and a.date = s.date
order by ticker, date
