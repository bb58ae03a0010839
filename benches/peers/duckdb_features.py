"""The ten feature datasets in DuckDB: duckdb_features.py INPUT_FOLDER OUTPUT_FOLDER DATASET...

Each dataset is one COPY from the Parquet files of sep_base_academic to one Parquet file, sorted and compressed as
Kairos' own. The numbers are the defaults of sql/pipeline.toml.
"""

import sys

import duckdb

# Missing where it is not finite; a rolling aggregate of a frame that is not full is missing as well.
MACROS = """
create macro safe_div(a, b) as case when isfinite(a / b) then a / b end;
-- A frame without variation: the differences are no more than rounding noise.
create macro is_flat(lo, hi) as hi - lo <= 1e-12 * greatest(1, abs(lo), abs(hi));
create macro deviation(s, n, seen, lo, hi) as
    case when seen = n then case when is_flat(lo, hi) then 0 else s end end;
create macro zscore(x, mean, s, n) as case
    when x is null then null
    when n < 10 or s is null or s <= 1e-12 * greatest(1, abs(mean)) then 0
    else greatest(-3, least(3, (x - mean) / s)) end;
"""

TICKER = "partition by ticker order by date"


def rows(name, n):
    """A named window over the last n rows of the ticker."""
    return f"{name} as ({TICKER} rows {n - 1} preceding)"


def std(x, n, window):
    """Standard deviation of a full frame, exactly 0 where the frame does not vary."""
    return (
        f"deviation(stddev_samp({x}) over {window}, {n}, count({x}) over {window}, "
        f"min({x}) over {window}, max({x}) over {window})"
    )


def mean(x, n, window, least=None):
    """Mean of a frame with at least `least` values, all n by default."""
    return f"case when count({x}) over {window} >= {least or n} then avg({x}) over {window} end"


def ewm(x, span):
    """Exponential average, not adjusted: (1 - a)^t * cumulated a * x_i / (1 - a)^i, the first value with weight 1.

    DuckDB has no exponential average. The closed form needs prices without gaps and stays in range for about 3,000
    rows of a ticker.
    """
    a = 2 / (span + 1)
    return (
        f"sum(case when t = 0 then {x} else {a!r} * {x} * power({1 - a!r}, -t) end) over so_far "
        f"* power({1 - a!r}, t)"
    )


def winsorized(value, relation):
    """CTEs that give `{value}_mean`, `_std`, `_n`, `_lo`, `_hi` per date, from values moved inside their quantiles."""
    return f"""
    {value}_bounds as (
        select date, quantile_cont({value}, 0.01) as lo, quantile_cont({value}, 0.99) as hi
        from {relation} where {value} is not null group by date
    ),
    {value}_stats as (
        select date, any_value(lo) as lo, any_value(hi) as hi, count(*) as n,
            avg(greatest(lo, least(hi, {value}))) as mean, stddev_samp(greatest(lo, least(hi, {value}))) as std
        from {relation} join {value}_bounds using (date) where {value} is not null group by date
    )"""


def scored(value):
    """The z-score of a value whose statistics are joined as `{value}_stats`."""
    s = f"{value}_stats"
    return (
        f"zscore(case when {value} is not null then greatest({s}.lo, least({s}.hi, {value})) end, {s}.mean, {s}.std, {s}.n)"
    )


RETURNS = f"""returns as (
    select *, safe_div(price, lag(price) over w) - 1 as ret_1d from base window w as ({TICKER})
)"""

QUERIES = {
    "feat_price_action": f"""
with lagged as (
    select *, lag(price, 1) over w as price_1, lag(price, 5) over w as price_5, lag(price, 21) over w as price_21,
        safe_div(lag(price, 1) over w * close, price) as close_1
    from base window w as ({TICKER})
)
select ticker, date, safe_div(price, price_1) - 1 as ret_1d, safe_div(price, price_5) - 1 as ret_5d,
    safe_div(price, price_21) - 1 as ret_21d, safe_div(high, low) as hl_ratio, safe_div(close, open) as co_ratio,
    high - low as true_range, safe_div(high - low, open) as range_pct,
    case when high is not null and low is not null and close_1 is not null
        then greatest(high, close_1) - least(low, close_1) end as wilder_range
from lagged""",
    "feat_trend": f"""
with averages as (
    select ticker, date, price, {mean("price", 5, "w5")} as sma_5, {mean("price", 21, "w21")} as sma_21,
        row_number() over w - 1 as t
    from base window w as ({TICKER}), {rows("w5", 5)}, {rows("w21", 21)}
),
exponential as (
    select *, {ewm("price", 12)} as ema_12, {ewm("price", 26)} as ema_26, sma_21 - lag(sma_21, 5) over w as sma_21_slope
    from averages window w as ({TICKER}), so_far as ({TICKER} rows unbounded preceding)
),
crossings as (
    select *, ema_12 - ema_26 as macd, {ewm("(ema_12 - ema_26)", 9)} as macd_signal,
        price is not null and t >= 36 as warm_12, price is not null and t >= 78 as warm_26
    from exponential window so_far as ({TICKER} rows unbounded preceding)
)
select ticker, date, sma_5, sma_21, case when warm_12 then ema_12 end as ema_12, case when warm_26 then ema_26 end as ema_26,
    safe_div(price - sma_21, sma_21) as price_vs_sma_21, sma_21_slope, case when warm_26 then macd end as macd,
    case when warm_26 then macd_signal end as macd_signal, case when warm_26 then macd - macd_signal end as macd_hist,
    safe_div(sma_21_slope, sma_21) / 5 as sma_21_slope_pct, case when warm_26 then safe_div(macd, price) end as macd_pct,
    case when warm_26 then safe_div(macd - macd_signal, price) end as macd_hist_pct
from crossings""",
    "feat_stat": f"""
with {RETURNS},
windows as (
    select *, {mean("price", 21, "w21")} as average, {std("price", 21, "w21")} as spread,
        {std("ret_1d", 21, "w21")} as ret_std, case when count(price) over w21 = 21 then max(price) over w21 end as highest
    from returns window {rows("w21", 21)}
),
scores as (select *, safe_div(price - average, spread) as z from windows)
select ticker, date, z as close_zscore_21d, safe_div(ret_1d, ret_std) as ret_1d_zscore_21d, highest as rolling_max_21d,
    cast(case when z < -2 then 1 when z >= -2 then 0 end as bigint) as mean_reversion_flag,
    safe_div(price - highest, highest) as price_vs_max_21d
from scores""",
    "feat_price_shape": f"""
with prices as (
    select *, safe_div(lag(price, 1) over w * close, price) as close_1 from base window w as ({TICKER})
),
candles as (
    select *, case when open > close then open when open <= close then close end as body_top,
        case when open > close then close when open <= close then open end as body_bottom
    from prices
)
select ticker, date, abs(close - open) as body_size, high - body_top as upper_wick, body_bottom - low as lower_wick,
    high - low as candle_range, safe_div(abs(close - open), high - low) as body_pct_of_range,
    safe_div(high - body_top, high - low) as upper_wick_pct, safe_div(body_bottom - low, high - low) as lower_wick_pct,
    open - close_1 as gap_open, safe_div(open - close_1, close_1) as gap_pct
from candles""",
    "feat_volume_volatility": f"""
with days as (
    select *, lag(volume, 1) over w as volume_1, safe_div(price, lag(price, 1) over w) - 1 as ret_1d, high - low as bar
    from base window w as ({TICKER})
),
windows as (
    select *, {mean("volume", 21, "w21")} as average, {std("volume", 21, "w21")} as spread,
        {std("ret_1d", 5, "w5")} as ret_std_5d, {std("ret_1d", 21, "w21")} as ret_std_21d, {mean("bar", 14, "w14")} as atr_14d
    from days window {rows("w5", 5)}, {rows("w14", 14)}, {rows("w21", 21)}
)
select ticker, date, close * volume as dollar_volume, safe_div(volume - average, spread) as vol_zscore_21d,
    safe_div(volume, volume_1) - 1 as volume_pct_change_1d, ret_std_5d, ret_std_21d, atr_14d,
    safe_div(atr_14d, close) as atr_14d_pct
from windows""",
    "feat_adv": f"""
with days as (select ticker, date, in_universe, marketcap, close * volume as dollar_volume from base),
averages as (
    select *, {mean("dollar_volume", 20, "w20")} as adv_20, {mean("dollar_volume", 60, "w60")} as adv_60,
        {mean("dollar_volume", 252, "w252", 60)} as adv_252
    from days window {rows("w20", 20)}, {rows("w60", 60)}, {rows("w252", 252)}
),
logs as (
    select *, case when marketcap > 0 then ln(marketcap * 1e6) when adv_252 > 0 then ln(adv_252) end as size_raw
    from averages
),
sized as (
    select *, case when in_universe and adv_20 > 0 then ln(adv_20) end as member_adv,
        case when in_universe then size_raw end as member_size
    from logs
),
{winsorized("member_adv", "sized")}, {winsorized("member_size", "sized")}
select ticker, date, dollar_volume, adv_20, adv_60, {scored("member_adv")} as adv_z, size_raw,
    {scored("member_size")} as size_z
from sized left join member_adv_stats using (date) left join member_size_stats using (date)""",
    "feat_vol_sizing": f"""
with {RETURNS},
windows as (
    select ticker, date, {std("ret_1d", 21, "w21")} as vol_21, {std("ret_1d", 63, "w63")} as vol_63
    from returns window {rows("w21", 21)}, {rows("w63", 63)}
)
select ticker, date, vol_21, vol_63, 0.5 * vol_21 + 0.5 * vol_63 as vol_blend from windows""",
    "feat_beta": f"""
with {RETURNS},
market as (
    select date, avg(greatest(-1, least(1, ret_1d))) as market_ret from returns
    where in_universe and ret_1d is not null group by date having count(*) >= 30
),
paired as (
    select ticker, date, ret_1d as y, market_ret as x, y * x as pair from returns left join market using (date)
)
select ticker, date, {", ".join(
        f"case when count(pair) over w{n} = {n} then regr_slope(y, x) over w{n} end as beta_{n}d" for n in (21, 63, 252))},
    case when count(pair) over w63 = 63 then sqrt(greatest(0,
        regr_syy(y, x) over w63 - power(regr_sxy(y, x) over w63, 2) / regr_sxx(y, x) over w63) / 61) end as resid_vol_63d
from paired window {rows("w21", 21)}, {rows("w63", 63)}, {rows("w252", 252)}""",
    "feat_targets": f"""
with ahead as (
    select ticker, date, safe_div(lead(price, 1) over w, price) - 1 as ret_1d_f,
        safe_div(lead(price, 5) over w, price) - 1 as ret_5d_f,
        safe_div(lead(price, 6) over w, lead(price, 1) over w) - 1 as ret_5d_f_traded
    from base window w as ({TICKER})
)
select ticker, date, ret_1d_f, ret_5d_f,
    cast(case when ret_5d_f > 0 then 1 when ret_5d_f <= 0 then 0 end as tinyint) as label_5d_up, ret_5d_f_traded
from ahead""",
    "feat_momentum_v2": f"""
with lagged as (
    select ticker, date, in_universe, closeadj, lag(closeadj, 21) over w as closeadj_21,
        lag(closeadj, 63) over w as closeadj_63, lag(closeadj, 126) over w as closeadj_126,
        case when date - lag(date, 252) over w <= 400 then lag(closeadj, 252) over w end as closeadj_252
    from base window w as ({TICKER})
),
momentum as (
    select ticker, date, safe_div(closeadj, closeadj_21) - 1 as mom_1m, safe_div(closeadj, closeadj_63) - 1 as mom_3m,
        safe_div(closeadj, closeadj_126) - 1 as mom_6m, safe_div(closeadj, closeadj_252) - 1 as mom_12m,
        safe_div(closeadj_21, closeadj_252) - 1 as mom_12_1, 1 - safe_div(closeadj, closeadj_21) as reversal_1m,
        case when in_universe then mom_12_1 end as member_mom, case when in_universe then reversal_1m end as member_rev
    from lagged where date >= date '2000-01-01'
),
{winsorized("member_mom", "momentum")}, {winsorized("member_rev", "momentum")},
z as (
    select momentum.*, {scored("member_mom")} as z_mom, {scored("member_rev")} as z_rev
    from momentum left join member_mom_stats using (date) left join member_rev_stats using (date)
)
select ticker, date, mom_1m, mom_3m, mom_6m, mom_12m, mom_12_1, reversal_1m,
    safe_div(coalesce(0.6 * z_mom, 0) + coalesce(0.4 * z_rev, 0),
        case when z_mom is null then 0 else 0.6 end + case when z_rev is null then 0 else 0.4 end) as momentum_composite_z
from z""",
}


def main(source, target, datasets):
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(MACROS)
    connection.execute(f"create view base as select * from read_parquet('{source}/*.parquet')")
    for dataset in datasets:
        connection.execute(
            f"copy ({QUERIES[dataset]} order by ticker, date) to '{target}/{dataset}.parquet' "
            "(format parquet, compression uncompressed)"
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:] or list(QUERIES))
