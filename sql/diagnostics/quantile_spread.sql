-- The return of the highest quantile of a feature less that of the lowest (spec 05 §4.2). Every date counts the same.
-- `kairos diag quantiles` computes diag_quantiles and runs this. $diag_by cuts the dates into parts.
-- year: mean spread times 252 / horizon; t_nw: t-statistic with the variance of Newey and West over the horizon's overlap;
-- std, sharpe: of every horizon-th date, annualised; violations: quantiles that earn more than the next higher one;
-- monotone: rank correlation of the quantiles' numbers with their mean returns.
with parts as (
    select
        *,
        case $diag_by
            when 'year' then substr(cast(date as varchar), 1, 4)
            when 'month' then substr(cast(date as varchar), 1, 7)
            when 'date' then cast(date as varchar)
            else 'all'
        end as part,
        max(quantile) over (partition by feature, horizon) as highest
    from diag_quantiles
),

spreads as (
    select
        feature,
        horizon,
        part,
        date,
        sum(case when quantile = highest then mean_return end) as top,
        sum(case when quantile = 1 then mean_return end) as bottom,
        sum(case when quantile = highest then mean_return when quantile = 1 then -mean_return end) as spread
    from parts
    group by feature, horizon, part, date
),

numbered as (
    select *, row_number() over (partition by feature, horizon, part order by date) as number
    from spreads
),

means as (
    select feature, horizon, part, quantile, avg(mean_return) as mean_return
    from parts
    group by feature, horizon, part, quantile
),

steps as (
    select
        *,
        lead(mean_return) over (partition by feature, horizon, part order by quantile) as next_return
    from means
),

shapes as (
    select
        feature,
        horizon,
        part,
        sum(case when mean_return > next_return then 1 else 0 end) as violations,
        spearman(quantile, mean_return) as monotone
    from steps
    group by feature, horizon, part
),

summary as (
    select
        feature,
        horizon,
        part,
        count(*) as dates,
        avg(top) as top,
        avg(bottom) as bottom,
        avg(spread) as spread,
        avg(spread) * 252.0 / horizon as year,
        newey_west_t(spread, horizon - 1 order by date) as t_nw,
        annualized_vol(case when (number - 1) % horizon = 0 then spread end, 252.0 / horizon) as std,
        sharpe(case when (number - 1) % horizon = 0 then spread end, 252.0 / horizon) as sharpe,
        avg(case when spread > 0 then 1.0 else 0.0 end) as hit_rate
    from numbered
    group by feature, horizon, part
)

-- What matters most stands at both ends: a narrow screen leaves out the middle.
select
    s.feature,
    s.horizon,
    s.part,
    s.dates,
    s.spread,
    s.top,
    s.bottom,
    s.std,
    s.hit_rate,
    s.year,
    h.violations,
    h.monotone,
    s.sharpe,
    s.t_nw
from summary s
join shapes h on s.feature = h.feature and s.horizon = h.horizon and s.part = h.part
order by case when $diag_by = 'all' then abs(s.t_nw) end desc nulls last, s.feature, s.horizon, s.part
