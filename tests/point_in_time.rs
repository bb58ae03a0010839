//! No look-ahead: what the pipeline says about a date does not change when later data arrives, and `kairos check
//! lookahead` finds out where it does.

mod common;

use common::{Desk, REFERENCE, SQL, stderr};
use serde_json::Value;

/// Few names in a small market.
const SMALL: [&str; 12] = [
    "--set",
    "market_min_names=5",
    "--set",
    "z_min_group=5",
    "--set",
    "regime_min_names=5",
    "--set",
    "regime_min_obs=60",
    "--set",
    "ic_min_names=5",
    "--set",
    "ic_min_dates=60",
];
/// Datasets that must have been compared; the rest of the tree may grow.
const DATASETS: [&str; 38] = [
    "sep_base",
    "universe",
    "sep_base_academic",
    "feat_price_action",
    "feat_trend",
    "feat_stat",
    "feat_price_shape",
    "feat_volume_volatility",
    "feat_adv",
    "feat_vol_sizing",
    "feat_beta",
    "feat_momentum_v2",
    "sf1_asof",
    "feat_value_v2",
    "feat_quality_v2",
    "feat_growth_v2",
    "feat_insider",
    "feat_institutional_academic",
    "feat_fundamental",
    "feat_gross_profit",
    "regime_statistics",
    "regime_history_academic",
    "component_coefficients",
    "feat_composite_academic",
    "feat_composite_long",
    "feat_composite_long_v2",
    "feat_composite_v3",
    "feat_composite_v31",
    "feat_alpha_smoothed_v31",
    "feat_composite_v32",
    "feat_composite_v32b",
    "feat_composite_v33_regime",
    "feat_composite_v4",
    "feat_composite_v5",
    "feat_composite_v6",
    "feat_composite_v7",
    "feat_composite_v8",
    "feat_targets",
];

fn market() -> Desk {
    let desk = Desk::new();
    let market = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "120", "--days", "420", "--seed", "3", "--out", &market]);
    desk.ok(&["land", "--dir", &market]);
    desk
}

/// The findings as JSON, and the exit code.
fn look(desk: &Desk, tree: &[&str], arguments: &[&str]) -> (Vec<Value>, i32) {
    let output = desk.run(&[tree, &SMALL[..], &["check", "lookahead", "--format", "json"], arguments].concat());
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let findings = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (findings, output.status.code().unwrap_or_else(|| panic!("{}", stderr(&output))))
}

fn run(desk: &Desk, tree: &[&str]) {
    desk.ok(&[tree, &SMALL[..], &["run", "--no-checks"]].concat());
}

fn of<'a>(findings: &'a [Value], dataset: &str) -> &'a Value {
    findings.iter().find(|finding| finding["dataset"] == dataset).unwrap_or_else(|| panic!("{dataset} is missing"))
}

#[test]
fn the_default_tree_does_not_look_ahead() {
    let desk = market();
    let tree = ["--sql", SQL];
    run(&desk, &tree);
    let (findings, code) = look(&desk, &tree, &["--dates", "2", "--seed", "1"]);
    assert_eq!(code, 0, "{findings:?}");
    for dataset in DATASETS {
        let compared = findings.iter().filter(|f| f["dataset"] == dataset && f["verdict"] == "same");
        let rows: Vec<i64> = compared.map(|finding| finding["rows"].as_i64().unwrap()).collect();
        // Some have one row per date.
        let least = if dataset.starts_with("regime_") || dataset.starts_with("component_") { 20 } else { 1000 };
        assert!(rows.len() == 2 && rows.iter().all(|rows| *rows > least), "{dataset}: {rows:?}");
    }
    // The same seed looks at the same dates, another one at others.
    let dates = |findings: &[Value]| findings.iter().map(|f| f["as_of"].to_string()).collect::<Vec<_>>();
    let only = ["sep_base", "--dates", "2", "--seed"];
    assert_eq!(dates(&look(&desk, &tree, &[&only[..], &["1"]].concat()).0).last(), dates(&findings).last());
    assert_ne!(dates(&look(&desk, &tree, &[&only[..], &["2"]].concat()).0).last(), dates(&findings).last());
    // What is out of date would differ for another reason.
    let message = desk.fails(1, &["--sql", SQL, "check", "lookahead"]);
    assert!(message.contains("out of date") && message.contains("feat_beta"), "{message}");
}

#[test]
fn the_reference_looks_ahead_where_it_is_known_to() {
    let desk = market();
    let tree = ["--sql", SQL, "--overlay", REFERENCE];
    run(&desk, &tree);
    let (findings, code) = look(&desk, &tree, &["--at", "2025-06-02"]);
    assert_eq!(code, 3, "{findings:?}");
    let base = of(&findings, "sep_base_academic");
    assert_eq!((&base["verdict"], &base["columns"]), (&"looks ahead".into(), &"(row)".into()), "the list is today's");
    let adv = of(&findings, "feat_adv");
    assert!(adv["columns"].as_str().unwrap().contains("size_z"), "the mean of all history: {adv}");
    assert_eq!(of(&findings, "sep_base")["verdict"], "same", "prices are what they were");
}

#[test]
fn a_feature_that_looks_ahead_is_named_with_the_first_key_and_both_values() {
    let desk = market();
    let feature = "-- feat_ahead: tomorrow's close, and an honest column.\ncreate or replace table feat_ahead as\n\
        select ticker, date, close, lead(close, 1) over w as next_close from sep_base\n\
        window w as (partition by ticker order by date)\norder by ticker, date\n";
    desk.write("mine/features/ahead.sql", feature);
    let overlay = desk.path("mine").display().to_string();
    let tree = ["--sql", SQL, "--overlay", &overlay];
    desk.ok(&[&tree[..], &["run", "feat_ahead"]].concat());
    let (findings, code) = look(&desk, &tree, &["--at", "2025-06-02", "feat_ahead"]);
    assert_eq!((findings.len(), code), (1, 3));
    let finding = &findings[0];
    assert_eq!((&finding["columns"], &finding["then"]), (&"next_close".into(), &"NULL".into()), "{finding}");
    assert!(finding["key"].as_str().unwrap().ends_with("date=2025-06-02"), "{finding}");
    let ticker = finding["key"].as_str().unwrap().split(['=', ' ']).nth(1).unwrap().to_owned();
    let next =
        desk.rows(&format!("select next_close from feat_ahead where ticker = '{ticker}' and date = '2025-06-02'"));
    assert_eq!(finding["now"], next[0][0].as_str());
    // Declared as a target, it may: its value was missing as long as it was not known.
    desk.write("mine/features/ahead.sql", &feature.replace("honest column.\n", "honest column.\n-- Role: target\n"));
    assert_eq!(look(&desk, &tree, &["--at", "2025-06-02", "feat_ahead"]).1, 0);
}
