-- regime_history_academic (reference): market state against thresholds of the whole history (spec 04 §2).
-- Key: date. One row per date of sep_base_academic.
-- Units: as in the default; statistics over all names on closes filled forward without end over all dates.
-- Known: thresholds on the last date of the data only, so labels of the past change with every new date: look-ahead,
-- kept to reproduce the reference's numbers. A missing statistic counts as normal_vol, neutral or low_dispersion.
create or replace table regime_history_academic as
with grid as (
    select t.ticker, d.date
    from (select distinct ticker from sep_base_academic) t
    cross join (select distinct date from sep_base_academic) d
),

filled as (
    select g.ticker, g.date, forward_fill(p.close) over w as close
    from grid g
    left join sep_base_academic p on g.ticker = p.ticker and g.date = p.date
    window w as (partition by g.ticker order by g.date)
),

returns as (
    select
        ticker,
        date,
        safe_div(close, lag(close, 1) over w) - 1 as ret,
        safe_div(close, lag(close, $regime_trend_rows) over w) - 1 as trend
    from filled
    window w as (partition by ticker order by date)
),

moves as (
    select *, rolling_std(ret, $regime_vol_rows) over w as vol
    from returns
    window w as (partition by ticker order by date)
),

statistics as (
    select
        date,
        count(ret) as n_names,
        median(vol) as vol_21,
        median(trend) as trend_60,
        finite(stddev(ret)) as dispersion
    from moves
    group by date
),

thresholds as (
    select
        *,
        percentile_cont(vol_21, $regime_q_lo) over () as vol_lo,
        percentile_cont(vol_21, $regime_q_hi) over () as vol_hi,
        percentile_cont(trend_60, $regime_q_lo) over () as trend_lo,
        percentile_cont(trend_60, $regime_q_hi) over () as trend_hi,
        percentile_cont(dispersion, 0.5) over () as disp_med
    from statistics
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
