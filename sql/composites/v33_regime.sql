-- feat_composite_v33_regime: short, long and smoothed composite, weighted by the regime of the date (spec 04 §3.9).
-- Key: ticker, date. One row per row of feat_composite_academic.
-- Units: weighted mean of z-scores with the weights of regime_weights; a date without a label has those of
-- normal_vol_neutral. $blend_missing says what becomes of the weight of a missing component.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v33_regime as
with weights as (
    select h.date, h.regime, w.short, w.long, w.smoothed
    from regime_history_academic h
    join regime_weights w
        on w.regime = coalesce(h.regime, 'normal_vol_neutral')
        and h.date >= w.valid_from
        and (w.valid_to is null or h.date < w.valid_to)
)

select
    a.ticker,
    a.date,
    a.alpha_composite_eq as alpha_cs,
    l."alpha_CL_v2",
    s.alpha_smoothed,
    w.regime,
    blend($blend_missing, w.short, a.alpha_composite_eq, w.long, l."alpha_CL_v2", w.smoothed, s.alpha_smoothed)
        as alpha_composite_v33_regime
from feat_composite_academic a
left join feat_composite_long_v2 l on a.ticker = l.ticker and a.date = l.date
left join feat_alpha_smoothed_v31 s on a.ticker = s.ticker and a.date = s.date
left join weights w on a.date = w.date
order by ticker, date
