-- How many members have a value of a feature (spec 05 §4.3). `kairos diag coverage` computes diag_coverage and runs this.
-- coverage: percent of all members' rows; net: percent of the rows from the tickers' n-th on, where n is the first row on
-- which any ticker has a value; last: percent on the last date; drop: points that it lies below the median of the 20 dates
-- before; infinite: values that are not finite numbers. status judges net; ALERT: the last date dropped by over 5 points.
with daily as (
    select
        *,
        safe_div(100.0 * present, members) as daily,
        row_number() over (partition by feature order by date desc) as age
    from diag_coverage
),

summary as (
    select
        feature,
        sum(members) as rows,
        sum(present) as present,
        safe_div(100.0 * sum(present), sum(members)) as coverage,
        coalesce(safe_div(100.0 * sum(present), sum(expected)), 0) as net,
        max(case when age = 1 then daily end) as last,
        median(case when age between 2 and 21 then daily end) - max(case when age = 1 then daily end) as drop,
        min(case when present > 0 then date end) as first_date,
        max(case when present > 0 then date end) as last_date,
        max(infinite) as infinite
    from daily
    group by feature
)

select
    *,
    case
        when net < 80 then 'CRITICAL'
        when net < 95 then 'LOW'
        when drop > 5 then 'ALERT'
        else 'OK'
    end as status
from summary
order by net, feature
