//! Runs of the generator as a whole.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::{Config, Format, Progress, SynthError, TABLES, date, generate, generate_on};
use super::market::MARKET;

fn files(folder: &Path, format: Format) -> Vec<Vec<u8>> {
    let file = |table: &&str| folder.join(table).with_extension(format.extension());
    TABLES.iter().map(|table| fs::read(file(table)).unwrap()).collect()
}

#[test]
fn the_seed_decides_every_byte() {
    let make = |workers: usize, seed: u64, format: Format| {
        let folder = TempDir::new().unwrap();
        let config = Config { tickers: 60, days: 300, seed, format, ..Config::default() };
        generate_on(workers, &config, folder.path(), &mut |_| {}).unwrap();
        files(folder.path(), format)
    };
    for format in [Format::Parquet, Format::Csv] {
        let once = make(1, 3, format);
        assert_eq!(once, make(1, 3, format));
        assert_eq!(once, make(4, 3, format), "the number of threads must not matter");
        let other = make(1, 4, format);
        assert!(once.iter().zip(&other).all(|(one, other)| one != other));
    }
}

#[test]
fn keys_are_unique() {
    let keys: [(&str, &[&str]); 10] = [
        ("sep", &["ticker", "date"]),
        ("daily", &["ticker", "date"]),
        ("sf1", &["ticker", "dimension", "datekey", "reportperiod"]),
        ("sf2", &["ticker", "filingdate", "formtype", "ownername", "rownum"]),
        ("sf3", &["ticker", "investorname", "securitytype", "calendardate"]),
        ("tickers", &["table", "permaticker", "ticker"]),
        ("actions", &["date", "action", "ticker", "name", "contraticker", "contraname"]),
        ("metrics", &["ticker"]),
        ("sfp", &["ticker", "date"]),
        ("sp500", &["date", "action", "ticker"]),
    ];
    for (name, columns) in keys {
        let table = MARKET.table(name);
        assert!(table.rows() > 0, "{name} is empty");
        let distinct: HashSet<String> = table.keys(columns).into_iter().collect();
        assert_eq!(distinct.len(), table.rows(), "{name}");
    }
}

#[test]
fn small_markets_have_all_tables() {
    for (tickers, days) in [(1, 1), (2, 1), (7, 39), (49, 41)] {
        let folder = TempDir::new().unwrap();
        let config = Config { tickers, days, ..Config::default() };
        let mut last = None;
        let summary = generate(&config, folder.path(), &mut |progress| last = Some(progress)).unwrap();
        assert!(matches!(last, Some(Progress { done, total }) if done == tickers && total == tickers));
        assert_eq!(summary.tables.iter().map(|table| table.table).collect::<Vec<_>>(), TABLES);
        assert!(summary.tables[0].rows > 0, "{tickers} securities, {days} days");
    }
}

#[test]
fn bad_configurations_are_refused() {
    let folder = TempDir::new().unwrap();
    let good = Config { tickers: 2, days: 2, ..Config::default() };
    for bad in [
        Config { tickers: 0, ..good.clone() },
        Config { days: 0, ..good.clone() },
        Config { days: 1_000_000, ..good.clone() },
        Config { last_date: date(1900), ..good.clone() },
    ] {
        let error = generate(&bad, folder.path(), &mut |_| {}).unwrap_err();
        assert!(matches!(error, SynthError::OutOfRange { .. }), "{error}");
    }
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = generate(&good, &file, &mut |_| {}).unwrap_err();
    assert!(matches!(error, SynthError::Io { .. }), "{error}");
}
