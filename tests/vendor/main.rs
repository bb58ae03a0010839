//! The vendor client against a server on this machine that speaks the vendor's API.

#[path = "../common/mod.rs"]
mod common;

mod bulk;
mod converge;
mod failures;
mod market;
mod pages;
mod restated;
mod resume;
mod sanity;
mod secrets;

use std::path::Path;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use kairos::raw::Window;
use kairos::raw::vendor::{ApiKey, Client, Method, Patience, Pull, Request, Result, Settings, TableFacts, pull};

use common::vendor as server;
use server::{KEY, Market, Table, VendorServer};

pub const SEP: TableFacts =
    TableFacts { name: "sep", key: &["ticker", "date"], date: Some("date"), updated: Some("lastupdated") };
pub const DAILY: TableFacts = TableFacts { name: "daily", ..SEP };
pub const SF2: TableFacts = TableFacts {
    name: "sf2",
    key: &["ticker", "filingdate", "ownername", "formtype", "rownum"],
    date: Some("filingdate"),
    updated: None,
};
pub const ACTIONS: TableFacts = TableFacts {
    name: "actions",
    key: &["ticker", "date", "action", "name", "contraticker", "contraname"],
    date: Some("date"),
    updated: None,
};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Prices of so many tickers on so many days, with values that only their text says exactly.
pub fn prices(tickers: usize, days: usize) -> Table {
    let symbol = |number: usize| match number {
        0 => "NA".to_owned(),
        1 => "NULL".to_owned(),
        2 => "TRUE".to_owned(),
        number => format!("T{number}"),
    };
    let row = |number: usize| {
        let date = (day("2024-01-01") + Days::new((number % days) as u64)).to_string();
        let close = ["12.3400", "1e-7", "98765432109876543.21", "", "0.1"][number % 5].to_owned();
        vec![symbol(number / days), date.clone(), close, date]
    };
    Table::new("sep", &["ticker", "date", "close", "lastupdated"], (0..tickers * days).map(row))
}

pub fn quick() -> Settings {
    let milliseconds = Duration::from_millis;
    Settings {
        rows_per_page: 7,
        patience: Patience {
            first: milliseconds(1),
            longest: milliseconds(4),
            attempts: 8,
            total: Duration::from_secs(20),
        },
        silence: Duration::from_secs(5),
        page_time: Duration::from_secs(20),
        bulk_poll: milliseconds(2),
        bulk_time: Duration::from_secs(5),
    }
}

pub fn client(server: &VendorServer) -> Client {
    client_with(server, quick())
}

pub fn client_with(server: &VendorServer, settings: Settings) -> Client {
    Client::new(&server.url(), ApiKey::new(KEY).unwrap(), settings).unwrap()
}

pub fn everything(table: &str) -> Request {
    Request::new(table, Window::Everything)
}

pub async fn pull_all(server: &VendorServer, store: &Path) -> Result<Pull> {
    pull(&client(server), store, &SEP, &everything("sep"), Method::Pages, &|_| {}).await
}

/// All rows of a pull, sorted, with the columns in this order.
pub fn rows(pull: &Pull, columns: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let text = |cell: &&[u8]| String::from_utf8(cell.to_vec()).unwrap();
    pull.for_each_row(columns, |row| rows.push(row.iter().map(text).collect())).unwrap();
    rows.sort();
    rows
}

/// All rows of a table, sorted.
pub fn rows_of(table: &Table) -> Vec<Vec<String>> {
    let mut rows: Vec<_> = table.rows.iter().map(|row| row.to_vec()).collect();
    rows.sort();
    rows
}

pub fn assert_holds(pull: &Pull, table: &Table) {
    let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    assert_eq!(pull.manifest.rows(), table.rows.len() as u64);
    assert!(rows(pull, &columns) == rows_of(table), "the pull of {} differs from the table", table.name);
}

pub fn served(table: Table) -> VendorServer {
    VendorServer::start(Market::fixed([table]))
}
