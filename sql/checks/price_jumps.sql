-- price_jumps: closes that tripled or fell to a third from one session to the next, although they are adjusted for splits,
-- and no corporate action of the day explains it (spec 01 §5.2 V9, spec 05 §4.7).
-- Severity: warning
with moves as (
    select ticker, date, close, lag(close) over (partition by ticker order by date) as previous
    from raw.sep
),

jumps as (
    select ticker, date, previous, close
    from moves
    where close > 3 * previous or close < previous / 3
)

select j.ticker, j.date, j.previous, j.close
from jumps j
left anti join raw.actions a on j.ticker = a.ticker and j.date = a.date
order by j.date desc
