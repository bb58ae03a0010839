//! Day after day of updates, with everything that a vendor does to its tables, end in the vendor's tables.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kairos::raw::vendor::{Restated, Situation, Step, Stored, refuse_shrunk};

use crate::server::{Faults, PASSING};
use crate::*;

const SFP: TableFacts = TableFacts { name: "sfp", ..SEP };
const SF1: TableFacts = TableFacts {
    name: "sf1",
    key: &["ticker", "datekey", "dimension", "reportperiod"],
    date: Some("datekey"),
    updated: Some("lastupdated"),
};
const SF3: TableFacts = TableFacts {
    name: "sf3",
    key: &["ticker", "calendardate", "investorname", "securitytype"],
    date: Some("calendardate"),
    updated: None,
};
const TICKERS: TableFacts =
    TableFacts { name: "tickers", key: &["ticker", "table", "permaticker"], date: None, updated: Some("lastupdated") };
/// Actions come before prices, which need them.
const TABLES: [TableFacts; 8] = [ACTIONS, TICKERS, SEP, SFP, DAILY, SF1, SF2, SF3];

const FIRST: &str = "2024-01-01";
const DAYS: u64 = 120;

/// A market of 12 tickers and a fund, with rows in every table.
fn market() -> Market {
    let (mut rows, first) = (BTreeMap::<&str, Vec<Vec<String>>>::new(), day(FIRST));
    for (number, ticker) in (0..13).map(|number| (number, format!("T{number}"))) {
        for ago in 0..DAYS {
            let date = (first + Days::new(ago)).to_string();
            let price = format!("{:?}", 10.0 + number as f64 + ago as f64 / 8.0);
            let prices = [&*ticker, &date, &price, &price, "600.0", &price, &date].map(str::to_owned).to_vec();
            rows.entry(if number == 12 { "sfp" } else { "sep" }).or_default().push(prices);
            rows.entry("daily").or_default().push([&*ticker, &date, &date, &price].map(str::to_owned).to_vec());
            if ago % 5 == number % 5 {
                let filing = [&*ticker, &date, "4", "DOE JANE", "1", "55.5"].map(str::to_owned).to_vec();
                rows.entry("sf2").or_default().push(filing);
            }
            if ago % 30 == number {
                let quarter = [&*ticker, "ARQ", &date, FIRST, &date, "1e6"].map(str::to_owned).to_vec();
                rows.entry("sf1").or_default().push(quarter);
            }
        }
        for quarter in ["2023-09-30", "2023-12-31", "2024-03-31"] {
            rows.entry("sf3").or_default().push([&*ticker, quarter, "FUND", "SHR", "7.5"].map(str::to_owned).to_vec());
        }
        let last = (first + Days::new(DAYS)).to_string();
        let id = number.to_string();
        let listed = ["SEP", &id, &ticker, "N", &last, FIRST, &last].map(str::to_owned).to_vec();
        rows.entry("tickers").or_default().push(listed);
    }
    let columns = |table: &str| match table {
        "daily" => vec!["ticker", "date", "lastupdated", "marketcap"],
        "sf1" => vec!["ticker", "dimension", "datekey", "reportperiod", "lastupdated", "revenue"],
        "sf2" => vec!["ticker", "filingdate", "formtype", "ownername", "rownum", "transactionvalue"],
        "sf3" => vec!["ticker", "calendardate", "investorname", "securitytype", "value"],
        "actions" => vec!["date", "action", "ticker", "name", "value", "contraticker", "contraname"],
        "tickers" => {
            vec!["table", "permaticker", "ticker", "isdelisted", "lastupdated", "firstpricedate", "lastpricedate"]
        }
        _ => vec!["ticker", "date", "close", "closeunadj", "volume", "closeadj", "lastupdated"],
    };
    let folder = tempfile::tempdir().unwrap();
    for facts in TABLES {
        let rows = rows.remove(facts.name).unwrap_or_default();
        Table::new(facts.name, &columns(facts.name), rows).write(folder.path());
    }
    Market::read(folder.path())
}

/// What a lake does with pulls, in memory: rows by their key, and what is known about the last pull.
#[derive(Default)]
struct Lake {
    rows: BTreeMap<&'static str, BTreeMap<Vec<String>, Vec<String>>>,
    stored: BTreeMap<&'static str, Stored>,
}

impl Lake {
    fn land(&mut self, facts: &TableFacts, step: &Step, pull: &Pull) {
        let columns: Vec<&str> = pull.manifest.columns.iter().map(String::as_str).collect();
        let at = |name: &str| columns.iter().position(|column| *column == name).unwrap();
        let rows = self.rows.entry(facts.name).or_default();
        if step.complete {
            let inside = |row: &[String]| match &step.request.window {
                Window::Everything => true,
                Window::Since { column, from } => row[at(column)] >= from.to_string(),
                Window::Tickers(tickers) => tickers.contains(&row[at("ticker")]),
            };
            if !matches!(step.request.window, Window::Tickers(_)) {
                refuse_shrunk(pull, rows.values().filter(|row| inside(row)).count() as u64).unwrap();
            }
            rows.retain(|_, row| !inside(row));
        }
        for row in crate::rows(pull, &columns) {
            rows.insert(facts.key.iter().map(|name| row[at(name)].clone()).collect(), row);
        }
    }
}

async fn update(client: &Client, store: &Path, lake: &mut Lake, today: NaiveDate) {
    let mut restated = Restated::default();
    let mut pulls = Vec::new();
    for facts in TABLES {
        let stored = lake.stored.get(facts.name).copied();
        let watermark = stored.map(|stored| stored.updated);
        let step = Step::for_table(&facts, &Situation { watermark, today, since: None, full: false });
        let pull = pull(client, store, &facts, &step.request, step.method, &|_| {}).await.unwrap();
        match (facts.name, stored, lake.stored.get("sep")) {
            ("actions", _, Some(prices)) => restated = Restated::from_actions(&pull, prices.date, today).unwrap(),
            ("sep" | "sfp", Some(stored), _) => restated.add_prices(&pull, stored).unwrap(),
            _ => {}
        }
        pulls.push((facts, step, pull));
    }
    for (facts, step, pull) in &pulls {
        lake.land(facts, step, pull);
    }
    let steps = TABLES.iter().flat_map(|facts| restated.steps(facts).into_iter().map(move |step| (facts, step)));
    for (facts, step) in steps {
        let pull = pull(client, store, facts, &step.request, step.method, &|_| {}).await.unwrap();
        lake.land(facts, &step, &pull);
    }
    for (facts, _, pull) in &pulls {
        let record = pull.record();
        let before = lake.stored.get(facts.name);
        let updated = record.watermark.max(before.map(|stored| stored.updated));
        let date = record.newest_date.max(before.map(|stored| stored.date));
        if let Some(updated) = updated {
            lake.stored.insert(facts.name, Stored { updated, date: date.unwrap_or(updated) });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn months_of_updates_end_in_the_vendor_s_tables() {
    for seed in 0..2 {
        let mut market = market();
        let (begin, end) = (day("2024-02-10"), day("2024-04-25"));
        let scheduled = market.schedule_random(seed, 50, begin, end);
        let kinds: HashSet<_> = scheduled.iter().map(|(_, event)| std::mem::discriminant(event)).collect();
        assert_eq!(kinds.len(), 7, "all kinds of events");
        let (server, store) = (VendorServer::start(market), tempfile::tempdir().unwrap());
        let client = client_with(&server, Settings { rows_per_page: 500, ..quick() });
        server.state().faults = Faults::random(seed, 0.05, 40, &PASSING);
        let (mut lake, mut today, mut gap) = (Lake::default(), begin, seed);
        while today <= end + Days::new(8) {
            server.state().market.reveal(today);
            server.state().forget_bulk();
            update(&client, store.path(), &mut lake, today).await;
            gap = gap * 7 % 11 + 1; // from daily runs to a week and a half without one
            today = today + Days::new(if gap > 4 { 1 } else { gap * 3 });
        }
        for facts in TABLES {
            let ours: BTreeSet<_> = lake.rows[facts.name].values().cloned().collect();
            let theirs: BTreeSet<_> = rows_of(server.state().market.table(facts.name)).into_iter().collect();
            let (more, less) =
                (ours.difference(&theirs).collect::<Vec<_>>(), theirs.difference(&ours).collect::<Vec<_>>());
            assert!(more.is_empty() && less.is_empty(), "{} of seed {seed}: {more:?} {less:?}", facts.name);
        }
    }
}
