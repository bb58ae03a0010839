-- Regimes: what follows each label on the next session, how often, and with which share.
with steps as (
    select regime as from_regime, lead(regime, 1) over (order by date) as to_regime
    from regime_history_academic
),

counted as (
    select from_regime, to_regime, count(*) as sessions
    from steps
    where from_regime is not null and to_regime is not null
    group by from_regime, to_regime
)

select
    from_regime,
    to_regime,
    sessions,
    sessions / cast(sum(sessions) over (partition by from_regime) as double) as share
from counted
order by from_regime, sessions desc, to_regime
