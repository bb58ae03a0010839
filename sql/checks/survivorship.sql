-- survivorship: years, at least two before the last one, of whose members none was delisted later. A list of survivors
-- makes every backtest look good (spec 01 §5.2 V13).
-- Severity: warning
with members as (
    select distinct date_part('year', date) as year, ticker
    from sep_base_academic
    where in_universe
),

last as (
    select max(year) as year from members
)

select
    m.year,
    count(*) as members,
    count(case when s.isdelisted = 'Y' then 1 end) as delisted_later
from members m
left join security s on m.ticker = s.ticker
cross join last l
where m.year <= l.year - 2
group by m.year
having count(case when s.isdelisted = 'Y' then 1 end) = 0
order by m.year
