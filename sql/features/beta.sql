-- feat_beta: rolling sensitivity to the market and what it leaves unexplained (spec 02 §8 and §12).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: beta is return per market return; resid_vol_63d is the standard deviation of the daily residuals of the same
-- 63-row regression (with intercept, n - 2 degrees of freedom).
-- Known: after the close of date. The market is the equal-weight mean of the members' returns, each bounded by
-- $market_return_cap, on dates with at least $market_min_names of them.
create or replace table feat_beta as
with returns as (
    select
        ticker,
        date,
        in_universe,
        safe_div(price, lag(price, 1) over w) - 1 as ret
    from sep_base_academic
    window w as (partition by ticker order by date)
),

market as (
    select
        date,
        stable_mean(clip(ret, -$market_return_cap, $market_return_cap)) as market_ret
    from returns
    where in_universe and ret is not null
    group by date
    having count(*) >= $market_min_names
),

paired as (
    select r.ticker, r.date, r.ret, m.market_ret
    from market m
    right join returns r on r.date = m.date
)

select
    ticker,
    date,
    rolling_beta(ret, market_ret, 21) over w as beta_21d,
    rolling_beta(ret, market_ret, 63) over w as beta_63d,
    rolling_beta(ret, market_ret, 252) over w as beta_252d,
    rolling_resid_std(ret, market_ret, 63) over w as resid_vol_63d
from paired
window w as (partition by ticker order by date)
order by ticker, date
