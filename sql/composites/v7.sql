-- feat_composite_v7: v33 and quality, both required (spec 04 §3.13).
-- Key: ticker, date. One row per row of feat_composite_v33_regime.
-- Units: weighted mean of v33 and a z-score, on their own scales: quality varies some three times as much (spec 04
-- D25).
-- Known: after the close of date.
-- Role: signal.
create or replace table feat_composite_v7 as
select
    c.ticker,
    c.date,
    case
        when c.alpha_composite_v33_regime is not null and q.quality_composite_z is not null
            then blend(
                'renorm',
                $v7_v33_weight, c.alpha_composite_v33_regime,
                $v7_quality_weight, q.quality_composite_z
            )
    end as alpha_composite_v7
from feat_composite_v33_regime c
left join feat_quality_v2 q on c.ticker = q.ticker and c.date = q.date
order by ticker, date
