-- feat_stat: where the price stands in its own last month (spec 02 §3).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: standard deviations; rolling_max_21d in USD per share; price_vs_max_21d is a share of that maximum.
-- Known: after the close of date. Windows hold 21 rows, the current one among them.
create or replace table feat_stat as
with returns as (
    select
        ticker,
        date,
        price,
        safe_div(price, lag(price, 1) over w) - 1 as ret_1d
    from sep_base_academic
    window w as (partition by ticker order by date)
),

windows as (
    select
        *,
        rolling_zscore(price, 21) over w as close_zscore_21d,
        rolling_std(ret_1d, 21) over w as ret_1d_std_21d,
        rolling_max(price, 21) over w as rolling_max_21d
    from returns
    window w as (partition by ticker order by date)
)

select
    ticker,
    date,
    close_zscore_21d,
    -- The return is not demeaned.
    safe_div(ret_1d, ret_1d_std_21d) as ret_1d_zscore_21d,
    rolling_max_21d,
    cast(case when close_zscore_21d < -2 then 1 when close_zscore_21d >= -2 then 0 end as tinyint)
        as mean_reversion_flag,
    safe_div(price - rolling_max_21d, rolling_max_21d) as price_vs_max_21d
from windows
order by ticker, date
