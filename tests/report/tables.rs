//! Parts of a report from tables of query results.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, NullArray, RecordBatch, StringArray};
use kairos::report::html::{
    Binding, Book, Coefficient, Correlations, Decay, Metric, Period, QuantileReturn, Scope, SectorWeight, Spread,
    Turnover,
};

fn table(columns: Vec<(&str, ArrayRef)>) -> Vec<RecordBatch> {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    vec![RecordBatch::try_from_iter_with_nullable(columns).unwrap()]
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(values.iter().map(|text| Some(*text)).collect::<StringArray>())
}

fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn counts(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// Days since 1970; 19 757 is 2024-02-04.
fn dates(values: &[i32]) -> ArrayRef {
    Arc::new(Date32Array::from(values.to_vec()))
}

const NUMBERS: [&str; 15] = [
    "port_ret_raw",
    "leverage",
    "cost_trading",
    "cost_borrow",
    "cost_financing",
    "port_ret",
    "bench_ret",
    "active_ret",
    "beta",
    "gross",
    "net",
    "n_long",
    "n_short",
    "turnover",
    "invested",
];

fn periods() -> Vec<(&'static str, ArrayRef)> {
    let mut columns = vec![
        ("date", dates(&[19_757, 19_764])),
        ("exec_date", Arc::new(Date32Array::from(vec![None, Some(19_765)])) as ArrayRef),
        ("date_end", dates(&[19_764, 19_771])),
        ("status", texts(&["ok", "held"])),
        ("regime", Arc::new(StringArray::from(vec![None, Some("low_vol_bull")]))),
    ];
    columns.extend(NUMBERS.iter().enumerate().map(|(at, name)| (*name, numbers(&[at as f64, f64::NAN]))));
    columns
}

#[test]
fn periods_keep_their_numbers_and_lose_what_is_not_finite() {
    let found = Period::from_batches(&table(periods())).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].date.to_string(), "2024-02-04");
    assert_eq!((found[0].exec_date, found[1].exec_date.unwrap().to_string()), (None, "2024-02-12".to_owned()));
    let first = &found[0];
    let numbers = [
        first.port_ret_raw,
        first.leverage,
        first.cost_trading,
        first.cost_borrow,
        first.cost_financing,
        first.port_ret,
        first.bench_ret,
        first.active_ret,
        first.beta,
        first.gross,
        first.net,
        first.n_long,
        first.n_short,
        first.turnover,
        first.invested,
    ];
    assert_eq!(numbers.map(|number| number.unwrap() as usize).to_vec(), (0..15).collect::<Vec<_>>());
    assert_eq!(
        (found[1].port_ret, found[1].regime.as_deref(), found[1].status.as_str()),
        (None, Some("low_vol_bull"), "held")
    );
    // Counts may be integers, and a column of nothing has the type of nothing.
    let mut columns = periods();
    columns.iter_mut().for_each(|(name, column)| match *name {
        "n_long" => *column = counts(&[75, 76]),
        "cost_borrow" | "regime" => *column = Arc::new(NullArray::new(2)),
        _ => (),
    });
    let found = Period::from_batches(&table(columns)).unwrap();
    assert_eq!((found[1].n_long, found[0].cost_borrow, found[1].regime.clone()), (Some(76.0), None, None));
}

#[test]
fn a_missing_column_is_named() {
    for missing in ["date", "beta", "regime"] {
        let columns = periods().into_iter().filter(|(name, _)| *name != missing).collect();
        let error = Period::from_batches(&table(columns)).unwrap_err().to_string();
        assert!(error.contains(&format!("need a column '{missing}'")) && error.contains("exec_date"), "{error}");
    }
}

#[test]
fn wrong_types_and_values_are_refused() {
    let with = |changed: &str, column: ArrayRef| {
        let columns =
            periods().into_iter().map(|(name, old)| (name, if name == changed { column.clone() } else { old }));
        Period::from_batches(&table(columns.collect())).unwrap_err().to_string()
    };
    assert!(with("beta", texts(&["1", "2"])).contains("'beta' of the periods of a report must be a number"));
    assert!(with("date", counts(&[1, 2])).contains("must be a date, but is Int64"));
    let hole: ArrayRef = Arc::new(Date32Array::from(vec![Some(1), None]));
    assert!(with("date", hole).contains("'date' of the periods of a report is NULL in row 2"));
    let metric = |book, scope| {
        let columns = vec![
            ("book", texts(&[book])),
            ("scope", texts(&[scope])),
            ("name", texts(&["x"])),
            ("value", numbers(&[1.0])),
        ];
        Metric::from_batches(&table(columns)).map_err(|error| error.to_string())
    };
    assert!(metric("portfolio", "all").is_ok());
    assert!(metric("hedge", "all").unwrap_err().contains("'hedge', expected portfolio, benchmark or active"));
    for scope in ["year:soon", "regime:", "month:1", ""] {
        assert!(metric("active", scope).unwrap_err().contains("expected all, year:YYYY or regime:NAME"), "{scope}");
    }
}

#[test]
fn metrics_sectors_and_constraints() {
    let found = Metric::from_batches(&table(vec![
        ("book", texts(&["portfolio", "benchmark", "active"])),
        ("scope", texts(&["all", "year:2023", "regime:low_vol_bull"])),
        ("name", texts(&["sharpe", "cagr", "hit_rate"])),
        ("value", numbers(&[1.5, f64::NAN, 0.5])),
    ]))
    .unwrap();
    let seen: Vec<_> = found.iter().map(|m| (m.book, m.scope.clone(), m.value)).collect();
    assert_eq!(seen[0], (Book::Portfolio, Scope::All, Some(1.5)));
    assert_eq!(seen[1], (Book::Benchmark, Scope::Year(2023), None));
    assert_eq!(seen[2], (Book::Active, Scope::Regime("low_vol_bull".to_owned()), Some(0.5)));
    let sectors = SectorWeight::from_batches(&table(vec![
        ("date", dates(&[1, 1])),
        ("sector", Arc::new(StringArray::from(vec![Some("Energy"), None]))),
        ("long", numbers(&[0.2, 0.1])),
        ("short", numbers(&[-0.1, f64::NAN])),
    ]))
    .unwrap();
    assert_eq!((sectors[0].long, sectors[0].short, sectors[1].short), (0.2, -0.1, 0.0));
    assert_eq!(sectors[1].sector, "without a sector");
    let bound = Binding::from_batches(&table(vec![
        ("date", dates(&[1])),
        ("constraint", texts(&["name_cap"])),
        ("names", counts(&[4])),
    ]));
    assert_eq!(bound.unwrap()[0].names, 4.0);
}

#[test]
fn parts_of_the_factor() {
    let ics = Coefficient::from_batches(&table(vec![
        ("date", dates(&[1, 2])),
        ("horizon", counts(&[5, 5])),
        ("spearman", numbers(&[0.1, f64::NAN])),
    ]));
    let ics = ics.unwrap();
    assert_eq!((ics[0].horizon, ics[0].spearman, ics[1].spearman), (5, Some(0.1), None));
    let decay = table(vec![("horizon", counts(&[21])), ("ic", numbers(&[0.04])), ("t_nw", numbers(&[4.0]))]);
    assert_eq!(Decay::from_batches(&decay).unwrap()[0].t_nw, Some(4.0));
    let quantiles = table(vec![("quantile", counts(&[10])), ("mean_return", numbers(&[0.01]))]);
    assert_eq!(QuantileReturn::from_batches(&quantiles).unwrap()[0].quantile, 10);
    let spread = table(vec![("date", dates(&[3])), ("cumulative", numbers(&[0.3]))]);
    assert_eq!(Spread::from_batches(&spread).unwrap()[0].cumulative, Some(0.3));
    let columns = ["autocorrelation", "top", "bottom"].map(|name| (name, numbers(&[0.5])));
    let turnover = table([("lag", counts(&[5]))].into_iter().chain(columns).collect());
    assert_eq!(Turnover::from_batches(&turnover).unwrap()[0].bottom, Some(0.5));
}

#[test]
fn pairs_make_a_symmetric_matrix() {
    let pairs = table(vec![
        ("feature", texts(&["b", "a"])),
        ("other", texts(&["c", "c"])),
        ("correlation", numbers(&[0.7, -0.2])),
    ]);
    let matrix = Correlations::from_batches(&pairs).unwrap();
    assert_eq!(matrix.names, ["b", "c", "a"]);
    assert_eq!(matrix.values[0], [Some(1.0), Some(0.7), None]);
    assert_eq!(matrix.values[1], [Some(0.7), Some(1.0), Some(-0.2)]);
    assert_eq!(matrix.values[2], [None, Some(-0.2), Some(1.0)]);
}
