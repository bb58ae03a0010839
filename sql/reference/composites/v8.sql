-- feat_composite_v8 (reference): v33, quality and value, also outside the universe (spec 04 §3.14).
-- Key: ticker, date. Rows where quality and value are known.
-- Units: weighted mean of v33 and z-scores, on their own scales; without v33, mostly names outside the universe,
-- quality and value share its weight.
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v8 as
select
    q.ticker,
    q.date,
    blend(
        'renorm',
        $v8_v33_weight, c.alpha_composite_v33_regime,
        $v8_quality_weight, q.quality_composite_z,
        $v8_value_weight, v.value_composite_z
    ) as alpha_composite_v8
from feat_quality_v2 q
join feat_value_v2 v on q.ticker = v.ticker and q.date = v.date
left join feat_composite_v33_regime c on q.ticker = c.ticker and q.date = c.date
where q.quality_composite_z is not null and v.value_composite_z is not null
order by ticker, date
