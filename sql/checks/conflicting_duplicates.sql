-- conflicting_duplicates: keys whose rows differ. The other duplicates are copies, of which any one will do.
-- Severity: critical
-- For each: *
with repeated as (
    select $key
    from $dataset
    group by $key
    having count(*) > 1
),

variants as (
    select distinct *
    from repeated
    natural join $dataset
)

select $key, count(*) as variants
from variants
group by $key
having count(*) > 1
order by $key
