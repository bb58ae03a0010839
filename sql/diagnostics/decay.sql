-- Decay: the information coefficient of a feature over longer returns, or over later ones (spec 05 §4.1).
-- `kairos diag decay` computes diag_ic for several horizons, with --lag for returns that begin some rows after the date,
-- and runs this.
-- of_peak: |ic| as a share of the feature's largest; half_life: the first row ahead (lag + horizon, the end of a return)
-- after the peak at which it is at most one half, NULL if it never is.
with means as (
    select
        feature,
        lag,
        horizon,
        lag + horizon as ahead,
        count(spearman) as dates,
        avg(spearman) as ic,
        safe_div(avg(spearman), stddev(spearman)) as icir,
        newey_west_t(spearman, horizon - 1 order by date) as t_nw,
        avg(case when spearman > 0 then 1.0 when spearman <= 0 then 0.0 end) as hit_rate
    from diag_ic
    where sector is null
    group by feature, lag, horizon
),

shares as (
    select
        *,
        safe_div(abs(ic), max(abs(ic)) over (partition by feature)) as of_peak
    from means
),

peaks as (
    select *, max(case when of_peak = 1 then ahead end) over (partition by feature) as peak
    from shares
)

select
    feature,
    lag,
    horizon,
    dates,
    ic,
    icir,
    t_nw,
    hit_rate,
    of_peak,
    min(case when ahead > peak and of_peak <= 0.5 then ahead end) over (partition by feature) as half_life
from peaks
order by feature, lag, horizon
