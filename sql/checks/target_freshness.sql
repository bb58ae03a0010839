-- target_freshness: the last date with a five-day outcome is the fifth session before the last one. An earlier one is
-- stale; a later one knows prices that the lake does not have (spec 05 §4.6, spec 01 §5.2 V16).
-- Severity: critical
-- After: features
with sessions as (
    select date, row_number() over (order by date desc) - 1 as sessions_left
    from (select distinct date from sep_base)
),

last as (
    select max(date) as date from feat_targets where ret_5d_f is not null
)

select l.date as last_date, case when s.sessions_left > 5 then 'stale' else 'ahead' end as status, s.sessions_left - 5 as sessions
from last l
join sessions s on s.date = l.date
where s.sessions_left <> 5
