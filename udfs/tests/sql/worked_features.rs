//! Worked examples E1 to E8 of specification 02 §13. Tolerance 1e−12 unless its numbers are shorter.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::support::{after, assert_close, assert_column, query, session, some, with_series};

const BY_TICKER: &str = "window w as (partition by ticker order by t)";

/// A query of one expression per row of `series`, in order of time.
fn per_row(expression: &str) -> String {
    format!("select {expression} from series {BY_TICKER} order by t")
}

/// E1: returns with and without padding, and targets.
#[tokio::test]
async fn e1_returns_and_targets() {
    let mut close = some([10.0, 12.0, 12.0, 0.0, 15.0, 18.0, 9.0, 9.0]);
    close[3] = None;
    let context = with_series("series", &[("c", &close)]);
    let padded = format!(
        "with filled as (select ticker, t, forward_fill(c) over w as f from series {BY_TICKER}) \
         select safe_div(f, lag(f) over w) - 1 from filled {BY_TICKER} order by t"
    );
    assert_column(&context, &padded, &after(1, [0.2, 0.0, 0.0, 0.25, 0.2, -0.5, 0.0])).await;
    let plain = [None, Some(0.2), Some(0.0), None, None, Some(0.2), Some(-0.5), Some(0.0)];
    assert_column(&context, &per_row("safe_div(c, lag(c) over w) - 1"), &plain).await;

    let targets = format!(
        "with leads as (
           select t, safe_div(lead(c, 1) over w, c) - 1 as r1, safe_div(lead(c, 5) over w, c) - 1 as r5
           from series {BY_TICKER})
         select t, r1, r5, case when r5 > 0 then 1 else 0 end from leads
         where r1 is not null and r5 is not null order by t"
    );
    let found = query(&context, &targets).await.unwrap();
    let expected = [[0.0, 1.0], [0.2, 0.0], [0.8, -0.25], [1.0, 0.0]].map(some);
    for (found, expected) in found.iter().zip(&expected) {
        assert_close("targets", found, expected, 1e-12);
    }
}

/// E2: rolling mean, deviation and z-score; infinity is missing.
#[tokio::test]
async fn e2_rolling() {
    let x = some([10.0, 10.0, 10.0, 13.0, 13.0, 13.0, 16.0]);
    let context = with_series("series", &[("x", &x)]);
    let root = 3f64.sqrt();
    let mean = after(2, [10.0, 11.0, 12.0, 13.0, 14.0]);
    assert_column(&context, &per_row("rolling_mean(x, 3) over w"), &mean).await;
    let std = after(2, [0.0, root, root, 0.0, root]);
    assert_column(&context, &per_row("rolling_std(x, 3) over w"), &std).await;
    let mut zscore = after(3, [1.154700538379, 0.577350269190, 0.0, 1.154700538379]);
    zscore[5] = None;
    assert_column(&context, &per_row("rolling_zscore(x, 3) over w"), &zscore).await;

    let x = some([1.0, 2.0, f64::INFINITY, 4.0, 5.0, 6.0]);
    let context = with_series("series", &[("x", &x)]);
    assert_column(&context, &per_row("rolling_mean(x, 3) over w"), &after(5, [5.0])).await;
    assert_column(&context, &per_row("rolling_std(x, 3) over w"), &after(5, [1.0])).await;
    // With two of three values required, only the first row has too few.
    let partial = after(1, [1.5, 1.5, 3.0, 4.5, 5.0]);
    assert_column(&context, &per_row("rolling_mean(x, 3, 2) over w"), &partial).await;
    let sum = after(1, [3.0, 3.0, 6.0, 9.0, 15.0]);
    assert_column(&context, &per_row("rolling_sum(x, 3, 2) over w"), &sum).await;
    let min = after(1, [1.0, 1.0, 2.0, 4.0, 4.0]);
    assert_column(&context, &per_row("rolling_min(x, 3, 2) over w"), &min).await;
    let max = after(1, [2.0, 2.0, 4.0, 5.0, 6.0]);
    assert_column(&context, &per_row("rolling_max(x, 3, 2) over w"), &max).await;
}

/// E3: exponentially weighted mean with gaps.
#[tokio::test]
async fn e3_exponential_mean() {
    let x = [Some(8.0), Some(4.0), None, Some(9.0), Some(1.0)];
    let context = with_series("series", &[("x", &x)]);
    let mean = some([8.0, 6.0, 6.0, 8.0, 4.5]);
    assert_column(&context, &per_row("ewm_mean(x, 3) over w"), &mean).await;
    assert_column(&context, &per_row("ewm_mean_alpha(x, 0.5) over w"), &mean).await;

    let x = [None, Some(8.0), Some(4.0), None, None, Some(9.0), Some(1.0)];
    let context = with_series("series", &[("x", &x)]);
    let mean = after(1, [8.0, 6.0, 6.0, 6.0, 8.4, 4.7]);
    assert_column(&context, &per_row("ewm_mean(x, 3) over w"), &mean).await;
}

/// E4: beta, residual volatility of both kinds, and the market series.
#[tokio::test]
async fn e4_beta() {
    let r = after(1, [1.0, 2.0, 4.0, 3.0, 5.0, 9.0]);
    let m = some([0.0, 1.0, 1.0, 2.0, 3.0, 2.0, 4.0]);
    let context = with_series("series", &[("r", &r), ("m", &m)]);
    let beta = after(3, [2.5, 0.5, -1.5, 2.0]);
    assert_column(&context, &per_row("rolling_beta(r, m, 3) over w"), &beta).await;
    let reference = format!(
        "with b as (select ticker, t, r, m, rolling_beta(r, m, 3) over w as beta from series {BY_TICKER})
         select rolling_std(r - beta * m, 3) over w from b {BY_TICKER} order by t"
    );
    let expected = after(5, [(259.0f64 / 12.0).sqrt(), (61.0f64 / 4.0).sqrt()]);
    assert_column(&context, &reference, &expected).await;
    let half = 0.5f64.sqrt();
    let corrected = after(3, [half, 1.5f64.sqrt(), half, (32.0f64 / 3.0).sqrt()]);
    assert_column(&context, &per_row("rolling_resid_std(r, m, 3) over w"), &corrected).await;
    // K/√(S_x·S_y) and ȳ − beta·x̄ from the sums that the example lists.
    let sx: [f64; 4] = [2.0 / 3.0, 2.0, 2.0 / 3.0, 2.0];
    let sy = [14.0 / 3.0, 2.0, 2.0, 56.0 / 3.0];
    let k = [5.0 / 3.0, 1.0, -1.0, 4.0];
    let corr = after(3, std::array::from_fn::<f64, 4, _>(|i| k[i] / (sx[i] * sy[i]).sqrt()));
    assert_column(&context, &per_row("rolling_corr(r, m, 3) over w"), &corr).await;
    let alpha = after(3, [7.0 / 3.0 - 2.5 * 4.0 / 3.0, 3.0 - 0.5 * 2.0, 4.0 + 1.5 * 7.0 / 3.0, 17.0 / 3.0 - 2.0 * 3.0]);
    assert_column(&context, &per_row("rolling_alpha(r, m, 3) over w"), &alpha).await;

    let (r, m) = (some([1.0, 2.0, 3.0, 4.0]), some([5.0, 5.0, 5.0, 6.0]));
    let context = with_series("series", &[("r", &r), ("m", &m)]);
    let constant_market = after(3, [1.5]);
    assert_column(&context, &per_row("rolling_beta(r, m, 3) over w"), &constant_market).await;
}

/// E4: the equal-weighted market of three tickers.
#[tokio::test]
async fn e4_market() {
    let sql = "with prices (ticker, t, c) as (values
           ('A', 0, 10), ('A', 1, 11), ('A', 2, 11), ('B', 0, 20), ('B', 1, 20), ('B', 2, 30),
           ('C', 1, 5), ('C', 2, 10)),
         returns as (
           select t, safe_div(c, lag(c) over (partition by ticker order by t)) - 1 as r from prices)
         select avg(r) from returns group by t order by t";
    assert_column(&session(), sql, &after(1, [0.05, 0.5])).await;
}

/// E5: candles; a bar without range has no shares.
#[tokio::test]
async fn e5_candle() {
    let bars = "with bars (t, o, h, l, c) as (values
           (0, 8.0, 9.0, 7.0, 8.0), (1, 10.0, 14.0, 8.0, 12.0), (2, 12.0, 12.0, 12.0, 12.0),
           (3, 15.0, 15.0, 9.0, 9.0)),
         candle as (
           select t, abs(c - o) as body, h - greatest(o, c) as upper, least(o, c) - l as lower,
             h - l as range, o - lag(c) over (order by t) as gap, lag(c) over (order by t) as before
           from bars)
         select body, upper, lower, safe_div(body, range), safe_div(upper, range),
           safe_div(lower, range), gap, safe_div(gap, before)
         from candle order by t offset 1";
    let found = query(&session(), bars).await.unwrap();
    let third = 1.0 / 3.0;
    let expected = [
        some([2.0, 0.0, 6.0]),
        some([2.0, 0.0, 0.0]),
        some([2.0, 0.0, 0.0]),
        vec![Some(third), None, Some(1.0)],
        vec![Some(third), None, Some(0.0)],
        vec![Some(third), None, Some(0.0)],
        some([2.0, 0.0, 3.0]),
        some([0.25, 0.0, 0.25]),
    ];
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_close("candle", found, expected, 1e-12);
    }
}

/// E6: z-scores of average and of full-sample dollar volume, reference mode.
#[tokio::test]
async fn e6_adv() {
    let sql = "with volume (ticker, t, d) as (values
           ('A', 0, 2), ('A', 1, 4), ('A', 2, 6), ('A', 3, 8),
           ('B', 0, 10), ('B', 1, 10), ('B', 2, 10), ('B', 3, 10), ('C', 2, 30), ('C', 3, 50)),
         adv as (
           select ticker, t, rolling_mean(d, 2) over (partition by ticker order by t) as adv,
             avg(d) over (partition by ticker) as size from volume)
         select zscore(adv, null, 'reference') over w, zscore(size, null, 'reference') over w
         from adv window w as (partition by t) order by t, ticker";
    let found = query(&session(), sql).await.unwrap();
    let half = FRAC_1_SQRT_2;
    let adv = [
        some([0.0, 0.0]),
        some([-half, half]),
        vec![Some(-half), Some(half), None],
        some([-0.657595949221, -0.493196961916, 1.150792911138]),
    ];
    let size = [
        some([-half, half]),
        some([-half, half]),
        some([-0.704360725060, -0.440225453163, 1.144586178223]),
        some([-0.704360725060, -0.440225453163, 1.144586178223]),
    ];
    assert_close("adv_z", &found[0], &adv.concat(), 1e-11);
    assert_close("size_z", &found[1], &size.concat(), 1e-11);
}

/// E7: the clipped z-score of the reference.
#[tokio::test]
async fn e7_clipped_zscore() {
    let mut x = vec![Some(0.0); 11];
    x.push(Some(12.0));
    let context = with_series("series", &[("x", &x)]);
    let score = "over (partition by ticker) from series order by t";
    let reference = format!("select winsorized_zscore(x, 3, 0, 1, 2, 'reference') {score}");
    let mut expected = vec![Some(-0.288675134595); 11];
    expected.push(Some(3.0));
    assert_column(&context, &reference, &expected).await;
    assert_column(&context, &format!("select zscore(x, 3) {score}"), &expected).await;
    expected[11] = Some(3.175426480543);
    assert_column(&context, &format!("select zscore(x) {score}"), &expected).await;

    let cases = [
        (vec![Some(0.0), None, Some(4.0), Some(8.0)], vec![Some(-1.0), None, Some(0.0), Some(1.0)]),
        (vec![Some(3.0), None, Some(3.0)], some([0.0, 0.0, 0.0])),
        (vec![Some(3.0), None], some([0.0, 0.0])),
    ];
    for (x, expected) in cases {
        let context = with_series("series", &[("x", &x)]);
        assert_column(&context, &reference, &expected).await;
    }
}

/// E8: skewness, kurtosis and Wilder's relative strength.
#[tokio::test]
async fn e8_extensions() {
    let x = some([1.0, 2.0, 3.0, 4.0, 10.0]);
    let context = with_series("series", &[("x", &x)]);
    assert_column(&context, &per_row("rolling_skew(x, 5) over w"), &after(4, [1.697056274848])).await;
    assert_column(&context, &per_row("rolling_kurt(x, 5) over w"), &after(4, [3.152])).await;

    let close = some([10.0, 12.0, 11.0, 13.0, 16.0, 16.0]);
    let context = with_series("series", &[("c", &close)]);
    let rsi = after(3, [80.0, 89.473684210526, 89.473684210526]);
    assert_column(&context, &per_row("rsi(c, 3) over w"), &rsi).await;
}

/// A window over positions: the row at session 4 no longer sees session 1, though only two rows lie between.
#[tokio::test]
async fn sum_by_session() {
    let x = some([10.0, 20.0, 30.0, 40.0]);
    let session = some([1.0, 2.0, 4.0, 7.0]);
    let context = with_series("series", &[("x", &x), ("s", &session)]);
    let sums = some([10.0, 30.0, 50.0, 40.0]);
    assert_column(&context, &per_row("rolling_sum_by(x, s, 3) over w"), &sums).await;
    let pairs = vec![None, Some(30.0), Some(50.0), None];
    assert_column(&context, &per_row("rolling_sum_by(x, s, 3, 2) over w"), &pairs).await;
}
