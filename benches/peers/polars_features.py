"""The ten feature datasets in Polars: polars_features.py INPUT_FOLDER OUTPUT_FOLDER DATASET...

Each dataset is one lazy query from the Parquet files of sep_base_academic to one Parquet file, compressed as Kairos'
own. The files are sorted by ticker and date, and Polars keeps their order. The numbers are the defaults of
sql/pipeline.toml.
"""

import os
import sys

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import polars as pl

c = pl.col


def finite(x):
    return pl.when(x.is_finite()).then(x)


def safe_div(a, b):
    return finite(a / b)


def change(a, b):
    """The simple return from b to a."""
    return safe_div(a, b) - 1


def spread(x, n):
    """Standard deviation of the last n rows, exactly 0 where they do not vary (no more than rounding noise)."""
    low, high = x.rolling_min(n), x.rolling_max(n)
    flat = high - low <= 1e-12 * pl.max_horizontal(pl.lit(1.0), low.abs(), high.abs())
    return pl.when(flat).then(pl.lit(0.0)).otherwise(x.rolling_std(n))


def by_ticker(**columns):
    """Expressions evaluated per ticker, as one struct-free list for `with_columns`."""
    return [expression.over("ticker").alias(name) for name, expression in columns.items()]


RET = change(c.price, c.price.shift(1))


def winsorized_zscore(x):
    """The score within the date of a value moved inside its quantiles, bounded by 3; 0 where there is no spread."""
    inside = x.clip(x.quantile(0.01, "linear"), x.quantile(0.99, "linear"))
    mean, std = inside.mean(), inside.std()
    degenerate = (inside.count() < 10) | std.is_null() | (std <= 1e-12 * pl.max_horizontal(pl.lit(1.0), mean.abs()))
    score = pl.when(degenerate).then(pl.lit(0.0)).otherwise(((inside - mean) / std).clip(-3.0, 3.0))
    return pl.when(x.is_not_null()).then(score)


def price_action(base):
    lagged = base.with_columns(
        by_ticker(price_1=c.price.shift(1), price_5=c.price.shift(5), price_21=c.price.shift(21))
    ).with_columns(close_1=safe_div(c.price_1 * c.close, c.price))
    known = c.high.is_not_null() & c.low.is_not_null() & c.close_1.is_not_null()
    widest = pl.max_horizontal("high", "close_1") - pl.min_horizontal("low", "close_1")
    return lagged.select(
        "ticker",
        "date",
        ret_1d=change(c.price, c.price_1),
        ret_5d=change(c.price, c.price_5),
        ret_21d=change(c.price, c.price_21),
        hl_ratio=safe_div(c.high, c.low),
        co_ratio=safe_div(c.close, c.open),
        true_range=c.high - c.low,
        range_pct=safe_div(c.high - c.low, c.open),
        wilder_range=pl.when(known).then(widest),
    )


def trend(base):
    def ewm(x, span):
        return x.ewm_mean(span=span, adjust=False, ignore_nulls=False)

    averages = base.with_columns(
        by_ticker(
            sma_5=c.price.rolling_mean(5),
            sma_21=c.price.rolling_mean(21),
            ema_12=ewm(c.price, 12),
            ema_26=ewm(c.price, 26),
            row=pl.int_range(pl.len()),
        )
    ).with_columns(macd=c.ema_12 - c.ema_26)
    crossings = averages.with_columns(
        by_ticker(sma_21_slope=c.sma_21 - c.sma_21.shift(5), macd_signal=ewm(c.macd, 9))
    ).with_columns(macd_hist=c.macd - c.macd_signal)

    def warm(x, span):
        return pl.when(c.price.is_not_null() & (c.row >= 3 * span)).then(x)

    return crossings.select(
        "ticker",
        "date",
        "sma_5",
        "sma_21",
        ema_12=warm(c.ema_12, 12),
        ema_26=warm(c.ema_26, 26),
        price_vs_sma_21=safe_div(c.price - c.sma_21, c.sma_21),
        sma_21_slope=c.sma_21_slope,
        macd=warm(c.macd, 26),
        macd_signal=warm(c.macd_signal, 26),
        macd_hist=warm(c.macd_hist, 26),
        sma_21_slope_pct=safe_div(c.sma_21_slope, c.sma_21) / 5,
        macd_pct=warm(safe_div(c.macd, c.price), 26),
        macd_hist_pct=warm(safe_div(c.macd_hist, c.price), 26),
    )


def stat(base):
    windows = base.with_columns(by_ticker(ret_1d=RET)).with_columns(
        by_ticker(
            average=c.price.rolling_mean(21),
            spread=spread(c.price, 21),
            ret_std=spread(c.ret_1d, 21),
            highest=c.price.rolling_max(21),
        )
    )
    scores = windows.with_columns(z=safe_div(c.price - c.average, c.spread))
    return scores.select(
        "ticker",
        "date",
        close_zscore_21d="z",
        ret_1d_zscore_21d=safe_div(c.ret_1d, c.ret_std),
        rolling_max_21d="highest",
        mean_reversion_flag=(c.z < -2).cast(pl.Int64),
        price_vs_max_21d=safe_div(c.price - c.highest, c.highest),
    )


def price_shape(base):
    candles = base.with_columns(
        *by_ticker(close_1=safe_div(c.price.shift(1) * c.close, c.price)),
        body_top=pl.when(c.open > c.close).then(c.open).when(c.open <= c.close).then(c.close),
        body_bottom=pl.when(c.open > c.close).then(c.close).when(c.open <= c.close).then(c.open),
        bar=c.high - c.low,
    )
    return candles.select(
        "ticker",
        "date",
        body_size=(c.close - c.open).abs(),
        upper_wick=c.high - c.body_top,
        lower_wick=c.body_bottom - c.low,
        candle_range="bar",
        body_pct_of_range=safe_div((c.close - c.open).abs(), c.bar),
        upper_wick_pct=safe_div(c.high - c.body_top, c.bar),
        lower_wick_pct=safe_div(c.body_bottom - c.low, c.bar),
        gap_open=c.open - c.close_1,
        gap_pct=safe_div(c.open - c.close_1, c.close_1),
    )


def volume_volatility(base):
    windows = base.with_columns(
        *by_ticker(volume_1=c.volume.shift(1), ret_1d=RET),
        bar=c.high - c.low,
    ).with_columns(
        by_ticker(
            average=c.volume.rolling_mean(21),
            spread=spread(c.volume, 21),
            ret_std_5d=spread(c.ret_1d, 5),
            ret_std_21d=spread(c.ret_1d, 21),
            atr_14d=c.bar.rolling_mean(14),
        )
    )
    return windows.select(
        "ticker",
        "date",
        dollar_volume=c.close * c.volume,
        vol_zscore_21d=safe_div(c.volume - c.average, c.spread),
        volume_pct_change_1d=change(c.volume, c.volume_1),
        ret_std_5d=c.ret_std_5d,
        ret_std_21d=c.ret_std_21d,
        atr_14d=c.atr_14d,
        atr_14d_pct=safe_div(c.atr_14d, c.close),
    )


def adv(base):
    averages = base.with_columns(dollar_volume=c.close * c.volume).with_columns(
        by_ticker(
            adv_20=c.dollar_volume.rolling_mean(20),
            adv_60=c.dollar_volume.rolling_mean(60),
            adv_252=c.dollar_volume.rolling_mean(252, min_samples=60),
        )
    )
    sized = averages.with_columns(
        size_raw=pl.coalesce(finite((c.marketcap * 1e6).log()), finite(c.adv_252.log())),
    ).with_columns(
        member_adv=pl.when("in_universe").then(finite(c.adv_20.log())),
        member_size=pl.when("in_universe").then(c.size_raw),
    )
    return sized.select(
        "ticker",
        "date",
        "dollar_volume",
        "adv_20",
        "adv_60",
        adv_z=winsorized_zscore(c.member_adv).over("date"),
        size_raw=c.size_raw,
        size_z=winsorized_zscore(c.member_size).over("date"),
    )


def vol_sizing(base):
    windows = base.with_columns(by_ticker(ret_1d=RET)).with_columns(
        by_ticker(vol_21=spread(c.ret_1d, 21), vol_63=spread(c.ret_1d, 63))
    )
    return windows.select("ticker", "date", "vol_21", "vol_63", vol_blend=0.5 * c.vol_21 + 0.5 * c.vol_63)


def beta(base):
    returns = base.with_columns(by_ticker(y=RET))
    market = (
        returns.filter(c.in_universe & c.y.is_not_null())
        .group_by("date")
        .agg(x=c.y.clip(-1.0, 1.0).mean(), names=pl.len())
        .filter(c.names >= 30)
        .select("date", "x")
    )
    # Only full windows count, so that x and y are known in all rows of a window or the result is missing.
    paired = returns.join(market, on="date", how="left", maintain_order="left").with_columns(
        x=pl.when(c.y.is_not_null()).then(c.x)
    )

    def slope(n):
        return finite(pl.rolling_cov("y", "x", window_size=n, min_samples=n) / c.x.rolling_var(n))

    explained = pl.rolling_cov("y", "x", window_size=63, min_samples=63).pow(2) / c.x.rolling_var(63)
    residual = ((c.y.rolling_var(63) - explained).clip(0.0) * 62 / 61).sqrt()
    return paired.select(
        "ticker",
        "date",
        *by_ticker(beta_21d=slope(21), beta_63d=slope(63), beta_252d=slope(252), resid_vol_63d=finite(residual)),
    )


def targets(base):
    ahead = base.with_columns(
        by_ticker(price_1=c.price.shift(-1), price_5=c.price.shift(-5), price_6=c.price.shift(-6))
    ).with_columns(ret_5d_f=change(c.price_5, c.price))
    return ahead.select(
        "ticker",
        "date",
        ret_1d_f=change(c.price_1, c.price),
        ret_5d_f=c.ret_5d_f,
        label_5d_up=(c.ret_5d_f > 0).cast(pl.Int8),
        ret_5d_f_traded=change(c.price_6, c.price_1),
    )


def momentum(base):
    lagged = base.with_columns(
        by_ticker(
            closeadj_21=c.closeadj.shift(21),
            closeadj_63=c.closeadj.shift(63),
            closeadj_126=c.closeadj.shift(126),
            closeadj_252=pl.when(c.date - c.date.shift(252) <= pl.duration(days=400)).then(c.closeadj.shift(252)),
        )
    ).filter(c.date >= pl.date(2000, 1, 1))
    moved = lagged.with_columns(
        mom_1m=change(c.closeadj, c.closeadj_21),
        mom_3m=change(c.closeadj, c.closeadj_63),
        mom_6m=change(c.closeadj, c.closeadj_126),
        mom_12m=change(c.closeadj, c.closeadj_252),
        mom_12_1=change(c.closeadj_21, c.closeadj_252),
        reversal_1m=1 - safe_div(c.closeadj, c.closeadj_21),
    )
    scored = moved.with_columns(
        z_mom=winsorized_zscore(pl.when("in_universe").then(c.mom_12_1)).over("date"),
        z_rev=winsorized_zscore(pl.when("in_universe").then(c.reversal_1m)).over("date"),
    )
    weight = pl.when(c.z_mom.is_null()).then(0.0).otherwise(0.6) + pl.when(c.z_rev.is_null()).then(0.0).otherwise(0.4)
    weighted = (0.6 * c.z_mom).fill_null(0.0) + (0.4 * c.z_rev).fill_null(0.0)
    return scored.select(
        "ticker",
        "date",
        "mom_1m",
        "mom_3m",
        "mom_6m",
        "mom_12m",
        "mom_12_1",
        "reversal_1m",
        momentum_composite_z=safe_div(weighted, weight),
    )


QUERIES = {
    "feat_price_action": price_action,
    "feat_trend": trend,
    "feat_stat": stat,
    "feat_price_shape": price_shape,
    "feat_volume_volatility": volume_volatility,
    "feat_adv": adv,
    "feat_vol_sizing": vol_sizing,
    "feat_beta": beta,
    "feat_targets": targets,
    "feat_momentum_v2": momentum,
}


def main(source, target, datasets):
    for dataset in datasets:
        base = pl.scan_parquet(f"{source}/*.parquet")
        target_file = f"{target}/{dataset}.parquet"
        QUERIES[dataset](base).sink_parquet(target_file, compression="lz4")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:] or list(QUERIES))
