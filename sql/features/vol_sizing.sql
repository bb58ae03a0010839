-- feat_vol_sizing: volatility for position sizes (spec 02 §7).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: standard deviation of daily returns, not annualised. vol_blend is the mean of the two deviations.
-- Known: after the close of date.
create or replace table feat_vol_sizing as
with returns as (
    select
        ticker,
        date,
        safe_div(price, lag(price, 1) over w) - 1 as ret_1d
    from sep_base_academic
    window w as (partition by ticker order by date)
),

windows as (
    select
        ticker,
        date,
        rolling_std(ret_1d, 21) over w as vol_21,
        rolling_std(ret_1d, 63) over w as vol_63
    from returns
    window w as (partition by ticker order by date)
)

select
    ticker,
    date,
    vol_21,
    vol_63,
    0.5 * vol_21 + 0.5 * vol_63 as vol_blend
from windows
order by ticker, date
