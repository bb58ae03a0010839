-- Decay: the information coefficient of a feature over longer and longer returns (spec 05 §4.1).
-- `kairos diag decay` computes diag_ic for several horizons and runs this.
-- of_peak: |ic| as a share of the largest over the horizons; half_life: the first horizon after the peak at which it is at
-- most one half, NULL if it is never.
with means as (
    select
        feature,
        horizon,
        count(spearman) as dates,
        avg(spearman) as ic,
        safe_div(avg(spearman), stddev(spearman)) as icir,
        newey_west_t(spearman, horizon - 1 order by date) as t_nw,
        avg(case when spearman > 0 then 1.0 when spearman <= 0 then 0.0 end) as hit_rate
    from diag_ic
    where sector is null
    group by feature, horizon
),

shares as (
    select
        *,
        safe_div(abs(ic), max(abs(ic)) over (partition by feature)) as of_peak
    from means
),

peaks as (
    select *, max(case when of_peak = 1 then horizon end) over (partition by feature) as peak
    from shares
)

select
    feature,
    horizon,
    dates,
    ic,
    icir,
    t_nw,
    hit_rate,
    of_peak,
    min(case when horizon > peak and of_peak <= 0.5 then horizon end) over (partition by feature) as half_life
from peaks
order by feature, horizon
