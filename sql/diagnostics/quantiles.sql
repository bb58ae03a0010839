-- Mean returns of the quantiles of a feature, 1 the lowest values (spec 05 §4.2). Every date counts the same.
-- `kairos diag quantiles --by quantile` computes diag_quantiles and runs this.
-- year: mean return times 252 / horizon; std, sharpe: of every horizon-th date, annualised; tied: share of dates on which
-- more values were equal than a quantile holds, so that chance decided who was in which.
with numbered as (
    select
        *,
        row_number() over (partition by feature, horizon, quantile order by date) as number
    from diag_quantiles
)

select
    feature,
    horizon,
    quantile,
    count(*) as dates,
    round(avg(names), 1) as names,
    avg(mean_return) as mean_return,
    avg(mean_return) * 252.0 / horizon as year,
    annualized_vol(case when (number - 1) % horizon = 0 then mean_return end, 252.0 / horizon) as std,
    sharpe(case when (number - 1) % horizon = 0 then mean_return end, 252.0 / horizon) as sharpe,
    avg(case when mean_return > 0 then 1.0 else 0.0 end) as hit_rate,
    avg(case when tied then 1.0 else 0.0 end) as tied
from numbered
group by feature, horizon, quantile
order by feature, horizon, quantile
