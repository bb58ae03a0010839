//! Conformance: with the reference overlay, every finite value of the golden tables is ours.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Desk, REFERENCE, SQL, python, shared, stderr};

/// The golden backtests: name, strategy, and the options that its parameters ask for.
const BACKTESTS: [(&str, &str, &[&str]); 16] = [
    ("baseline", "baseline", &["--alpha", "alpha_composite_v8", "--set", "alpha_direction=high_is_good"]),
    (
        "baseline_ls",
        "baseline",
        &["--alpha", "alpha_composite_v8", "--bottom-n", "50", "--set", "alpha_direction=high_is_good"],
    ),
    ("baseline_low", "baseline", &["--alpha", "alpha_composite_v32b"]),
    (
        "baseline_regime",
        "baseline",
        &[
            "--alpha",
            "alpha_composite_v33_regime",
            "--set",
            "alpha_direction=high_is_good",
            "--set",
            "regime_filter=normal_vol_neutral|low_vol_neutral|low_vol_bull|high_vol_bear",
        ],
    ),
    ("risk", "risk1", &["--alpha", "alpha_composite_v8"]),
    ("risk2", "risk2", &["--alpha", "alpha_composite_v8"]),
    ("risk3", "risk3", &["--alpha", "alpha_composite_v8"]),
    ("risk4", "risk4", &["--alpha", "alpha_composite_v8"]),
    ("risk4_v7", "risk4", &["--alpha", "alpha_composite_v7"]),
    ("risk4_v33_regime", "risk4", &["--alpha", "alpha_composite_v33_regime"]),
    ("risk4_v6", "risk4", &["--alpha", "alpha_composite_v6"]),
    ("risk4_save", "risk4_save", &["--alpha", "alpha_composite_v8", "--save"]),
    ("ls", "ls", &["--alpha", "alpha_composite_v8"]),
    ("ls_opt", "ls_opt", &["--alpha", "alpha_composite_v8", "--top-n", "100", "--bottom-n", "100"]),
    ("ls_opt_save", "ls_opt_save", &["--alpha", "alpha_composite_v8", "--top-n", "100", "--bottom-n", "100", "--save"]),
    ("regime_switching", "regime_switching", &[]),
];

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
    for (name, strategy, options) in BACKTESTS {
        let file = exported.join(format!("backtest_{name}.parquet"));
        let figures = exported.join(format!("{name}.json"));
        let mut arguments = vec!["--sql", SQL, "--overlay", REFERENCE, "backtest", strategy];
        arguments.extend(["--from", "2023-02-01", "--to", "2025-12-18"]);
        arguments.extend(["-o", file.to_str().unwrap(), "--json", figures.to_str().unwrap()]);
        desk.ok(&[&arguments, options].concat());
        same_figures(name, &golden.join("expected/backtests.json"), &figures);
        compare.args(["--table", &format!("backtest_{name}")]);
    }
    let output = compare.output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", stderr(&output));
    let tables = TABLES.len() + BACKTESTS.len();
    assert!(report.contains(&format!("{tables} ok, 0 DIFF, 0 MISSING")), "{report}");
}

/// Whether a backtest has the printed statistics of the golden one, to the tolerance of its table.
fn same_figures(name: &str, golden: &Path, ours: &Path) {
    let read = |path: &Path| -> serde_json::Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let (golden, ours) = (read(golden), read(ours));
    let tolerance = if name.starts_with("ls_opt") || name == "regime_switching" { 1e-5 } else { 1e-6 };
    let books = [("port", "portfolio"), ("bench", "benchmark"), ("active", "active")];
    let mut compared = 0;
    for (book, our_book) in books {
        let Some(expected) = golden[name]["result"][book].as_object() else { continue };
        for (figure, expected) in expected {
            let found = &ours["figures"][our_book]["all"][figure];
            let (Some(expected), Some(found)) = (expected.as_f64(), found.as_f64()) else {
                panic!("{name}: {book} {figure} is {found}, expected {expected}");
            };
            let difference = (found - expected).abs();
            assert!(
                difference <= 1e-9 + tolerance * expected.abs(),
                "{name}: {book} {figure} is {found}, expected {expected}"
            );
            compared += 1;
        }
    }
    assert!(compared >= 5, "{name}: only {compared} figures were compared");
    for (regime, expected) in golden[name]["per_regime"].as_object().into_iter().flatten() {
        let found = &ours["figures"]["portfolio"][format!("regime:{regime}")];
        assert_eq!(found["periods"].as_f64(), expected["periods"].as_f64(), "{regime}");
        let (found, expected) = (found["sharpe"].as_f64().unwrap(), expected["sharpe"].as_f64().unwrap());
        assert!((found - expected).abs() <= 1e-5 * expected.abs(), "{regime}: {found}, expected {expected}");
    }
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
    // The set has annual reports only.
    let annual = ["--set", "quality_dimension=ARY", "--set", "roe_max=4.0", "--set", "roa_max=1.0"];
    desk.ok(&[&["--sql", SQL], &annual[..], &["run", "feat_matrix"]].concat());
    for alpha in ["momentum_composite_z", "alpha_composite_v8"] {
        for strategy in
            ["baseline", "risk1", "risk2", "risk3", "risk4", "ls", "ls_opt", "regime_switching", "short_only"]
        {
            let file = desk.path("periods.csv").display().to_string();
            desk.ok(&["--sql", SQL, "backtest", strategy, "--alpha", alpha, "--save", "-o", &file]);
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.lines().count() > 180, "{strategy} on {alpha}: {} periods", text.lines().count());
            let none = |cell: &str| ["nan", "inf", "-inf"].contains(&cell.to_lowercase().as_str());
            assert!(!text.split([',', '\n']).any(none), "{strategy} on {alpha}:\n{text}");
        }
    }
    let page = desk.path("report.html").display().to_string();
    desk.ok(&["--sql", SQL, "report", "--strategy", "risk4", "-o", &page]);
    let page = std::fs::read_to_string(page).unwrap();
    for part in ["alpha_composite_v8", "Equity", "Worst drawdowns", "Sector weights", "Information coefficient"] {
        assert!(page.contains(part), "no {part} in the report");
    }
}
