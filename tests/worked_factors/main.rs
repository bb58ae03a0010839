//! Spec 03 §6: the worked examples of the fundamental factors, from vendor files through landing and pipeline.

#[path = "../common/mod.rs"]
mod common;

mod filings;
mod flows;
mod prices;

use std::fmt::Write;

use common::{Desk, REFERENCE, SQL};

/// The nine sessions of examples 3 and 4.
const SESSIONS: [&str; 9] = [
    "2024-01-02",
    "2024-01-03",
    "2024-01-04",
    "2024-01-05",
    "2024-01-08",
    "2024-01-09",
    "2024-01-10",
    "2024-01-11",
    "2024-01-12",
];

/// Everything with a price is a member, and scores are as in the examples: no minimum, not winsorised.
const EVERYBODY: [&str; 16] = [
    "--sql",
    SQL,
    "--set",
    "min_price=0",
    "--set",
    "min_adv=0",
    "--set",
    "adv_min_observations=0",
    "--set",
    "min_marketcap=0",
    "--set",
    "z_min_group=2",
    "--set",
    "z_p_lo=0",
    "--set",
    "z_p_hi=1",
];
const OVERLAY: [&str; 6] = ["--sql", SQL, "--overlay", REFERENCE, "--set", "min_adv=0"];

/// A desk with these securities and the sessions on which each has a price, all at 10 dollars.
fn market<'a>(prices: impl IntoIterator<Item = (&'a str, &'a [&'a str])>) -> Desk {
    let desk = Desk::new();
    let mut sep = String::from("ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n");
    let mut daily = String::from("ticker,date,marketcap,ev,pe,pb,ps,evebit,evebitda,lastupdated\n");
    let mut tickers = String::from(
        "table,permaticker,ticker,name,exchange,isdelisted,category,scalemarketcap,firstpricedate,lastpricedate,\
         lastupdated\n",
    );
    for (at, (ticker, sessions)) in prices.into_iter().enumerate() {
        for date in sessions {
            writeln!(sep, "{ticker},{date},10,10,10,10,1000,10,10,2025-01-01").unwrap();
            writeln!(daily, "{ticker},{date},1000,,,,,,,2025-01-01").unwrap();
        }
        writeln!(
            tickers,
            "SEP,{at},{ticker},{ticker},NYSE,N,Domestic Common Stock,4 - Mid,2000-01-03,2030-01-01,2025-01-01"
        )
        .unwrap();
    }
    land(&desk, "sep", &sep);
    land(&desk, "daily", &daily);
    land(&desk, "tickers", &tickers);
    desk
}

fn land(desk: &Desk, table: &str, csv: &str) {
    desk.ok(&["land", table, &desk.write(&format!("{table}.csv"), csv)]);
}

fn run(desk: &Desk, settings: &[&str], datasets: &[&str]) {
    // The examples are tiny, and one has two filings of a day that the reference keeps.
    desk.ok(&[settings, &["run", "--no-checks"], datasets].concat());
}

/// The rows of a query are these; the first column is text, the others numbers, `-` a missing one.
fn check(desk: &Desk, sql: &str, expected: &str) {
    let found = desk.rows(sql);
    let expected: Vec<Vec<&str>> = expected.lines().map(|line| line.split_whitespace().collect()).collect();
    let expected: Vec<_> = expected.into_iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(found.len(), expected.len(), "{sql}: {found:#?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found[0], expected[0], "{sql}");
        assert_eq!(found.len(), expected.len(), "{sql}");
        for (cell, value) in found.iter().zip(expected).skip(1) {
            let same = match (cell.parse::<f64>(), value.parse::<f64>()) {
                (Ok(cell), Ok(value)) => (cell - value).abs() <= 1e-9,
                _ => cell.is_empty() && *value == "-",
            };
            assert!(same, "{sql}: {found:?}, expected {expected:?}");
        }
    }
}
