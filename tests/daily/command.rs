//! What `kairos sync` and `kairos daily` say, and how they end.

use std::time::Duration;

use crate::common::vendor::{BadKey, Event, Fault, KEY};
use crate::common::{Desk, SQL};
use crate::world::{LAST, World, seen};

fn world() -> World {
    let world = World::new(Desk::new(), 60, 420, 1, 3);
    world.reveal(world.sessions[0]);
    world
}

#[test]
fn a_check_says_what_would_be_asked() {
    let world = world();
    let today = world.sessions[0].to_string();
    let said = world.ok(&["sync", "--check", "sep", "--as-of", &today]);
    assert!(said.contains("nothing stored") && said.contains("the whole table"), "{said}");
    let said = world.ok(&["sync", "sep", "actions", "--as-of", &today]);
    assert!(said.contains("sep") && said.contains("inserted") && said.contains("version 0"), "{said}");
    world.reveal(world.sessions[1]);
    let said = world.ok(&["sync", "--check", "sep", "--as-of", LAST]);
    assert!(said.contains(&today) && said.contains("SEP lastupdated >=") && said.contains("rows"), "{said}");
    assert!(world.desk.ok(&["history", "raw.sep"]).lines().count() == 2, "a check changes nothing");
    let said = world.ok(&["sync", "sep", "--since", "2025-12-01", "--as-of", LAST]);
    assert!(said.contains("version 1"), "{said}");
    let asked = world.desk.rows("select requested, method, pages from raw._pulls order by started_at");
    assert_eq!(asked.first().unwrap()[..2], ["SEP everything", "bulk"]);
    assert!(asked.iter().any(|row| row[0] == "SEP lastupdated >= 2025-12-01" && row[1] == "pages"), "{asked:?}");
    // What came is kept as it came.
    let received = walk(&world.desk.path("lake/_received/sep"));
    assert!(received.iter().any(|file| file.ends_with("manifest.json")) && received.len() >= 2, "{received:?}");
}

#[test]
fn a_new_symbol_reaches_the_tables_that_are_not_asked_for() {
    let world = world();
    let tomorrow = world.sessions[1];
    world.ok(&["sync", "--as-of", &world.sessions[0].to_string()]);
    let ticker = world.desk.rows("select ticker from raw.sep group by ticker order by count(*) desc, ticker limit 1")
        [0][0]
        .clone();
    let event = Event::Rename { from: ticker.clone(), to: "NEWNAME".into() };
    world.server.state().market.schedule(tomorrow, event);
    world.reveal(tomorrow);
    // Once `tickers` is stored it does not tell of the symbol again.
    let said = world.ok(&["sync", "tickers", "--as-of", LAST]);
    assert!(said.contains("sep") && said.contains("daily"), "{said}");
    let rows = |name: &str| world.desk.number(&format!("select count(*) from raw.sep where ticker = '{name}'"));
    assert!(rows("NEWNAME") > 100.0 && rows(&ticker) == 0.0, "{said}");
    // What else is new of these tables is still to come.
    world.ok(&["sync", "--as-of", LAST]);
    world.assert_holds_what_is_shown(tomorrow);
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path.display().to_string()] }).collect()
}

#[test]
fn what_goes_wrong_is_said_and_loses_nothing() {
    let world = world();
    let today = world.sessions[0].to_string();
    let fails = |code: i32, arguments: &[&str]| {
        let output = world.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{}", seen(&output));
        assert!(!seen(&output).contains(KEY), "the key is printed");
        seen(&output)
    };
    // No key at all.
    let output = world.command(&["sync", "sep"]).env_remove("NASDAQ_DATA_LINK_API_KEY").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(seen(&output).contains("NASDAQ_DATA_LINK_API_KEY"), "{}", seen(&output));
    assert!(fails(2, &["sync", "spe"]).contains("did you mean sep?"));
    // A key that the vendor does not know: refused, or answered with a sample of old rows.
    let wrong = |mode: BadKey| {
        world.server.state().bad_key = mode;
        let output = world
            .command(&["sync", "sep", "--as-of", LAST])
            .env("NASDAQ_DATA_LINK_API_KEY", "another")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        // The server keeps a bulk file, whoever asked for it.
        world.server.state().forget_bulk();
        seen(&output)
    };
    let said = wrong(BadKey::Forbid);
    assert!(said.contains("NASDAQ_DATA_LINK_API_KEY") && !said.contains("another"), "{said}");
    let said = wrong(BadKey::Sample);
    assert!(said.contains("sample"), "{said}");
    assert!(world.desk.fails(1, &["describe", "raw.sep"]).contains("raw/sep"), "a sample was landed");
    // Before the session is published.
    let tomorrow = ["--sql", SQL, "daily", "--as-of", LAST];
    let said = fails(3, &tomorrow);
    assert!(said.contains("NOT PUBLISHED YET") && said.contains(&format!("the prices end on {today}")), "{said}");
    // Faults that do not pass: what was landed stays.
    world.server.state().faults.then(std::iter::repeat_n(Some(Fault::Status(404)), 2));
    let said = fails(1, &["sync", "--as-of", &today]);
    assert!(said.contains("not brought up to date"), "{said}");
    world.server.state().faults.then([]);
}

#[test]
fn a_night_reports_for_machines_and_refuses_bad_data() {
    let world = world();
    let today = world.sessions[0].to_string();
    let report = world.desk.path("night.json");
    let report = report.to_str().unwrap();
    world.ok(&["--sql", SQL, "-q", "daily", "--as-of", &today, "--json", report]);
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!((json["ending"].as_str(), json["session"].as_str()), (Some("done"), Some(today.as_str())));
    assert!(json["built"].as_array().unwrap().len() > 40, "{json:#}");
    assert_eq!(json["tables"].as_array().unwrap().len(), 10);
    assert_eq!(json["snapshot"]["date"].as_str(), Some(today.as_str()));
    // A price that cannot be: nothing is built on it.
    let bad = format!(
        "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\nZZZZ,{today},1,1,1,-5,1,1,1,{today}\n"
    );
    world.desk.ok(&["land", "sep", &world.desk.write("bad.csv", &bad)]);
    let check = "-- negative: prices below zero.\n-- Severity: critical\n-- After: raw\n\
                 select ticker, date, close from raw.sep where close < 0\n";
    world.desk.write("strict/checks/negative.sql", check);
    let strict = world.desk.path("strict").display().to_string();
    let output = world.run(&["--sql", SQL, "--overlay", &strict, "daily", "--as-of", &today, "--no-sync"]);
    assert_eq!(output.status.code(), Some(3), "{}", seen(&output));
    let said = seen(&output);
    assert!(
        said.contains("CRITICAL negative (1 row, first ticker=ZZZZ") && said.contains("result   REFUSED"),
        "{said}"
    );
    assert!(world.desk.ok(&["--sql", SQL, "plan"]).contains("sep_base"), "it was built all the same");
}

/// A nightly job that is under way keeps others out, and one that was killed does not.
#[test]
fn only_one_at_a_time() {
    let mut world = world();
    let today = world.sessions[0].to_string();
    world.server.state().faults.then([Some(Fault::Slow(3000))]);
    let mut first = world.command(&["sync", "--as-of", &today]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1000));
    let output = world.run(&["sync", "--as-of", &today]);
    assert_eq!(output.status.code(), Some(3), "{}", seen(&output));
    assert!(seen(&output).contains(&format!("process {}", first.id())), "{}", seen(&output));
    first.kill().unwrap();
    first.wait().unwrap();
    world.bad_weather(0);
    world.ok(&["sync", "--as-of", &today]);
    world.assert_holds_what_is_shown(world.sessions[0]);
}
