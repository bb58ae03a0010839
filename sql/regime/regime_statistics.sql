-- regime_statistics: volatility, trend and dispersion of the market (spec 04 §7.1).
-- Key: date. One row per date of sep_base_academic.
-- Units: vol_21 is the median over the members of the deviation of daily returns (not annualised) over $regime_vol_rows
-- rows, trend_60 that of the simple return over $regime_trend_rows rows, each over the ticker's own rows; dispersion is
-- the deviation of the day's returns over the members. All on price (see $return_basis); NULL with fewer than
-- $regime_min_names names. n_names counts the members with a return.
-- Known: after the close of date.
create or replace table regime_statistics as
with returns as (
    select
        ticker,
        date,
        in_universe,
        safe_div(price, lag(price, 1) over w) - 1 as ret,
        safe_div(price, lag(price, $regime_trend_rows) over w) - 1 as trend
    from sep_base_academic
    window w as (partition by ticker order by date)
),

moves as (
    select *, rolling_std(ret, $regime_vol_rows) over w as vol
    from returns
    window w as (partition by ticker order by date)
)

select
    date,
    count(ret) filter (where in_universe) as n_names,
    case
        when count(vol) filter (where in_universe) >= $regime_min_names
            then median(vol) filter (where in_universe)
    end as vol_21,
    case
        when count(trend) filter (where in_universe) >= $regime_min_names
            then median(trend) filter (where in_universe)
    end as trend_60,
    case
        when count(ret) filter (where in_universe) >= $regime_min_names
            then finite(stable_std(ret) filter (where in_universe))
    end as dispersion
from moves
group by date
order by date
