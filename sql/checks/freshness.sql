-- freshness: derived datasets that end before the last session of the prices (stale) or after it (ahead) (spec 05 §4.6).
-- Severity: critical
-- After: each phase
with last as (
    select max(date) as date from sep_base
),

sessions as (
    select distinct date from sep_base where date > (select date from last) - 60
)

select
    d.dataset,
    d.last_date,
    case when d.last_date > l.date then 'ahead' else 'stale' end as status,
    count(s.date) as sessions
from checked.datasets d
cross join last l
left join sessions s on s.date > d.last_date
where d.phase <> 'raw' and d.last_date <> l.date
group by d.dataset, d.last_date, l.date
order by d.dataset
