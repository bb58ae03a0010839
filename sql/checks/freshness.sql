-- freshness: datasets that end after the last session of the prices (ahead), and bases, features, signals and regimes that
-- end before it (stale) (spec 05 §4.6).
-- Severity: critical
-- After: each phase
with last as (
    select max(date) as date from sep_base
),

sessions as (
    select distinct date from sep_base
),

judged as (
    select
        d.dataset,
        d.last_date,
        case
            when d.last_date > l.date then 'ahead'
            when d.last_date < l.date and (
                d.dataset in ('universe', 'sep_base_academic')
                or d.dataset like 'feat\_%'
                or d.dataset like 'regime\_%'
            ) then 'stale'
        end as status
    from checked.datasets d
    cross join last l
    where d.phase <> 'raw'
)

select j.dataset, j.last_date, j.status, count(s.date) as sessions
from judged j
left join sessions s on s.date > j.last_date
where j.status is not null
group by j.dataset, j.last_date, j.status
order by j.dataset
