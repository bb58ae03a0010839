//! The closed-form market of specification 06 §9, as a lake.

use std::fmt::Write;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::common::{Desk, REFERENCE, SQL};

pub const NAMES: usize = 24;
pub const DAYS: usize = 200;

/// Weekdays from 2019-01-01.
pub fn dates() -> Vec<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap();
    let weekday = |date: &NaiveDate| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    (0..).map(|day| first + Days::new(day)).filter(weekday).take(DAYS + 5).collect()
}

pub fn close(i: usize, t: usize) -> f64 {
    let (i, t) = (i as f64, t as f64);
    30.0 + i + 4.0 * (0.05 * t * (1.0 + 0.07 * i) + i).sin() + 1.5 * (0.9 * t + 2.0 * i).cos() + 0.02 * t
}

pub fn alpha(i: usize, t: usize) -> f64 {
    let (i, t) = (i as f64, t as f64);
    (0.3 * i + 0.11 * t).sin() + 0.5 * (0.7 * i - 0.05 * t).cos()
}

pub fn ticker(i: usize) -> String {
    format!("S{i:02}")
}

pub fn sector(i: usize) -> &'static str {
    let sectors = [("Tech", 9), ("Health", 6), ("Fin", 5), ("Energy", 3), ("Util", 1)];
    let list: Vec<&str> = sectors.iter().flat_map(|(name, count)| std::iter::repeat_n(*name, *count)).collect();
    list[5 * i % NAMES]
}

/// The lake; `regimes` says the volatility and the trend regime of a date.
pub fn lake_with(regimes: impl Fn(usize) -> (String, String)) -> Desk {
    let desk = Desk::new();
    let dates = dates();
    let (mut rows, mut calendar) = (String::new(), String::from("date,vol_regime,trend_regime,regime\n"));
    rows.push_str("ticker,date,close,alpha,vol_blend,adv_20,beta_252d,ret_1d,ret_5d_f\n");
    for i in 0..NAMES {
        for (t, date) in dates.iter().enumerate().take(DAYS) {
            let before = if t == 0 { String::new() } else { (close(i, t) / close(i, t - 1) - 1.0).to_string() };
            let after = if t + 5 < DAYS { (close(i, t + 5) / close(i, t) - 1.0).to_string() } else { String::new() };
            let (volatility, adv) = (0.010 + 0.001 * (7 * i % 24) as f64, 1e6 * (1 + 5 * i % 24) as f64);
            let beta = 0.5 + 0.05 * (11 * i % 24) as f64;
            let (ticker, close, alpha) = (ticker(i), close(i, t), alpha(i, t));
            writeln!(rows, "{ticker},{date},{close},{alpha},{volatility},{adv},{beta},{before},{after}").unwrap();
        }
    }
    for (t, date) in dates.iter().enumerate().take(DAYS) {
        let (volatility, trend) = regimes(t);
        writeln!(calendar, "{date},{volatility},{trend},{volatility}_{trend}").unwrap();
    }
    let rows = desk.write("rows.csv", &rows);
    let calendar = desk.write("calendar.csv", &calendar);
    let sectors: Vec<String> = (0..NAMES).map(|i| format!("('{}', '{}')", ticker(i), sector(i))).collect();
    let sectors = sectors.join(", ");
    let prices = "close, close as price, close as closeadj, true as in_universe";
    let numbers = ["alpha", "vol_blend", "adv_20", "beta_252d", "ret_1d", "ret_5d_f"];
    let numbers = numbers.map(|name| format!("cast({name} as double) as {name}")).join(", ");
    let key = "ticker, cast(date as date) as date";
    for statement in [
        format!("sep_base_academic as select {key}, {prices} from read_csv('{rows}') order by ticker, date"),
        format!("feat_matrix as select {key}, {numbers} from read_csv('{rows}') order by ticker, date"),
        format!("feat_matrix_v2 as select {key}, {numbers} from read_csv('{rows}') order by ticker, date"),
        format!("security as select * from (values {sectors}) as s (ticker, sector) order by ticker"),
        format!(
            "regime_history_academic as select cast(date as date) as date, vol_regime, trend_regime, regime \
             from read_csv('{calendar}') order by date"
        ),
    ] {
        // With the overlay, in which the second matrix is a table and no view.
        desk.ok(&["--sql", SQL, "--overlay", REFERENCE, "sql", "-c", &format!("create or replace table {statement}")]);
    }
    desk
}

/// The lake with one regime throughout.
pub fn lake() -> Desk {
    lake_with(|_| ("normal_vol".to_owned(), "neutral".to_owned()))
}

/// Runs a strategy with the reference overlay; returns its periods.
pub fn reference(desk: &Desk, strategy: &str, options: &[&str]) -> Periods {
    periods(desk, &["--overlay", REFERENCE], strategy, options)
}

/// Runs a strategy of the default tree; returns its periods.
pub fn default(desk: &Desk, strategy: &str, options: &[&str]) -> Periods {
    periods(desk, &[], strategy, options)
}

/// Runs a strategy with these options of the SQL tree; returns its periods.
pub fn periods(desk: &Desk, tree: &[&str], strategy: &str, options: &[&str]) -> Periods {
    let file = desk.path("periods.csv").display().to_string();
    let figures = desk.path("figures.json").display().to_string();
    let command = ["backtest", strategy, "--alpha", "alpha", "-o", &file, "--json", &figures];
    desk.ok(&[&["--sql", SQL], tree, &command[..], options].concat());
    let figures = serde_json::from_slice(&std::fs::read(figures).unwrap()).unwrap();
    Periods { table: Csv::read(&file), figures }
}

/// The periods of a run and its figures.
pub struct Periods {
    pub table: Csv,
    figures: serde_json::Value,
}

impl Periods {
    pub fn returns(&self, column: &str) -> Vec<f64> {
        self.table.numbers(column)
    }

    pub fn figure(&self, book: &str, name: &str) -> Option<f64> {
        self.figures["figures"][book]["all"][name].as_f64()
    }
}

/// A CSV file as texts.
pub struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    pub fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let split = |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect::<Vec<_>>();
        let mut lines = text.lines().map(split);
        Self { header: lines.next().unwrap(), rows: lines.collect() }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn texts(&self, column: &str) -> Vec<String> {
        let at = self.header.iter().position(|name| name == column);
        let at = at.unwrap_or_else(|| panic!("no column {column} in {:?}", self.header));
        self.rows.iter().map(|row| row[at].clone()).collect()
    }

    /// The numbers of a column; NaN where there is none.
    pub fn numbers(&self, column: &str) -> Vec<f64> {
        self.texts(column).iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()
    }
}

#[test]
fn the_market_is_the_one_of_the_specification() {
    assert_eq!((dates()[100].to_string(), dates()[199].to_string()), ("2019-05-21".into(), "2019-10-07".into()));
    assert!((close(0, 0) - 31.5).abs() < 1e-12);
    assert!((close(0, 1) - 31.152331629488707).abs() < 1e-12);
    assert!((close(23, 199) - 53.81760537888499).abs() < 1e-12);
    assert!((alpha(5, 100) + 0.03095329651734923).abs() < 1e-14);
}
