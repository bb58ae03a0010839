-- regime_statistics (reference): volatility, trend and dispersion of the market (spec 04 §2).
-- Key: date. One row per date of sep_base_academic.
-- Units: as in the default, over all names, on closes filled forward without end over all dates: a name that no longer
-- trades has returns of 0.
-- Known: after the close of date.
create or replace table regime_statistics as
with grid as (
    select t.ticker, d.date
    from (select distinct ticker from sep_base_academic) t
    cross join (select distinct date from sep_base_academic) d
),

filled as (
    select g.ticker, g.date, forward_fill(p.close) over w as close
    from grid g
    left join sep_base_academic p on g.ticker = p.ticker and g.date = p.date
    window w as (partition by g.ticker order by g.date)
),

returns as (
    select
        ticker,
        date,
        safe_div(close, lag(close, 1) over w) - 1 as ret,
        safe_div(close, lag(close, $regime_trend_rows) over w) - 1 as trend
    from filled
    window w as (partition by ticker order by date)
),

moves as (
    select *, rolling_std(ret, $regime_vol_rows) over w as vol
    from returns
    window w as (partition by ticker order by date)
)

select
    date,
    count(ret) as n_names,
    median(vol) as vol_21,
    median(trend) as trend_60,
    finite(stddev(ret)) as dispersion
from moves
group by date
order by date
