-- feat_volume_volatility: volume against its last month, and volatility of returns and ranges (spec 02 §5).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: dollar_volume in USD; vol_zscore_21d in standard deviations of volume; ret_std_* in daily returns, not
-- annualised; atr_14d in USD per share, atr_14d_pct as a share of the close.
-- Known: after the close of date.
create or replace table feat_volume_volatility as
with days as (
    select
        ticker,
        date,
        high,
        low,
        close,
        volume,
        lag(volume, 1) over w as volume_1,
        safe_div(price, lag(price, 1) over w) - 1 as ret_1d
    from sep_base_academic
    window w as (partition by ticker order by date)
),

windows as (
    select
        *,
        rolling_zscore(volume, 21) over w as vol_zscore_21d,
        rolling_std(ret_1d, 5) over w as ret_std_5d,
        rolling_std(ret_1d, 21) over w as ret_std_21d,
        rolling_mean(high - low, 14) over w as atr_14d
    from days
    window w as (partition by ticker order by date)
)

select
    ticker,
    date,
    close * volume as dollar_volume,
    vol_zscore_21d,
    safe_div(volume, volume_1) - 1 as volume_pct_change_1d,
    ret_std_5d,
    ret_std_21d,
    atr_14d,
    safe_div(atr_14d, close) as atr_14d_pct
from windows
order by ticker, date
