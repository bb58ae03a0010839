-- feat_alpha_smoothed_v31: the v31 composite, smoothed over the ticker's rows (spec 04 §3.6).
-- Key: ticker, date. One row per row of feat_composite_v31.
-- Units: as alpha_composite_v31; each new value has weight $smoothing_weight, the mean before it the rest. NULL where
-- alpha_composite_v31 is: a name that left the universe has no score.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_alpha_smoothed_v31 as
select
    ticker,
    date,
    alpha_composite_v31,
    case
        when alpha_composite_v31 is not null then ewm_mean_alpha(alpha_composite_v31, $smoothing_weight) over w
    end as alpha_smoothed
from feat_composite_v31
window w as (partition by ticker order by date)
order by ticker, date
