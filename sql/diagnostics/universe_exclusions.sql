-- How many securities fail which criteria of the universe on the last date.
select
    case when in_universe then '(member)' else reasons end as failing_criteria,
    count(*) as securities,
    min(ticker) as for_example
from universe
where date = (select max(date) from universe)
group by 1
order by securities desc
limit 10
