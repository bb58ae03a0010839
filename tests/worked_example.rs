//! Spec 02 §14: three tickers whose prices are formulas, through landing and the reference overlay, against the values
//! that the reference computes on them.

mod common;

use std::fmt::Write;

use common::{Desk, REFERENCE, SQL};

const EXPECTED: &str = include_str!("data/spec02_golden.txt");

/// The bars of the example as a vendor's CSV file.
fn bars() -> String {
    let mut csv = String::from("ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n");
    let start = chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    for (k, ticker, days) in [(0, "AAA", 0..300_i64), (1, "BBB", 0..280), (2, "CCC", 100..300)] {
        for t in days {
            let close = 100 + 20 * k + ((7 * t + 3 * k) % 13) + ((t * t + k * t) % 7);
            let open = close + ((t / 3 + k) % 5) - 2;
            let high = open.max(close) + 1 + t % 3;
            let low = open.min(close) - 1 - (t + k) % 2;
            let volume = 1000 * (k + 1) + 10 * ((11 * t + 2 * k) % 97);
            let date = start + chrono::Days::new(t as u64);
            writeln!(csv, "{ticker},{date},{open},{high},{low},{close},{volume},{close},{close},2021-01-01").unwrap();
        }
    }
    csv
}

const TICKERS: &str = "table,permaticker,ticker,name,exchange,isdelisted,category,scalemarketcap,lastupdated
SEP,1,AAA,A,NYSE,N,Domestic Common Stock,4 - Mid,2021-01-01
SEP,2,BBB,B,NYSE,N,Domestic Common Stock,4 - Mid,2021-01-01
SEP,3,CCC,C,NYSE,N,Domestic Common Stock,4 - Mid,2021-01-01
";

/// Rows that the reference keeps: those where none of these columns is missing.
fn kept(table: &str, columns: &[&str]) -> String {
    let columns = match table {
        "feat_beta" => &["beta_63d"][..],
        "feat_adv" => &["adv_20", "adv_60"],
        _ => columns,
    };
    let present: Vec<_> = columns.iter().map(|column| format!("{column} is not null")).collect();
    present.join(" and ")
}

/// Whether both are missing, or the values are equal to a relative tolerance.
fn agrees(found: &str, expected: &str, tolerance: f64) -> bool {
    match (found.parse::<f64>(), expected.parse::<f64>()) {
        (Ok(found), Ok(expected)) => (found - expected).abs() <= tolerance * expected.abs().max(1e-3),
        _ => found.is_empty() && expected == "-",
    }
}

#[test]
fn every_value_of_the_worked_example() {
    let desk = Desk::new();
    desk.ok(&["land", "sep", &desk.write("sep.csv", &bars())]);
    desk.ok(&["land", "tickers", &desk.write("tickers.csv", TICKERS)]);
    desk.ok(&[
        "--sql",
        SQL,
        "--overlay",
        REFERENCE,
        "--set",
        "min_adv=0",
        "run",
        "--phase",
        "universe",
        "--phase",
        "base",
        "--phase",
        "features",
    ]);
    let lines: Vec<Vec<&str>> =
        EXPECTED.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(' ').collect()).collect();
    assert_eq!(lines.len(), 51);
    for line in &lines {
        let [table, column, a, b, n, sum] = line[..] else { panic!("{line:?}") };
        let columns: Vec<_> = lines.iter().filter(|other| other[0] == table).map(|other| other[1]).collect();
        let rows = format!("from {table} where {}", kept(table, &columns));
        let totals = desk.rows(&format!("select count({column}), sum(cast({column} as double)) {rows}"));
        assert!(agrees(&totals[0][0], n, 0.0), "{table}.{column}: {} values, expected {n}", totals[0][0]);
        assert!(agrees(&totals[0][1], sum, 1e-8), "{table}.{column}: sum {}, expected {sum}", totals[0][1]);
        for (ticker, date, expected) in [("AAA", "2020-05-30", a), ("CCC", "2020-10-17", b)] {
            let at = format!("select {column} {rows} and ticker = '{ticker}' and date = '{date}'");
            let found = &desk.rows(&at)[0][0];
            assert!(agrees(found, expected, 1e-9), "{table}.{column} of {ticker}: {found}, expected {expected}");
        }
    }
}
