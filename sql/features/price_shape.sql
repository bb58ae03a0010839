-- feat_price_shape: the day's candle and the gap before it (spec 02 §4).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: USD per share; the _pct columns are shares of the candle's range, gap_pct of the close before.
-- Known: after the close of date. The close before is lowered by a dividend that goes ex on date, so that a dividend is
-- no gap. A flat bar (high = low) has no shares, but its gap stays.
create or replace table feat_price_shape as
with prices as (
    select
        ticker,
        date,
        open,
        high,
        low,
        close,
        safe_div(lag(price, 1) over w * close, price) as close_1
    from sep_base_academic
    window w as (partition by ticker order by date)
),

candles as (
    select
        *,
        case when open is not null and close is not null then greatest(open, close) end as body_top,
        case when open is not null and close is not null then least(open, close) end as body_bottom
    from prices
)

select
    ticker,
    date,
    abs(close - open) as body_size,
    high - body_top as upper_wick,
    body_bottom - low as lower_wick,
    high - low as candle_range,
    safe_div(abs(close - open), high - low) as body_pct_of_range,
    safe_div(high - body_top, high - low) as upper_wick_pct,
    safe_div(body_bottom - low, high - low) as lower_wick_pct,
    open - close_1 as gap_open,
    safe_div(open - close_1, close_1) as gap_pct
from candles
order by ticker, date
