//! Conformance: with the reference overlay, every finite value of the golden tables is ours.

mod common;

use std::process::Command;

use common::{Desk, REFERENCE, SQL, python, shared, stderr};

const TABLES: [&str; 36] = [
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
    "feat_targets",
    "feat_momentum_v2",
    "feat_value_v2",
    "feat_quality_v2",
    "feat_insider",
    "feat_institutional_academic",
    "feat_fundamental",
    "feat_gross_profit",
    "feat_value",
    "regime_history_academic",
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
    "feat_matrix",
    "feat_matrix_v2",
];

#[test]
fn the_reference_overlay_reproduces_the_golden_tables() {
    let (Some(shared), Some(python)) = (shared(), python("duckdb")) else {
        return;
    };
    let desk = Desk::new();
    let golden = shared.join("golden/seed7");
    desk.ok(&["land", "--dir", golden.join("raw").to_str().unwrap()]);
    desk.ok(&["--sql", SQL, "--overlay", REFERENCE, "run"]);
    let exported = desk.path("out");
    desk.ok(&["export", "--all", "--to", exported.to_str().unwrap()]);
    let mut compare = Command::new(python);
    compare.arg(shared.join("tools/compare.py")).arg(golden.join("expected")).arg(&exported).arg("--finite");
    for table in TABLES {
        compare.args(["--table", table]);
    }
    let output = compare.output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", stderr(&output));
    assert!(report.contains(&format!("{} ok, 0 DIFF, 0 MISSING", TABLES.len())), "{report}");
}

#[test]
fn real_data_builds_and_answers() {
    let Some(shared) = shared() else { return };
    let desk = Desk::new();
    desk.ok(&["land", "--dir", shared.join("data/sp500_real").to_str().unwrap()]);
    // The set has no insiders and no institutions.
    assert!(desk.fails(1, &["--sql", SQL, "run", "feat_insider"]).contains("kairos land sf2 --empty"));
    for table in ["sf2", "sf3"] {
        desk.ok(&["land", table, "--empty"]);
    }
    assert!(desk.fails(1, &["land", "sep", "--empty"]).contains("has been landed already"));
    desk.ok(&["--sql", SQL, "run"]);
    let sql = "select date, ticker, mom_12_1 from feat_momentum_v2 order by date desc, mom_12_1 desc limit 10";
    let rows = desk.rows(sql);
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row[0] == "2018-02-07"), "{rows:?}");
    // One row per row of the base, and nothing stored that is not a number.
    let base = desk.number("select count(*) from sep_base_academic");
    for table in [
        "feat_price_action",
        "feat_trend",
        "feat_beta",
        "feat_targets",
        "feat_adv",
        "feat_value_v2",
        "feat_quality_v2",
        "feat_growth_v2",
        "feat_insider",
        "feat_institutional_academic",
        "feat_fundamental",
        "feat_gross_profit",
    ] {
        assert_eq!(desk.number(&format!("select count(*) from {table}")), base, "{table}");
    }
    let bad = "select count(*) from feat_price_action where isnan(hl_ratio) or abs(hl_ratio) > 1e300";
    assert_eq!(desk.number(bad), 0.0);
    // The vendor's one bar with low above high has no range.
    let bar = "select high, low from sep_base where ticker = 'AOS' and date = '2014-05-19'";
    assert_eq!(desk.rows(bar), [["", ""]]);
}
