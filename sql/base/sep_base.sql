-- sep_base: clean daily prices of all securities.
-- Key: ticker, date. One row per row of raw sep, in the order every per-ticker window needs.
-- Units: USD per share; volume in shares. open, high, low, close and volume are adjusted for splits; closeadj also for
-- dividends and spin-offs; closeunadj is as traded. price is the basis of returns, by $return_basis.
-- Known: after the close of date. Adjusted prices are those of one vendor snapshot: ratios between two dates are free of
-- look-ahead, levels are not.
-- A price must be positive and finite, a volume not negative, and a high not below its low; what is not is NULL.
create or replace table sep_base as
with prices as (
    select
        ticker,
        date,
        case when finite(open) > 0 then open end as open,
        case when finite(high) > 0 and (high >= low or low is null) then high end as high,
        case when finite(low) > 0 and (high >= low or high is null) then low end as low,
        case when finite(close) > 0 then close end as close,
        case when finite(volume) >= 0 then volume end as volume,
        case when finite(closeadj) > 0 then closeadj end as closeadj,
        case when finite(closeunadj) > 0 then closeunadj end as closeunadj
    from raw.sep
)

select
    *,
    $return_basis as price
from prices
order by ticker, date
