//! The golden test of specification 02 §14: 780 rows of three tickers, against the output of the
//! reference, as far as functions of this crate make the numbers.

use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::Arc;

use datafusion::arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::prelude::SessionContext;

use crate::support::{Column, assert_close, query, session, some};

/// One bar: ticker, day, high, low, close, volume.
type Bar = (&'static str, i64, f64, f64, f64, f64);

/// The input by its formulas.
fn bars() -> Vec<Bar> {
    let tickers = [(0, "AAA", 0..300), (1, "BBB", 0..280), (2, "CCC", 100..300)];
    let bar = |k: i64, ticker, t: i64| {
        let close = 100 + 20 * k + (7 * t + 3 * k) % 13 + (t * t + k * t) % 7;
        let open = close + (t / 3 + k) % 5 - 2;
        let high = open.max(close) + 1 + t % 3;
        let low = open.min(close) - 1 - (t + k) % 2;
        let volume = 1000 * (k + 1) + 10 * ((11 * t + 2 * k) % 97);
        (ticker, t, high as f64, low as f64, close as f64, volume as f64)
    };
    let rows = tickers.into_iter().flat_map(|(k, ticker, t)| t.map(move |t| bar(k, ticker, t)));
    rows.collect()
}

fn with_bars() -> SessionContext {
    let bars = bars();
    assert_eq!(bars.len(), 780);
    assert_eq!(bars[1], ("AAA", 1, 110.0, 104.0, 108.0, 1110.0));
    assert_eq!(bars[580], ("CCC", 100, 147.0, 142.0, 145.0, 3370.0));
    let number = |value: fn(&Bar) -> f64| Arc::new(bars.iter().map(value).collect::<Float64Array>());
    let batch = RecordBatch::try_from_iter([
        ("ticker", Arc::new(bars.iter().map(|bar| Some(bar.0)).collect::<StringArray>()) as _),
        ("t", Arc::new(bars.iter().map(|bar| bar.1).collect::<Int64Array>()) as _),
        ("high", number(|bar| bar.2) as _),
        ("low", number(|bar| bar.3) as _),
        ("close", number(|bar| bar.4) as _),
        ("volume", number(|bar| bar.5) as _),
    ])
    .expect("columns of equal length");
    let context = session();
    context.register_batch("bars", batch).expect("a new table");
    context
}

/// Every column of the test, each with NULL where its table has no row.
const FEATURES: &str = "
    with returns as (
      select *, close / lag(close) over w - 1 as r, close * volume as dollar_volume
      from bars window w as (partition by ticker order by t)),
    market as (select t, avg(r) as m from returns group by t),
    joined as (select returns.*, m from returns join market on returns.t = market.t),
    first as (
      select *,
        row_number() over w - 1 as row,
        rolling_mean(close, 21) over w as sma_21,
        ewm_mean(close, 12) over w as ema_12,
        ewm_mean(close, 26) over w as ema_26,
        rolling_zscore(close, 21) over w as close_zscore_21d,
        rolling_zscore(volume, 21) over w as vol_zscore_21d,
        rolling_std(r, 21) over w as ret_std_21d,
        rolling_std(r, 63) over w as vol_63,
        rolling_mean(high - low, 14) over w as atr_14d,
        rolling_mean(dollar_volume, 20) over w as adv_20,
        rolling_mean(dollar_volume, 60) over w as adv_60,
        rolling_beta(r, m, 21) over w as beta_21d,
        rolling_beta(r, m, 63) over w as beta_63d,
        rolling_beta(r, m, 252) over w as beta_252d
      from joined window w as (partition by ticker order by t)),
    second as (
      select *,
        ewm_mean(ema_12 - ema_26, 9) over w as macd_signal,
        rolling_std(r - beta_63d * m, 63) over w as resid_vol_63d,
        zscore(adv_20, null, 'reference') over (partition by t) as adv_z
      from first window w as (partition by ticker order by t))";

/// A column of the features: its name, the rows its table keeps, and what the reference has for A
/// (AAA at t = 150), for B (CCC at t = 290), as number of values and as their sum.
type Golden = (&'static str, &'static str, Option<f64>, Option<f64>, f64, f64);

const TREND: &str = "row >= 25";
const VOLUME: &str = "row >= 21";
const ADV: &str = "adv_60 is not null";
const SIZING: &str = "vol_63 is not null";
const BETA: &str = "beta_63d is not null";

const GOLDEN: [Golden; 15] = [
    ("sma_21", TREND, Some(107.619047619), Some(148.095238095), 705.0, 88496.1428571),
    ("ema_12", TREND, Some(108.06468214), Some(147.541448307), 705.0, 88500.3335649),
    ("ema_26", TREND, Some(107.9710857), Some(147.810893543), 705.0, 88466.1758679),
    ("macd_signal", TREND, Some(-0.121865562908), Some(-0.0367974833624), 705.0, 42.4623094768),
    ("close_zscore_21d", VOLUME, Some(1.11105763259), Some(0.178157711645), 717.0, 1.41177328642),
    ("vol_zscore_21d", VOLUME, Some(-1.71477593884), Some(1.39263189859), 717.0, 30.2716102408),
    ("ret_std_21d", VOLUME, Some(0.0635282219456), Some(0.0608678823612), 717.0, 41.5989448109),
    ("vol_63", SIZING, Some(0.0639590243135), Some(0.0505250653183), 591.0, 33.8800108382),
    ("atr_14d", VOLUME, Some(4.64285714286), Some(4.71428571429), 717.0, 3369.71428571),
    ("adv_20", ADV, Some(163674.0), Some(515437.5), 603.0, 181842525.0),
    ("adv_z", ADV, Some(-0.968918789994), Some(FRAC_1_SQRT_2), 603.0, -41.2235207002),
    ("beta_21d", BETA, Some(1.63955454695), Some(0.276803483626), 591.0, 625.799326628),
    ("beta_63d", BETA, Some(1.22846170128), Some(0.156745011364), 591.0, 596.005850873),
    ("beta_252d", BETA, None, None, 76.0, 88.0639773221),
    ("resid_vol_63d", BETA, Some(0.0519282474331), Some(0.0504240818887), 405.0, 18.6334476744),
];

/// Points and totals of every column.
#[tokio::test]
async fn columns() {
    let context = with_bars();
    for (name, kept, a, b, count, sum) in GOLDEN {
        let sql = format!(
            "{FEATURES} select
               max({name}) filter (where ticker = 'AAA' and t = 150),
               max({name}) filter (where ticker = 'CCC' and t = 290),
               count({name}), sum({name})
             from second where {kept}"
        );
        let found: Column = query(&context, &sql).await.expect(name).concat();
        let what = format!("{name} (A, B, n)");
        assert_close(&what, &found[..3], &[a, b, Some(count)], 1e-9);
        assert_close(&format!("sum of {name}"), &found[3..], &[Some(sum)], 1e-8);
    }
}

/// The further points of the four beta columns.
#[tokio::test]
async fn beta_points() {
    let points = [
        ("AAA", 63, vec![Some(1.084303947324), Some(1.132946977907), None, None]),
        ("AAA", 125, vec![Some(1.032374803513), Some(1.164512718506), None, Some(0.0454478610555)]),
        ("AAA", 299, some([1.983973912711, 1.220126496010, 1.124282459597, 0.0562179414368])),
        ("BBB", 279, some([1.703048073970, 1.807077891995, 1.278492232357, 0.0288348002179])),
        ("CCC", 163, vec![Some(0.297055620132), Some(0.0902606967477), None, None]),
        ("CCC", 225, vec![Some(0.564241287511), Some(0.155314963309), None, Some(0.0510327640073)]),
    ];
    let context = with_bars();
    for (ticker, t, expected) in points {
        let sql = format!(
            "{FEATURES} select beta_21d, beta_63d, beta_252d, resid_vol_63d from second
             where ticker = '{ticker}' and t = {t}"
        );
        let found: Column = query(&context, &sql).await.expect(ticker).concat();
        assert_close(&format!("{ticker} at {t}"), &found, &expected, 1e-9);
    }
}

/// The first row of the trend table, where the start value of the exponential means still shows.
#[tokio::test]
async fn first_trend_row() {
    let sql = format!(
        "{FEATURES} select sma_21, ema_12, ema_26, ema_12 - ema_26, macd_signal from second
         where ticker = 'AAA' and t = 25"
    );
    let found: Column = query(&with_bars(), &sql).await.expect("trend").concat();
    let expected = some([108.571428571429, 108.899797417519, 107.355285289003, 1.54451212851643, 1.53853099623618]);
    assert_close("AAA at 25", &found, &expected, 1e-9);
}
