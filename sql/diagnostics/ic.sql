-- Information coefficients, summarised: how well a feature ranks the returns that follow (spec 05 §4.1).
-- `kairos diag ic` computes diag_ic, one coefficient per feature, horizon and date, and runs this; after `--save` it can
-- be run on its own, and then looks at returns that begin at once. $diag_by cuts the dates or the members into parts.
-- ic: mean over dates of Spearman's coefficient; icir: mean / deviation; t_nw: t-statistic with the variance of Newey and
-- West over the horizon's overlap; icir_year: of every horizon-th date, annualised; pearson: the same without ranks.
with coefficients as (
    select
        feature,
        horizon,
        date,
        names,
        pearson,
        spearman,
        case $diag_by
            when 'year' then substr(cast(date as varchar), 1, 4)
            when 'month' then substr(cast(date as varchar), 1, 7)
            when 'date' then cast(date as varchar)
            when 'sector' then sector
            when 'regime' then regime
            else 'all'
        end as part
    from diag_ic
    where spearman is not null
        and lag = 0
        and (sector is null) = ($diag_by <> 'sector')
),

numbered as (
    select
        *,
        row_number() over w as number,
        row_number() over w - row_number() over (partition by feature, horizon, part, spearman < 0 order by date) as run
    from coefficients
    where part is not null
    window w as (partition by feature, horizon, part order by date)
),

runs as (
    select feature, horizon, part, count(*) as length
    from numbered
    where spearman < 0
    group by feature, horizon, part, run
),

longest as (
    select feature, horizon, part, max(length) as negative_run
    from runs
    group by feature, horizon, part
),

summary as (
    select
        feature,
        horizon,
        part,
        count(*) as dates,
        avg(names) as names,
        avg(spearman) as ic,
        stddev(spearman) as ic_std,
        safe_div(avg(spearman), stddev(spearman)) as icir,
        safe_div(avg(spearman) * sqrt(count(*)), stddev(spearman)) as t,
        newey_west_t(spearman, horizon - 1 order by date) as t_nw,
        sharpe(case when (number - 1) % horizon = 0 then spearman end, 252.0 / horizon) as icir_year,
        avg(case when spearman > 0 then 1.0 else 0.0 end) as hit_rate,
        min(spearman) as ic_min,
        max(spearman) as ic_max,
        avg(pearson) as pearson,
        newey_west_t(pearson, horizon - 1 order by date) as pearson_t_nw
    from numbered
    group by feature, horizon, part
)

-- What matters most stands at both ends: a narrow screen leaves out the middle.
select
    s.feature,
    s.horizon,
    s.part,
    s.dates,
    s.ic,
    s.ic_std,
    s.ic_min,
    s.ic_max,
    coalesce(l.negative_run, 0) as negative_run,
    round(s.names, 1) as names,
    s.pearson,
    s.pearson_t_nw,
    s.icir_year,
    s.t,
    s.hit_rate,
    s.icir,
    s.t_nw
from summary s
left join longest l on s.feature = l.feature and s.horizon = l.horizon and s.part = l.part
order by case when $diag_by = 'all' then abs(s.t_nw) end desc nulls last, s.feature, s.horizon, s.part
