-- regime_history_academic: the state of the market by volatility, trend and dispersion (spec 04 §7.1).
-- Key: date. One row per date of regime_statistics.
-- Units: as regime_statistics. The thresholds are quantiles of the dates strictly before, at least $regime_min_obs of
-- them; without thresholds or statistic a label is NULL, and regime is if one of its parts is. A value on a threshold
-- belongs to the outer label, the lower one first.
-- Known: after the close of date. Later dates never change a label.
create or replace table regime_history_academic as
with quantiles as (
    select
        *,
        count(vol_21) over before as vol_obs,
        percentile_cont(vol_21, $regime_q_lo) over before as vol_q_lo,
        percentile_cont(vol_21, $regime_q_hi) over before as vol_q_hi,
        count(trend_60) over before as trend_obs,
        percentile_cont(trend_60, $regime_q_lo) over before as trend_q_lo,
        percentile_cont(trend_60, $regime_q_hi) over before as trend_q_hi,
        count(dispersion) over before as disp_obs,
        percentile_cont(dispersion, 0.5) over before as disp_q
    from regime_statistics
    window before as (order by date rows between unbounded preceding and 1 preceding)
),

thresholds as (
    select
        date,
        n_names,
        vol_21,
        case when vol_obs >= $regime_min_obs then vol_q_lo end as vol_lo,
        case when vol_obs >= $regime_min_obs then vol_q_hi end as vol_hi,
        trend_60,
        case when trend_obs >= $regime_min_obs then trend_q_lo end as trend_lo,
        case when trend_obs >= $regime_min_obs then trend_q_hi end as trend_hi,
        dispersion,
        case when disp_obs >= $regime_min_obs then disp_q end as disp_med
    from quantiles
)

select
    date,
    case
        when vol_21 <= vol_lo then 'low_vol'
        when vol_21 >= vol_hi then 'high_vol'
        when vol_21 > vol_lo then 'normal_vol'
    end as vol_regime,
    case
        when trend_60 <= trend_lo then 'bear'
        when trend_60 >= trend_hi then 'bull'
        when trend_60 > trend_lo then 'neutral'
    end as trend_regime,
    case
        when dispersion >= disp_med then 'high_dispersion'
        when dispersion < disp_med then 'low_dispersion'
    end as dispersion_regime,
    regime_label(vol_21, vol_lo, vol_hi, trend_60, trend_lo, trend_hi) as regime,
    vol_21,
    vol_lo,
    vol_hi,
    trend_60,
    trend_lo,
    trend_hi,
    dispersion,
    disp_med,
    n_names
from thresholds
order by date
