//! Runs that are kept: their datasets, comparison, and sweeps.

use crate::common::{SQL, stderr};
use crate::market::{Csv, default, lake, periods};

#[test]
fn a_saved_run_is_in_the_lake_with_what_it_was_made_from() {
    let desk = lake();
    let run = default(&desk, "risk4", &["--top-n", "8", "--save"]);
    let count = |table: &str| desk.number(&format!("select count(*) from {table}")) as usize;
    assert_eq!(count("backtest_period"), run.table.len());
    assert_eq!(count("backtest_results_longonly_r4"), run.table.len());
    assert_eq!(count("backtest_run"), 1);
    assert!(count("backtest_weight") > 8 * run.table.len());
    let rows = desk.ok(&["sql", "--format", "csv", "-c", "select * from backtest_results_longonly_r4 limit 1"]);
    let columns: Vec<&str> = rows.lines().next().unwrap().split(',').collect();
    assert_eq!(columns, ["date", "port_ret_raw", "bench_ret_raw", "port_ret", "bench_ret", "active_ret"]);
    let listed = desk.rows("select strategy, alpha, periods from backtest_run");
    assert_eq!(listed, [["risk4", "alpha", &run.table.len().to_string()]]);
    let inputs = desk.rows("select inputs like '%feat_matrix%', parameters like '%\"top_n\":8%' from backtest_run");
    assert_eq!(inputs, [["true", "true"]]);
    let sum = desk.number("select sum(port_ret) from backtest_period");
    assert!((sum - run.returns("port_ret").iter().sum::<f64>()).abs() < 1e-12);
    // The figures of the lake are those that were printed.
    let sharpe = "select value from backtest_metric where book = 'portfolio' and scope = 'all' and name = 'sharpe'";
    assert!((desk.number(sharpe) - run.figure("portfolio", "sharpe").unwrap()).abs() < 1e-12);
}

#[test]
fn every_strategy_saves_the_table_of_its_name() {
    let desk = lake();
    for (strategy, table, options) in [
        ("baseline", "backtest_results_academic", &["--top-n", "6"][..]),
        ("ls_opt", "backtest_results_ls_opt", &["--top-n", "6", "--bottom-n", "6"]),
        ("regime_switching", "backtest_results_regime_switching", &["--top-n", "6", "--set", "leg_n=6"]),
    ] {
        let run = default(&desk, strategy, &[options, &["--save"]].concat());
        let rows = desk.number(&format!("select count(port_ret) from {table}"));
        assert_eq!(rows as usize, run.table.len(), "{table}");
    }
    assert_eq!(desk.number("select count(distinct run_id) from backtest_period"), 3.0);
}

#[test]
fn two_runs_side_by_side() {
    let desk = lake();
    default(&desk, "risk4", &["--top-n", "8", "--save"]);
    default(&desk, "risk4", &["--top-n", "12", "--save"]);
    let runs: Vec<String> = desk.rows("select run_id from backtest_run order by run_id").concat();
    let text = desk.ok(&["--sql", SQL, "diff", &runs[0], &runs[1]]);
    assert!(text.contains("top_n") && text.contains("portfolio sharpe"), "{text}");
    assert!(!text.contains("parameter  name_cap"), "{text}");
    assert_eq!(desk.ok(&["--sql", SQL, "diff", "risk4", &runs[1]]).trim(), "the runs do not differ");
    let message = desk.fails(2, &["--sql", SQL, "diff", "nothing", "risk4"]);
    assert!(message.contains("no saved run 'nothing'") && message.contains("(risk4)"), "{message}");
}

#[test]
fn a_sweep_is_its_runs() {
    let desk = lake();
    let file = desk.path("sweep.csv").display().to_string();
    let grid = "top_n=6,8,12 target_vol=0.1,0.2";
    let sweep = ["backtest", "risk4", "--alpha", "alpha", "--sweep", grid, "-o", &file, "--save"];
    desk.ok(&[&["--sql", SQL], &sweep[..]].concat());
    let table = Csv::read(&file);
    assert_eq!(table.len(), 6);
    assert_eq!(desk.number("select count(*) from backtest_run"), 6.0);
    let alone = default(&desk, "risk4", &["--top-n", "12", "--target-vol", "0.1"]);
    assert_eq!((table.texts("top_n")[4].as_str(), table.texts("target_vol")[4].as_str()), ("12", "0.1"));
    assert!((table.numbers("sharpe")[4] - alone.figure("portfolio", "sharpe").unwrap()).abs() < 1e-12);
}

#[test]
fn a_dry_run_reads_nothing_and_says_what_it_would() {
    let desk = lake();
    let text = desk.ok(&["--sql", SQL, "backtest", "risk4", "--alpha", "alpha", "--top-n", "8", "--dry-run"]);
    for word in ["feat_matrix", "sep_base_academic", "security", "top_n", "8", "turnover_lambda"] {
        assert!(text.contains(word), "{text}");
    }
    let list = desk.ok(&["--sql", SQL, "backtest"]);
    for strategy in ["baseline", "risk1", "risk2", "risk3", "risk4", "ls", "ls_opt", "regime_switching", "short_only"] {
        assert!(list.lines().any(|line| line.starts_with(strategy)), "{list}");
    }
}

#[test]
fn a_matrix_that_is_behind_is_read_from_its_datasets() {
    let desk = lake();
    let store = |statement: &str| {
        desk.ok(&["sql", "-c", &format!("create or replace table {statement} order by ticker, date")])
    };
    let matrix = "feat_matrix as select * from assemble(sep_base_academic, feat_signal)";
    desk.write(
        "own/matrix/feat_matrix.sql",
        &format!("-- feat_matrix: one signal.\ncreate or replace table {matrix} order by ticker, date\n"),
    );
    let own = desk.path("own").display().to_string();
    // A tree of this one file, for the other datasets are there.
    desk.write("own/pipeline.toml", "");
    let build = || desk.ok(&["--sql", &own, "run", "--no-checks"]);
    let run = || periods(&desk, &["--overlay", &own], "risk1", &["--top-n", "8"]).returns("port_ret");
    let says = || stderr(&desk.run(&["--sql", SQL, "--overlay", &own, "backtest", "risk1", "--alpha", "alpha"]));
    store("feat_signal as select ticker, date, alpha, vol_blend, adv_20, beta_252d, ret_1d, ret_5d_f from feat_matrix");
    build();
    let before = run();
    assert!(!says().contains("was stored before"), "{}", says());
    store("feat_signal as select * exclude (alpha), -alpha as alpha from feat_signal");
    let read_through = run();
    assert!(
        says().contains("feat_matrix was stored before feat_signal; its columns were read from the datasets"),
        "{}",
        says()
    );
    build();
    assert_ne!(before, read_through, "the signal is the new one");
    assert_eq!(read_through, run(), "as from the matrix that is stored anew");
    assert!(!says().contains("was stored before"), "{}", says());
}
