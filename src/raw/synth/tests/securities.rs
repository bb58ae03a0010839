//! Who is listed, and when.

use std::collections::HashSet;

use super::market::{MARKET, TICKERS, actions};

#[test]
fn every_kind_of_security_exists() {
    let tickers = MARKET.table("tickers");
    let stocks = tickers.by_ticker("SEP");
    assert_eq!(stocks.len() + tickers.by_ticker("SFP").len(), TICKERS);
    for awkward in ["NA", "NULL", "NAN", "TRUE"] {
        assert!(stocks.contains_key(awkward), "{awkward}");
    }
    let present = |column: &str| tickers.texts(column).into_iter().flatten().collect::<HashSet<_>>();
    let categories = present("category");
    for category in [
        "Domestic Common Stock",
        "Domestic Common Stock Primary Class",
        "Domestic Common Stock Secondary Class",
        "Domestic Common Stock Warrant",
        "Domestic Preferred Stock",
        "ADR Common Stock",
        "Canadian Common Stock",
        "ETF",
    ] {
        assert!(categories.contains(category), "{category}");
    }
    let scales = ["1 - Nano", "2 - Micro", "3 - Small", "4 - Mid", "5 - Large", "6 - Mega"];
    assert_eq!(present("scalemarketcap"), HashSet::from(scales));
    for exchange in ["NYSE", "NASDAQ", "NYSEMKT", "NYSEARCA", "BATS", "OTC"] {
        assert!(present("exchange").contains(exchange), "{exchange}");
    }
    assert_eq!(present("sector").len(), 11);
}

#[test]
fn some_securities_come_late_and_some_leave() {
    let tickers = MARKET.table("tickers");
    let (delisted, last) = (tickers.names("isdelisted"), tickers.days("lastpricedate"));
    let first = tickers.days("firstpricedate");
    let end = *last.iter().max().unwrap();
    let start = *first.iter().min().unwrap();
    let stocks = tickers.by_ticker("SEP");
    let gone: Vec<(&str, i32)> =
        stocks.iter().filter(|(_, row)| delisted[**row] == "Y").map(|(ticker, row)| (*ticker, last[*row])).collect();
    let share = gone.len() as f64 / TICKERS as f64;
    assert!((0.08..0.18).contains(&share), "{share}");
    assert!(gone.iter().all(|(_, day)| *day < end));
    let rows = actions("delisted");
    assert_eq!(rows.len(), gone.len());
    assert!(gone.iter().all(|key| rows.contains_key(key)));
    for reason in ["acquisitionby", "bankruptcyliquidation"] {
        assert!(!actions(reason).is_empty(), "{reason}");
    }
    let late = stocks.values().filter(|&&row| first[row] > start).count();
    assert!((20..120).contains(&late), "{late}");
}
