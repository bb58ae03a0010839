-- feat_beta (reference): rolling beta and the deviation of daily residuals (spec 02 §8).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: beta is return per market return; resid_vol_63d in daily returns. Each residual uses the beta of its own day
-- and no intercept, so the deviation mixes 63 regressions.
-- Known: after the close of date. The market is the equal-weight mean return of all names, the stock itself included.
create or replace table feat_beta as
with returns as (
    select
        ticker,
        date,
        safe_div(price, lag(price, 1) over w) - 1 as ret
    from sep_base_academic
    window w as (partition by ticker order by date)
),

market as (
    select date, avg(ret) as market_ret
    from returns
    group by date
),

paired as (
    select r.ticker, r.date, r.ret, m.market_ret
    from market m
    right join returns r on r.date = m.date
),

betas as (
    select
        *,
        rolling_beta(ret, market_ret, 21) over w as beta_21d,
        rolling_beta(ret, market_ret, 63) over w as beta_63d,
        rolling_beta(ret, market_ret, 252) over w as beta_252d
    from paired
    window w as (partition by ticker order by date)
)

select
    ticker,
    date,
    beta_21d,
    beta_63d,
    beta_252d,
    rolling_std(ret - beta_63d * market_ret, 63) over w as resid_vol_63d
from betas
window w as (partition by ticker order by date)
order by ticker, date
