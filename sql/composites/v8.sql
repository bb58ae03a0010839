-- feat_composite_v8: v33, quality and value; the live signal (spec 04 §3.14).
-- Key: ticker, date. One row per row of feat_composite_v33_regime.
-- Units: weighted mean of v33 and z-scores, on their own scales (spec 04 D25). Quality and value are required; without
-- v33 they share its weight.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v8 as
select
    c.ticker,
    c.date,
    case
        when q.quality_composite_z is not null and v.value_composite_z is not null
            then blend(
                'renorm',
                $v8_v33_weight, c.alpha_composite_v33_regime,
                $v8_quality_weight, q.quality_composite_z,
                $v8_value_weight, v.value_composite_z
            )
    end as alpha_composite_v8
from feat_composite_v33_regime c
left join feat_quality_v2 q on c.ticker = q.ticker and c.date = q.date
left join feat_value_v2 v on c.ticker = v.ticker and c.date = v.date
order by ticker, date
