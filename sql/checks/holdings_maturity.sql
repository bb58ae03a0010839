-- holdings_maturity: the last quarter of institutional holdings has less than 80 % of the investors of the one before:
-- reports are still coming in (spec 01 §5.2 V15).
-- Severity: warning
-- After: raw
with quarters as (
    select calendardate, count(distinct investorname) as investors
    from raw.sf3
    group by calendardate
),

compared as (
    select
        calendardate,
        investors,
        lag(investors) over (order by calendardate) as previous,
        row_number() over (order by calendardate desc) as age
    from quarters
)

select calendardate, investors, previous
from compared
where age = 1 and investors < 0.8 * previous
