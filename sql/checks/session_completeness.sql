-- session_completeness: sessions with 3 % more or fewer tickers than the twenty sessions before had in the median: a pull
-- that broke off, or a calendar that misses a date (spec 01 §5.2 V3).
-- Severity: warning
-- After: raw
with sessions as (
    select date, count(*) as tickers
    from raw.sep
    group by date
),

usual as (
    select
        date,
        tickers,
        median(tickers) over w as median_20,
        count(*) over w as n
    from sessions
    window w as (order by date rows between 20 preceding and 1 preceding)
)

select date, tickers, median_20
from usual
where n = 20 and abs(tickers / median_20 - 1) > 0.03
order by date desc
