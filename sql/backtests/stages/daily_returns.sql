-- daily_returns: the returns that risk is estimated from.
-- Key: ticker, date.
-- Units: ret is the simple return of price from the ticker's row before, which is dated since.
-- Known: after the close of date.
-- Inline: each query that reads it takes what it needs from the prices.
with returns as (
    select
        ticker,
        date,
        safe_div(price, lag(price, 1) over w) - 1 as ret,
        lag(date, 1) over w as since
    from sep_base_academic
    where price is not null
    window w as (partition by ticker order by date)
)

select ticker, date, ret, since
from returns
where date <= $backtest_to
order by ticker, date
