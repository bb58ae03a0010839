-- price_sanity: prices that are missing or not positive, highs and lows that do not hold open and close, negative volumes
-- (spec 05 §4.7, spec 01 §5.2 V6). sep_base turns what is impossible into NULL.
-- Severity: warning
select ticker, date, open, high, low, close, volume
from raw.sep
where coalesce(least(open, high, low, close) <= 0, false)
    or open is null or high is null or low is null or close is null
    or high < greatest(open, close)
    or low > least(open, close)
    or volume < 0
