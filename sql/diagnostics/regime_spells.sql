-- Regimes: how many dates each label has, in how many spells, and how long a spell lasts in sessions.
with labelled as (
    select date, regime, lag(regime, 1) over (order by date) is distinct from regime as is_start
    from regime_history_academic
),

spells as (
    select
        regime,
        date,
        sum(case when is_start then 1 else 0 end) over (
            order by date rows between unbounded preceding and current row
        ) as spell
    from labelled
),

lengths as (
    select regime, spell, count(*) as sessions
    from spells
    group by regime, spell
)

select
    coalesce(regime, '(no label)') as regime,
    sum(sessions) as dates,
    sum(sessions) / cast(sum(sum(sessions)) over () as double) as share,
    count(*) as spells,
    avg(sessions) as mean_sessions,
    median(sessions) as median_sessions,
    max(sessions) as longest
from lengths
group by regime
order by dates desc, regime
