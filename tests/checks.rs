//! The data checks: each finds what it is there for and is silent otherwise, and a run stops at what is critical.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Desk, REFERENCE, SQL, stderr};
use serde_json::Value;

/// A dataset with one row per date, which the tree may not have.
const DAYS: &str = "-- days: the sessions.\ncreate or replace table days as\n\
    select date, count(*) as n from sep_base group by date order by date\n";
/// Few names in a small market.
const SMALL: [&str; 4] = ["--set", "market_min_names=5", "--set", "z_min_group=5"];
/// A bad price series of its own.
const SEP: &str = "ticker,date,open,high,low,close,volume,closeadj,closeunadj\n";

/// What spoils a good lake.
enum Spoil {
    /// A statement.
    Sql(&'static str),
    /// A file of a raw table, its rows given or found by a query.
    Land(&'static str, String),
    LandQuery(&'static str, &'static str),
}

use Spoil::{Land, LandQuery, Sql};

fn sep(rows: &str) -> Spoil {
    Land("sep", format!("{SEP}{rows}"))
}

fn spoils() -> Vec<(&'static str, Spoil)> {
    let beta = |query: &str| -> &'static str {
        Box::leak(format!("create or replace table feat_beta as {query} order by ticker, date").into_boxed_str())
    };
    let crowd: String = (0..30).map(|i| format!("ZZ{i:02},2025-12-18,1,1,1,1,1,1,1\n")).collect();
    let sf1 = "ticker,dimension,datekey,reportperiod,calendardate,revenue,netinc,assets,equity\n";
    vec![
        (
            "duplicate_keys",
            Sql(beta("select * from feat_beta union all select * from feat_beta where date = '2025-12-18'")),
        ),
        (
            "conflicting_duplicates",
            Sql(beta(
                "select * from feat_beta union all select * replace (9.0 as beta_252d) from feat_beta where date = '2025-12-18'",
            )),
        ),
        (
            "duplicate_names",
            Sql("create or replace table security as select * from security union all \
                 (select * from security limit 1) order by ticker"),
        ),
        (
            "duplicate_dates",
            Sql("create or replace table days as select * from days union all select * from days order by date"),
        ),
        (
            "null_keys",
            Sql(beta(
                "select * from feat_beta union all \
                 select * replace (cast(null as varchar) as ticker) from feat_beta where date = '2025-12-18'",
            )),
        ),
        ("unordered", Sql("create or replace table feat_beta as select * from feat_beta")),
        ("key_types", Sql(beta("select * replace (cast(date as varchar) as date) from feat_beta"))),
        ("empty", Sql(beta("select * from feat_beta where false"))),
        (
            "infinite_values",
            Sql(beta(
                "select * replace (case when date = '2025-12-18' then cast('inf' as double) else beta_252d end as beta_252d) from feat_beta",
            )),
        ),
        (
            "nan_values",
            Sql(beta(
                "select * replace (case when date = '2025-12-18' then cast('nan' as double) else beta_252d end as beta_252d) from feat_beta",
            )),
        ),
        ("empty_columns", Sql(beta("select * replace (cast(null as double) as beta_252d) from feat_beta"))),
        ("constant_columns", Sql(beta("select * replace (1.0 as beta_252d) from feat_beta"))),
        ("unclipped_scores", Sql(beta("select *, beta_252d * 100 as beta_z from feat_beta"))),
        ("future_dates", sep("ZZBAD,2099-01-04,1,1,1,1,1,1,1\n")),
        ("freshness", Sql(beta("select * from feat_beta where date < '2025-12-18'"))),
        (
            "target_freshness",
            Sql(
                "create or replace table feat_targets as select * replace (0.0 as ret_5d_f) from feat_targets order by ticker, date",
            ),
        ),
        ("thin_dates", Sql(beta("select * from feat_beta where date < '2025-12-18' or ticker < 'M'"))),
        (
            "coverage_drop",
            Sql(beta(
                "select * replace (case when date < '2025-12-18' then beta_252d end as beta_252d) from feat_beta",
            )),
        ),
        ("matching_keys", Sql(beta("select * from feat_beta where ticker < 'G'"))),
        ("leakage", Sql(beta("select ticker, date, ret_1d_f as beta_252d from feat_targets"))),
        ("price_sanity", sep("ZZBAD,2025-12-18,5,4,6,5,1,5,5\n")),
        ("price_jumps", sep("ZZBAD,2025-12-17,1,1,1,1,1,1,1\nZZBAD,2025-12-18,9,9,9,9,1,9,9\n")),
        ("split_basis", sep("ZZBAD,2025-12-17,1,1,1,1,1,1,1\nZZBAD,2025-12-18,1,1,1,1,1,1,2\n")),
        ("latest_basis", sep("ZZBAD,2025-12-18,1,1,1,1,1,1,2\n")),
        ("unknown_tickers", sep("ZZBAD,2025-12-18,1,1,1,1,1,1,1\n")),
        (
            "listing_dates",
            LandQuery(
                "tickers",
                "select * replace (cast('2025-12-01' as date) as firstpricedate) from raw.tickers where \"table\" = 'SEP'",
            ),
        ),
        ("session_completeness", sep(&crowd)),
        (
            "raw_freshness",
            Land("daily", "ticker,date,evebitda,marketcap,pb,pe,ps\nZZBAD,2025-12-19,1,1,1,1,1\n".into()),
        ),
        (
            "market_caps",
            LandQuery(
                "sf1",
                "select ticker, 'ARQ' as dimension, date as datekey, date as reportperiod, date as calendardate, \
                 1.0 as revenue, 1.0 as netinc, 1.0 as assets, 1.0 as equity, marketcap \
                 from raw.daily where date = '2025-12-17'",
            ),
        ),
        ("filing_dates", Land("sf1", format!("{sf1}ZZBAD,ARQ,2025-06-01,2025-06-30,2025-06-30,1,1,1,1\n"))),
        (
            "filings_of_one_day",
            Land(
                "sf1",
                format!(
                    "{sf1}ZZBAD,ARQ,2025-06-01,2024-12-31,2024-12-31,1,1,1,1\nZZBAD,ARQ,2025-06-01,2025-03-31,2025-03-31,1,1,1,1\n"
                ),
            ),
        ),
        (
            "holdings_maturity",
            Land("sf3", "ticker,investorname,securitytype,calendardate,value,units\nA,X,SHR,2026-06-30,1,1\n".into()),
        ),
        (
            "universe_size",
            Sql(
                "create or replace table universe as select * replace (in_universe and date < '2025-12-18' as in_universe) \
                 from universe order by ticker, date",
            ),
        ),
        (
            "regime_weights",
            Sql("create or replace table regime_weights as select * from regime_weights \
                 where regime <> 'normal_vol_neutral' order by regime"),
        ),
        (
            "survivorship",
            Sql("create or replace table sep_base_academic as select * from sep_base_academic union all \
                 select * replace (cast(date - interval '5 years' as date) as date) from sep_base_academic \
                 where ticker in (select ticker from security where isdelisted = 'N') order by ticker, date"),
        ),
    ]
}

/// A lake in which nothing is wrong.
fn good() -> Desk {
    let desk = Desk::new();
    let market = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "120", "--days", "420", "--seed", "3", "--out", &market]);
    desk.ok(&["land", "--dir", &market]);
    with_days(&desk, &["run"]);
    desk
}

fn with_days(desk: &Desk, arguments: &[&str]) -> String {
    desk.write("days/regime/days.sql", DAYS);
    let overlay = desk.path("days").display().to_string();
    desk.ok(&[&["--sql", SQL, "--overlay", &overlay], &SMALL[..], arguments].concat())
}

/// A desk with a copy of a lake.
fn copy(of: &Desk) -> Desk {
    let desk = Desk::new();
    let copied = Command::new("cp").arg("-r").arg(of.lake()).arg(desk.lake()).status().unwrap();
    assert!(copied.success());
    desk
}

/// The lines of a report in JSON, and the exit code.
fn report(desk: &Desk, arguments: &[&str]) -> (Vec<Value>, i32) {
    desk.write("days/regime/days.sql", DAYS);
    let overlay = desk.path("days").display().to_string();
    let output = desk.run(&[&["--sql", SQL, "--overlay", &overlay, "check", "--format", "json"], arguments].concat());
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, output.status.code().unwrap_or_else(|| panic!("{}", stderr(&output))))
}

fn spoil(desk: &Desk, spoil: &Spoil) {
    match spoil {
        Sql(sql) => drop(desk.ok(&["sql", "-c", sql])),
        Land(table, text) => {
            let file = desk.write(&format!("{table}.csv"), text);
            desk.ok(&["land", table, &file]);
        }
        LandQuery(table, sql) => {
            let file = desk.path(&format!("{table}.parquet")).display().to_string();
            desk.ok(&["sql", "-c", sql, "-o", &file]);
            desk.ok(&["land", table, &file]);
        }
    }
}

#[test]
fn a_good_lake_passes_every_check() {
    let (lines, code) = report(&good(), &[]);
    assert_eq!(code, 0);
    let passed = |line: &Value| line["status"] == "ok";
    assert!(lines.iter().all(passed), "{:?}", lines.iter().filter(|line| !passed(line)).collect::<Vec<_>>());
    let files = std::fs::read_dir(Path::new(SQL).join("checks")).unwrap();
    let mut files: Vec<String> =
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    files.sort();
    let asked: Vec<&str> = lines.iter().map(|line| line["check"].as_str().unwrap()).collect();
    assert_eq!(asked, files);
    let mut spoiled: Vec<&str> = spoils().iter().map(|(check, _)| *check).collect();
    spoiled.sort();
    assert_eq!(spoiled, files, "every check has a case below");
}

#[test]
fn every_check_finds_what_it_is_there_for() {
    let good = good();
    for (check, what) in spoils() {
        let desk = copy(&good);
        spoil(&desk, &what);
        let (lines, code) = report(&desk, &[check]);
        assert_eq!(lines[0]["status"], "found", "{check}: {lines:?}");
        assert!(lines[0]["rows"].as_i64().unwrap() > 0 && !lines[0]["offender"].is_null(), "{check}: {lines:?}");
        let expected = if lines[0]["severity"] == "critical" { 3 } else { 0 };
        assert_eq!(code, expected, "{check}");
    }
}

/// Spec 05 §7, E4: four base keys; two copies of one row, two versions of another, one row of no base key.
#[test]
fn duplicates_orphans_and_freshness_of_the_worked_example() {
    let desk = Desk::new();
    let keys = "(values ('A', date '2024-01-02'), ('A', date '2024-01-03'), ('B', date '2024-01-02'), \
                ('B', date '2024-01-03')) as k(ticker, date)";
    let table = |name: &str, query: &str| {
        desk.ok(&["sql", "-c", &format!("create or replace table {name} as {query} order by ticker, date")]);
    };
    table("sep_base_academic", &format!("select * from {keys}"));
    table(
        "feat_beta",
        "select * from (values ('A', date '2024-01-02', 1.0), ('A', date '2024-01-02', 1.0), ('B', date '2024-01-03', 5.0), \
         ('B', date '2024-01-03', 7.0), ('C', date '2024-01-02', 9.0)) as f(ticker, date, x)",
    );
    let (lines, _) = report(&desk, &["duplicate_keys", "--offenders", "10"]);
    let keys: std::collections::BTreeSet<&str> = lines.iter().map(|line| line["offender"].as_str().unwrap()).collect();
    assert_eq!(Vec::from_iter(keys), ["ticker=A date=2024-01-02", "ticker=B date=2024-01-03"]);
    let (lines, code) = report(&desk, &["conflicting_duplicates"]);
    assert_eq!((lines.len(), &lines[0]["rows"], code), (1, &1.into(), 3));
    assert_eq!(lines[0]["offender"], "ticker=B date=2024-01-03 variants=2");
    // One of five rows has no base row, and two of the four base rows have one.
    let (lines, code) = report(&desk, &["matching_keys"]);
    assert!(lines[0]["offender"].as_str().unwrap().ends_with("orphan_rate=0.2"), "{lines:?}");
    assert_eq!(code, 3);

    // Eight sessions, h = 5: the last outcome is that of the third.
    let session = |n: u32| format!("date '2024-01-{:02}'", n + 7);
    let prices: Vec<_> = (1..=8).map(|n| format!("('A', {})", session(n))).collect();
    table("sep_base", &format!("select * from (values {}) as p(ticker, date)", prices.join(", ")));
    let targets = |last: u32| {
        let row = |n: u32| format!("('A', {}, {})", session(n), if n <= last { "0.5" } else { "cast(null as double)" });
        let rows: Vec<_> = (1..=8).map(row).collect();
        table("feat_targets", &format!("select * from (values {}) as t(ticker, date, ret_5d_f)", rows.join(", ")));
        report(&desk, &["target_freshness"])
    };
    let (lines, code) = targets(3);
    assert_eq!((&lines[0]["status"], code), (&"ok".into(), 0));
    for (last, expected) in [(2, "status=stale sessions=1"), (4, "status=ahead sessions=-1")] {
        let (lines, code) = targets(last);
        assert!(lines[0]["offender"].as_str().unwrap().contains(expected), "{lines:?}");
        assert_eq!(code, 3);
    }
    table("feat_adv", &format!("select 'A' as ticker, {} as date", session(6)));
    table("feat_stat", &format!("select 'A' as ticker, {} as date", session(9)));
    let (lines, _) = report(&desk, &["freshness", "--offenders", "10"]);
    let text = format!("{lines:?}");
    assert!(text.contains("dataset=feat_adv last_date=2024-01-13 status=stale sessions=2"), "{text}");
    assert!(text.contains("dataset=feat_stat last_date=2024-01-16 status=ahead"), "{text}");
}

/// A pipeline of two phases, with a check between them that finds negative prices.
fn small(severity: &str) -> Desk {
    let desk = Desk::new();
    desk.write("sql/pipeline.toml", "[low]\ndefault = -1.0\n");
    let prices = "-- prices\ncreate or replace table prices as\n\
                  select 'A' as ticker, date '2024-01-02' as date, $low as x order by ticker, date\n";
    desk.write("sql/base/prices.sql", prices);
    desk.write(
        "sql/features/feature.sql",
        "-- feature\ncreate or replace table feature as\nselect * from prices order by ticker, date\n",
    );
    let check = format!(
        "-- negative: below nothing.\n-- Severity: {severity}\n-- After: base\nselect * from prices where x < 0\n"
    );
    desk.write("sql/checks/negative.sql", &check);
    desk
}

#[test]
fn a_run_stops_at_a_critical_finding_before_the_next_phase() {
    let desk = small("critical");
    for again in ["the first time", "and again, although the phase is up to date"] {
        let message = desk.fails(3, &["run"]);
        for part in ["after base: negative (1 row, first ticker=A date=2024-01-02 x=-1.0)", "--no-checks", "feature"] {
            assert!(message.contains(part), "{again}: {part} is not in:\n{message}");
        }
        assert!(desk.lake().join("prices").exists() && !desk.lake().join("feature").exists(), "{again}");
    }
    let output = desk.run(&["run", "--no-checks", "--quiet"]);
    assert!(output.status.success());
    assert!(stderr(&output).contains("WARNING: --no-checks"), "said loudly: {}", stderr(&output));
    assert_eq!(desk.number("select x from feature"), -1.0);
    // Good data passes, and the log of the run says that it was judged.
    desk.ok(&["--set", "low=2", "run"]);
    assert_eq!(desk.number("select x from feature"), 2.0);
    let logs = std::fs::read_dir(desk.lake().join("_runs")).unwrap();
    let logs: Vec<String> = logs.map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap()).collect();
    assert!(logs.iter().any(|log| log.contains("\"event\":\"checked\"") && log.contains("\"passed\":1")), "{logs:?}");
}

#[test]
fn a_warning_is_one_line_of_a_run() {
    let desk = small("warning");
    let output = desk.run(&["run"]);
    assert!(output.status.success());
    let lines: Vec<String> = stderr(&output).lines().map(str::to_owned).collect();
    assert_eq!(lines[1], "! check after base: negative (1 row, first ticker=A date=2024-01-02 x=-1.0)", "{lines:?}");
    assert!(lines[2].contains("feature"), "{lines:?}");
    assert!(desk.ok(&["check"]).contains("x=-1.0"), "a warning is no failure");
}

#[test]
fn an_overlay_adds_and_replaces_checks() {
    let desk = small("critical");
    desk.ok(&["run", "--no-checks"]);
    desk.write("mine/checks/negative.sql", "-- negative\n-- Severity: critical\nselect * from prices where x < -5\n");
    desk.write(
        "mine/checks/wide.sql",
        "-- wide\n-- Severity: warning\n-- For each: p*\n-- Columns: *\nselect $key, $column from $dataset where $column < $low + 1\n",
    );
    let overlay = desk.path("mine").display().to_string();
    let report = desk.ok(&["--overlay", &overlay, "check", "--format", "csv"]);
    let lines: Vec<&str> = report.lines().collect();
    assert!(lines[1].starts_with("negative,critical,ok,0,"), "{report}");
    assert!(
        lines[2].starts_with("wide,warning,found,1,") && lines[2].ends_with("prices,x ticker=A date=2024-01-02 x=-1.0")
    );
}

#[test]
fn what_cannot_be_asked_is_said() {
    let desk = small("critical");
    desk.ok(&["run", "--no-checks"]);
    assert!(desk.fails(2, &["check", "negativ"]).contains("did you mean negative"));
    assert!(desk.fails(2, &["check", "--phase", "nothing"]).contains("raw, base, features"));
    desk.fails(3, &["check", "--phase", "base"]);
    assert!(desk.ok(&["check", "--phase", "features"]).lines().count() < 2, "the check belongs to another phase");
    desk.write("sql/checks/missing.sql", "-- missing\n-- Severity: critical\nselect * from raw.actions\n");
    assert!(desk.ok(&["check", "missing"]).contains("needs raw.actions"));
    desk.write("sql/checks/missing.sql", "-- missing\n-- Severity: warning\nselect nothing from prices\n");
    assert!(desk.fails(1, &["check", "missing"]).contains("could not be asked: missing"));
    desk.write(
        "sql/checks/missing.sql",
        "-- missing\n-- Severity: critical\n-- After: base\nselect nothing from prices\n",
    );
    assert!(desk.fails(3, &["--set", "low=3", "run"]).contains("missing cannot be asked"));
    for (text, part) in [
        ("-- missing\nselect 1", "-- Severity: critical"),
        ("-- missing\n-- Severity: warning\n-- Key: ticker\nselect 1", "For each"),
        ("-- missing\n-- Severity: warning\ncreate or replace table x as select 1 as x", "plain select"),
        ("-- missing\n-- Severity: warning\nselect 1; select 2", "missing.sql"),
    ] {
        desk.write("sql/checks/missing.sql", text);
        assert!(desk.fails(1, &["check", "missing"]).contains(part), "{part}");
    }
}

/// The reference overlay has its known defects, and the checks say so.
#[test]
fn the_reference_is_found_out() {
    let desk = good();
    let reference = |arguments: &[&str]| {
        let all = [&["--sql", SQL, "--overlay", REFERENCE], arguments].concat();
        desk.run(&all)
    };
    let run = reference(&["run", "--no-checks"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let output = reference(&["check", "--format", "csv", "unclipped_scores", "matching_keys"]);
    let report = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert!(report.contains("unclipped_scores,warning,found") && report.contains("column_name=size_z"), "{report}");
    assert!(report.contains("matching_keys,critical,found") && report.contains("feat_momentum_v2"), "{report}");
}
