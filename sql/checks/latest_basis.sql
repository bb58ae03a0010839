-- latest_basis: living tickers whose last close is not the price as traded: adjustments run backwards from today, so on
-- the last date close, closeadj and closeunadj are one (spec 01 §5.2 V8).
-- Severity: warning
-- After: raw
select ticker, date, close, closeadj, closeunadj
from raw.sep
where date = (select max(date) from raw.sep)
    and (abs(close / closeunadj - 1) > 0.01 or abs(closeadj / closeunadj - 1) > 0.01)
