-- The ten members with the strongest momentum on the last date.
select
    m.date,
    m.ticker,
    s.name,
    s.sector,
    m.mom_12_1,
    m.reversal_1m,
    m.momentum_composite_z
from feat_momentum_v2 m
join security s on m.ticker = s.ticker
join universe u on m.ticker = u.ticker and m.date = u.date
where u.in_universe
    and m.date = (select max(date) from feat_momentum_v2)
order by m.mom_12_1 desc nulls last
limit 10
