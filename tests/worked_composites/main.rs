//! Spec 04 §8: the worked examples of regime and composites. Each runs the shipped files on inputs written by hand.

#[path = "../common/mod.rs"]
mod common;

mod blends;
mod regime;

use common::{Desk, REFERENCE, SQL};

/// Scores as in the examples: no minimum, not winsorised.
const DEFAULT: [&str; 8] = ["--sql", SQL, "--set", "z_min_group=2", "--set", "z_p_lo=0", "--set", "z_p_hi=1"];
const OVERLAY: [&str; 4] = ["--sql", SQL, "--overlay", REFERENCE];

/// Commits a dataset of these rows: the first line of `rows` names the columns, `-` is a missing value. `ticker` and
/// labels are text, `date` a day of January 2024, all others numbers.
fn dataset(desk: &Desk, name: &str, rows: &str) {
    let mut lines = rows.lines().map(str::trim).filter(|line| !line.is_empty());
    let columns: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let row = |line: &str| {
        let cells = line.split_whitespace().zip(&columns).map(|(cell, column)| match (*column, cell) {
            ("date", day) => format!("date '2024-01-01' + {day} - 1"),
            ("ticker" | "regime", "-") => "cast(null as varchar)".to_owned(),
            ("ticker" | "regime", text) => format!("'{text}'"),
            (_, "-") => "cast(null as double)".to_owned(),
            (_, number) => format!("cast({number} as double)"),
        });
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    };
    let values: Vec<String> = lines.map(row).collect();
    let quoted: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let key = if columns.contains(&"ticker") { "ticker, date" } else { "date" };
    desk.ok(&[
        "sql",
        "-c",
        &format!(
            "create or replace table {name} as select * from (values {}) as t ({}) order by {key}",
            values.join(", "),
            quoted.join(", ")
        ),
    ]);
}

/// Builds the dataset of one shipped file from what the lake holds.
fn build(desk: &Desk, settings: &[&str], file: &str) {
    let folder = if settings.contains(&REFERENCE) { REFERENCE } else { SQL };
    let path = format!("{folder}/{file}");
    let path = if std::path::Path::new(&path).exists() { path } else { format!("{SQL}/{file}") };
    desk.ok(&[settings, &["sql", &path]].concat());
}

/// The rows of a query are these: numbers to a relative tolerance, other cells as text, `-` a missing one.
fn check(desk: &Desk, sql: &str, tolerance: f64, expected: &str) {
    let found = desk.rows(sql);
    let expected: Vec<Vec<&str>> = expected.lines().map(|line| line.split_whitespace().collect()).collect();
    let expected: Vec<_> = expected.into_iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(found.len(), expected.len(), "{sql}: {found:#?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found.len(), expected.len(), "{sql}");
        for (cell, value) in found.iter().zip(expected) {
            let same = match (cell.parse::<f64>(), value.parse::<f64>()) {
                (Ok(cell), Ok(value)) => (cell - value).abs() <= tolerance * value.abs().max(1.0),
                _ => cell == value || cell.is_empty() && *value == "-",
            };
            assert!(same, "{sql}: {found:?}, expected {expected:?}");
        }
    }
}
