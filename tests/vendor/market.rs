//! The market of the test server: what it shows on a day.

use crate::server::Event;
use crate::*;

const COLUMNS: [&str; 8] = ["ticker", "date", "close", "volume", "closeadj", "closeunadj", "lastupdated", "open"];

fn market() -> Market {
    let row = |day: u32| {
        let date = format!("2024-01-{day:02}");
        ["A", &date, "10.0", "300.0", "9.0", "10.0", &date, "10.5"].map(str::to_owned).to_vec()
    };
    let sep = Table::new("sep", &COLUMNS, (1..=20).map(row));
    let sf3 = ["A", "X", "SHR", "2023-12-31", "1.0"].map(str::to_owned).to_vec();
    let sf3 = Table::new("sf3", &["ticker", "investorname", "securitytype", "calendardate", "value"], [sf3]);
    let actions =
        Table::new("actions", &["date", "action", "ticker", "name", "value", "contraticker", "contraname"], []);
    let columns = ["table", "permaticker", "ticker", "isdelisted", "lastupdated", "firstpricedate", "lastpricedate"];
    let listed = |ticker: &str, first: &str, last: &str, gone: &str| {
        ["SEP", "1", ticker, gone, last, first, last].map(str::to_owned).to_vec()
    };
    let listing = [listed("A", "2024-01-01", "2024-01-20", "N"), listed("B", "2024-01-10", "2024-01-12", "Y")];
    let folder = tempfile::tempdir().unwrap();
    let tables = [sep, sf3, actions, Table::new("tickers", &columns, listing)];
    tables.iter().for_each(|table| table.write(folder.path()));
    Market::read(folder.path())
}

#[test]
fn a_row_is_shown_when_it_is_known() {
    let mut market = market();
    market.reveal(day("2024-01-05"));
    assert_eq!((market.table("sep").rows.len(), market.table("sf3").rows.len()), (5, 0));
    assert_eq!(rows_of(market.table("tickers")), [["SEP", "1", "A", "N", "2024-01-05", "2024-01-01", "2024-01-05"]]);
    market.reveal(day("2024-01-12"));
    assert_eq!(rows_of(market.table("tickers"))[1][2..5], ["B", "N", "2024-01-12"]);
    market.reveal(day("2024-01-13"));
    assert_eq!(rows_of(market.table("tickers"))[1][2..5], ["B", "Y", "2024-01-12"]);
    market.reveal(day("2024-02-14"));
    assert_eq!((market.table("sep").rows.len(), market.table("sf3").rows.len()), (20, 1));
}

#[test]
fn a_split_rewrites_what_was_shown_and_nothing_else() {
    let mut market = market();
    market.schedule(day("2024-01-11"), Event::Split { ticker: "A".into(), ratio: 3.0 });
    market.reveal(day("2024-01-10"));
    for row in rows_of(market.table("sep")) {
        assert_eq!(row[2..], ["30.0", "100.0", "27.0", "30.0", &row[1], "31.5"]);
    }
    market.reveal(day("2024-01-12"));
    for row in rows_of(market.table("sep")) {
        let (traded, updated) =
            if row[1].as_str() < "2024-01-11" { ("30.0", "2024-01-11") } else { ("10.0", &*row[1]) };
        assert_eq!(row[2..], ["10.0", "300.0", "9.0", traded, updated, "10.5"]);
    }
    assert_eq!(rows_of(market.table("actions")), [["2024-01-11", "split", "A", "N/A", "3", "N/A", "N/A"]]);
}

#[test]
fn a_new_symbol_stays_and_is_given_to_later_rows() {
    let mut market = market();
    market.schedule(day("2024-01-11"), Event::Rename { from: "A".into(), to: "Z".into() });
    market.reveal(day("2024-01-20"));
    let rows = rows_of(market.table("sep"));
    assert!(rows.len() == 20 && rows.iter().all(|row| row[0] == "Z" && row[6].as_str() >= "2024-01-11"));
    assert_eq!(market.table("tickers").rows[0][2], "Z");
    assert_eq!(market.table("actions").rows.len(), 2);
}

#[test]
fn random_events_are_the_same_for_the_same_seed_and_the_state_can_be_written() {
    let run = |seed, folder: &Path| {
        let mut market = market();
        let scheduled = market.schedule_random(seed, 6, day("2024-01-05"), day("2024-01-19"));
        market.reveal(day("2024-01-31"));
        market.write(folder);
        scheduled
    };
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(run(5, a.path()), run(5, b.path()));
    let text = |folder: &Path| std::fs::read_to_string(folder.join("sep.csv")).unwrap();
    assert_eq!(text(a.path()), text(b.path()));
    assert_eq!(text(a.path()).lines().count(), 21);
}
