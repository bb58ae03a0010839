-- feat_price_action: returns over 1, 5 and 21 rows, and the shape of the day (spec 02 §1).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: simple returns and ratios; true_range and wilder_range in USD per share.
-- Known: after the close of date.
create or replace table feat_price_action as
with prices as (
    select ticker, date, open, high, low, close, price
    from sep_base_academic
),

lagged as (
    select
        *,
        lag(price, 1) over w as price_1,
        lag(price, 5) over w as price_5,
        lag(price, 21) over w as price_21,
        -- Yesterday's close less the dividend that goes ex today, comparable with today's high and low.
        safe_div(lag(price, 1) over w * close, price) as close_1
    from prices
    window w as (partition by ticker order by date)
)

select
    ticker,
    date,
    safe_div(price, price_1) - 1 as ret_1d,
    safe_div(price, price_5) - 1 as ret_5d,
    safe_div(price, price_21) - 1 as ret_21d,
    safe_div(high, low) as hl_ratio,
    safe_div(close, open) as co_ratio,
    high - low as true_range,
    safe_div(high - low, open) as range_pct,
    case
        when high is not null and low is not null and close_1 is not null
            then greatest(high, close_1) - least(low, close_1)
    end as wilder_range
from lagged
order by ticker, date
