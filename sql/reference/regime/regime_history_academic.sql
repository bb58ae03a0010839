-- regime_history_academic (reference): market state against thresholds of the whole history (spec 04 §2).
-- Key: date. One row per date of regime_statistics.
-- Units: as regime_statistics. A missing statistic counts as normal_vol, neutral or low_dispersion.
-- Known: on the last date of the data only, so labels of the past change with every new date: look-ahead, kept to
-- reproduce the reference's numbers.
create or replace table regime_history_academic as
with thresholds as (
    select
        *,
        percentile_cont(vol_21, $regime_q_lo) over () as vol_lo,
        percentile_cont(vol_21, $regime_q_hi) over () as vol_hi,
        percentile_cont(trend_60, $regime_q_lo) over () as trend_lo,
        percentile_cont(trend_60, $regime_q_hi) over () as trend_hi,
        percentile_cont(dispersion, 0.5) over () as disp_med
    from regime_statistics
),

labels as (
    select
        *,
        case when vol_21 <= vol_lo then 'low_vol' when vol_21 >= vol_hi then 'high_vol' else 'normal_vol' end
            as vol_regime,
        case when trend_60 <= trend_lo then 'bear' when trend_60 >= trend_hi then 'bull' else 'neutral' end
            as trend_regime
    from thresholds
)

select
    date,
    vol_regime,
    trend_regime,
    case when dispersion >= disp_med then 'high_dispersion' else 'low_dispersion' end as dispersion_regime,
    concat(vol_regime, '_', trend_regime) as regime,
    vol_21,
    vol_lo,
    vol_hi,
    trend_60,
    trend_lo,
    trend_hi,
    dispersion,
    disp_med,
    n_names
from labels
order by date
