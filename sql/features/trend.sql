-- feat_trend: moving averages and their crossings (spec 02 §2).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: USD per share, except price_vs_sma_21 (share of the average) and the _pct columns (share of the price).
-- Known: after the close of date. Exponential averages remember their first price; they are missing until
-- $ema_warmup spans of rows have passed.
create or replace table feat_trend as
with prices as (
    select ticker, date, price
    from sep_base_academic
),

averages as (
    select
        ticker,
        date,
        price,
        rolling_mean(price, 5) over w as sma_5,
        rolling_mean(price, 21) over w as sma_21,
        ewm_mean(price, 12) over w as ema_12,
        ewm_mean(price, 26) over w as ema_26,
        row_number() over w as row
    from prices
    window w as (partition by ticker order by date)
),

crossings as (
    select
        *,
        sma_21 - lag(sma_21, 5) over w as sma_21_slope,
        ema_12 - ema_26 as macd,
        ewm_mean(ema_12 - ema_26, 9) over w as macd_signal
    from averages
    window w as (partition by ticker order by date)
),

warm as (
    select
        *,
        price is not null and row > 12 * $ema_warmup as warm_12,
        price is not null and row > 26 * $ema_warmup as warm_26
    from crossings
)

select
    ticker,
    date,
    sma_5,
    sma_21,
    case when warm_12 then ema_12 end as ema_12,
    case when warm_26 then ema_26 end as ema_26,
    safe_div(price - sma_21, sma_21) as price_vs_sma_21,
    sma_21_slope,
    case when warm_26 then macd end as macd,
    case when warm_26 then macd_signal end as macd_signal,
    case when warm_26 then macd - macd_signal end as macd_hist,
    safe_div(sma_21_slope, sma_21) / 5 as sma_21_slope_pct,
    case when warm_26 then safe_div(macd, price) end as macd_pct,
    case when warm_26 then safe_div(macd - macd_signal, price) end as macd_hist_pct
from warm
order by ticker, date
