-- raw_freshness: daily tables that end on another date than the prices (spec 01 §5.2 V5).
-- Severity: warning
-- After: raw
with last as (
    select max(date) as date from raw.sep
)

select d.dataset, d.last_date, l.date as last_session
from checked.datasets d
cross join last l
where d.dataset in ('raw.daily', 'raw.sfp') and d.last_date <> l.date
