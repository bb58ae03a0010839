//! Tickers whose history was rewritten are found, and no others.

use std::collections::BTreeSet;

use kairos::raw::vendor::{Restated, Step, Stored};

use crate::server::Event;
use crate::*;

fn market() -> Market {
    let (first, sessions) = (day("2024-01-01"), 40);
    let date = |number: usize| (first + Days::new(number as u64)).to_string();
    let row = |ticker: &str, number: usize| {
        let price = format!("{:?}", 10.0 + number as f64);
        vec![ticker.to_owned(), date(number), price.clone(), price.clone(), "600.0".to_owned(), price, date(number)]
    };
    let columns = ["ticker", "date", "close", "closeunadj", "volume", "closeadj", "lastupdated"];
    let tickers = ["AAA", "BBB", "CCC", "DDD"];
    let rows = tickers.iter().flat_map(|ticker| (0..sessions).map(|number| row(ticker, number)));
    let sep = Table::new("sep", &columns, rows);
    let columns = ["date", "action", "ticker", "name", "value", "contraticker", "contraname"];
    let future = ["2024-03-09", "dividend", "DDD", "D", "1", "N/A", "N/A"].map(str::to_owned).to_vec();
    let actions = Table::new("actions", &columns, [future]);
    let folder = tempfile::tempdir().unwrap();
    [sep, actions].iter().for_each(|table| table.write(folder.path()));
    Market::read(folder.path())
}

/// What an update on `today` finds when everything until `stored` is known.
async fn found(server: &VendorServer, stored: &str, today: &str) -> Restated {
    server.state().market.reveal(day(today));
    let store = tempfile::tempdir().unwrap();
    let (client, stored) = (client(server), day(stored));
    let changed = Window::Since { column: "lastupdated".into(), from: stored - Days::new(3) };
    let recent = Window::Since { column: "date".into(), from: stored - Days::new(30) };
    let prices = Request::new("sep", changed);
    let prices = pull(&client, store.path(), &SEP, &prices, Method::Pages, &|_| {}).await.unwrap();
    let actions = Request::new("actions", recent);
    let actions = pull(&client, store.path(), &ACTIONS, &actions, Method::Pages, &|_| {}).await.unwrap();
    let mut found = Restated::from_actions(&actions, stored, day(today)).unwrap();
    found.add_prices(&prices, Stored { updated: stored, date: stored }).unwrap();
    found
}

fn set(tickers: &[&str]) -> BTreeSet<String> {
    tickers.iter().map(|ticker| (*ticker).to_owned()).collect()
}

#[tokio::test]
async fn ordinary_days_concern_nobody() {
    let server = VendorServer::start(market());
    assert_eq!(found(&server, "2024-01-10", "2024-01-11").await, Restated::default());
    assert_eq!(found(&server, "2024-01-11", "2024-01-20").await, Restated::default(), "after days without a run");
    assert_eq!(found(&server, "2024-01-20", "2024-01-20").await, Restated::default(), "again on the same day");
}

#[tokio::test]
async fn a_split_concerns_its_ticker_until_it_is_stored() {
    let mut market = market();
    market.schedule(day("2024-01-15"), Event::Split { ticker: "BBB".into(), ratio: 4.0 });
    let server = VendorServer::start(market);
    assert_eq!(found(&server, "2024-01-13", "2024-01-14").await, Restated::default());
    assert_eq!(found(&server, "2024-01-14", "2024-01-16").await.prices, set(&["BBB"]));
    // On the day itself the vendor may have been half-way.
    assert_eq!(found(&server, "2024-01-15", "2024-01-16").await.prices, set(&["BBB"]));
    assert_eq!(found(&server, "2024-01-16", "2024-01-18").await, Restated::default());
}

#[tokio::test]
async fn corrected_and_late_rows_concern_their_ticker() {
    for event in [Event::Restate { table: "sep".into() }, Event::Late { table: "sep".into(), days: 4 }] {
        let mut market = market();
        market.schedule(day("2024-01-15"), event.clone());
        let server = VendorServer::start(market);
        let found = match event {
            Event::Late { .. } => found(&server, "2024-01-17", "2024-01-20").await,
            _ => found(&server, "2024-01-14", "2024-01-16").await,
        };
        assert_eq!(found.prices.len(), 1, "{event:?}");
    }
}

#[tokio::test]
async fn a_new_symbol_concerns_all_tables_of_both_symbols() {
    let mut market = market();
    market.schedule(day("2024-01-15"), Event::Rename { from: "CCC".into(), to: "NEWC".into() });
    let server = VendorServer::start(market);
    let found = found(&server, "2024-01-14", "2024-01-15").await;
    assert_eq!(found.renamed, set(&["CCC", "NEWC"]));
    let steps: Vec<Step> = found.steps(&DAILY);
    assert!(steps.len() == 1 && steps[0].complete && steps[0].request.to_string() == "DAILY of CCC, NEWC");
    // The whole answer for both symbols has no row of the old one, which is how its rows are known to be gone.
    let store = tempfile::tempdir().unwrap();
    let step = found.steps(&SEP).remove(0);
    let whole = pull(&client(&server), store.path(), &SEP, &step.request, step.method, &|_| {}).await.unwrap();
    assert!(rows(&whole, &["ticker"]).iter().all(|row| row[0] == "NEWC") && whole.manifest.rows() == 15);
}

#[tokio::test]
async fn a_dividend_counts_on_its_day_and_not_before() {
    let server = VendorServer::start(market());
    assert!(found(&server, "2024-03-07", "2024-03-08").await.prices.is_empty());
    assert_eq!(found(&server, "2024-03-08", "2024-03-09").await.prices, set(&["DDD"]));
}
