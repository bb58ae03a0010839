//! Wrong requests get an answer that helps, and no run has a number that is none.

use crate::common::{Desk, REFERENCE, SQL};
use crate::market::{Csv, default, lake};

fn refused(desk: &Desk, code: i32, arguments: &[&str]) -> String {
    desk.fails(code, &[&["--sql", SQL, "backtest"], arguments].concat())
}

#[track_caller]
fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

#[test]
fn names_that_do_not_exist_are_corrected() {
    let desk = lake();
    says(&refused(&desk, 2, &["risk5", "--alpha", "alpha"]), &["no strategy 'risk5'", "did you mean risk1"]);
    says(&refused(&desk, 2, &["risk1", "--alpha", "alhpa"]), &["no column 'alhpa'", "did you mean alpha?"]);
    says(&refused(&desk, 2, &["ls", "--alpha", "alpha", "--beta", "beta_25d"]), &["no column 'beta_25d'", "beta_252d"]);
    says(&refused(&desk, 2, &["risk1", "--alpha", "alpha", "--target", "ret_9d_f"]), &["no column 'ret_9d_f'"]);
    says(&refused(&desk, 2, &["risk1", "--alpha", "alpha", "--set", "topn=3"]), &["topn", "top_n"]);
    says(
        &refused(&desk, 2, &["risk1", "--alpha", "ticker"]),
        &["feat_matrix.ticker", "--alpha", "is text and no number", "kairos describe feat_matrix"],
    );
    says(
        &desk.fails(1, &["--sql", SQL, "--overlay", REFERENCE, "backtest", "regime_switching"]),
        &["no backtest_results_longonly_r4", "a saved run of risk4 or risk4_save", "kairos backtest risk4_save --save"],
    );
    says(
        &refused(&desk, 2, &["risk1", "--alpha", "alpha", "--set", "benchmark=universe_"]),
        &["no benchmark 'universe_'", "did you mean universe?"],
    );
    says(&refused(&desk, 2, &["risk1", "--alpha", "alpha", "--sweep", "top_n"]), &["cannot read the grid"]);
    says(&refused(&desk, 2, &["risk1", "--alpha", "alpha", "-o", "out.xlsx"]), &["cannot tell the format"]);
}

#[test]
fn data_that_do_not_suffice_are_named() {
    let desk = lake();
    let with_empty = "create or replace table feat_matrix as select *, cast(null as double) as empty from feat_matrix \
                      order by ticker, date";
    desk.ok(&["sql", "-c", with_empty]);
    says(&refused(&desk, 1, &["risk1", "--alpha", "empty"]), &["empty has no value"]);
    says(
        &refused(&desk, 1, &["risk1", "--alpha", "alpha", "--from", "2030-01-01"]),
        &["alpha has no value", "2030-01-01"],
    );
    says(&refused(&desk, 1, &["risk1", "--alpha", "alpha", "--from", "2019-10-07"]), &["no rebalance"]);
    says(
        &refused(&desk, 1, &["ls", "--alpha", "alpha", "--beta", "empty"]),
        &["ls finds no name", "no member has beta"],
    );
    let none = "create or replace table sep_base_academic as select * exclude (in_universe), false as in_universe \
                from sep_base_academic order by ticker, date";
    desk.ok(&["sql", "-c", none]);
    says(
        &refused(&desk, 1, &["risk1", "--alpha", "alpha"]),
        &["finds no name that it may hold", "no name is a member"],
    );
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let desk = lake();
    for (setting, words) in [
        ("rebalance_every=0", ["rebalance_every expects an integer of at least 1", "found \"0\""]),
        ("cost_bps=-5", ["cost_bps expects a finite number of at least 0.0", "found \"-5\""]),
        ("stale_sessions=-3", ["stale_sessions expects an integer of at least 0", "found \"-3\""]),
        ("delist_return=-2", ["at least -1.0", "found \"-2\""]),
    ] {
        says(&refused(&desk, 2, &["risk1", "--alpha", "alpha", "--set", setting]), &words);
    }
    says(&refused(&desk, 2, &["risk1", "--alpha", "alpha", "--target-vol", "-1"]), &["target_vol", "at least 0.0"]);
    says(
        &refused(&desk, 2, &["risk1", "--alpha", "alpha", "--from", "2019-06-01", "--to", "2019-05-01"]),
        &["no date lies from 2019-06-01 to 2019-05-01", "--from must not be after --to"],
    );
    says(
        &refused(&desk, 1, &["risk2", "--alpha", "alpha", "--set", "name_cap=0"]),
        &["name_cap", "above 0", "found 0"],
    );
    says(
        &refused(&desk, 1, &["risk1", "--alpha", "alpha", "--set", "leverage_min=3"]),
        &["most must be at least the option least"],
    );
    says(
        &refused(&desk, 1, &["ls_opt", "--alpha", "alpha", "--set", "cov_window=500"]),
        &["ls_opt holds nothing on any date", "held: too few returns", "--dry-run"],
    );
    says(
        &refused(
            &desk,
            1,
            &["risk1", "--alpha", "alpha", "--set", "vol_method=ex_ante_cov", "--set", "cov_window=500"],
        ),
        &["ex_ante_cov", "no value on any date", "cov_window"],
    );
}

#[test]
fn a_run_with_too_many_odd_periods_is_written_and_then_refused() {
    let desk = lake();
    let file = desk.path("periods.csv").display().to_string();
    // With betas that change, a book that hardly may trade cannot stay neutral: the optimiser lets it trade.
    let with_beta = "create or replace table feat_matrix as select *, beta_252d + 0.3 * alpha as wild from feat_matrix \
                     order by ticker, date";
    desk.ok(&["sql", "-c", with_beta]);
    let options =
        "--alpha alpha --beta wild --top-n 8 --bottom-n 8 --set name_cap=0.2 --set optimizer_turnover_cap=0.001";
    let request = [&["ls_opt", "-o", &file], &options.split(' ').collect::<Vec<_>>()[..]].concat();
    let message = refused(&desk, 3, &[&request[..], &["--tolerate", "0"]].concat());
    says(&message, &["periods are out of the ordinary", "more than 0%", "of ls_opt", "--tolerate 1"]);
    assert!(Csv::read(&file).texts("status").iter().any(|status| status != "solved" && status != "ok"));
    desk.ok(&[&["--sql", SQL, "backtest"], &request[..], &["--tolerate", "1"]].concat());
    says(&refused(&desk, 2, &[&request[..], &["--tolerate", "20"]].concat()), &["a share from 0 to 1"]);
}

#[test]
fn forward_returns_fit_the_rebalance_period() {
    let desk = lake();
    let wrong = ["risk1", "--alpha", "alpha", "--set", "return_source=target", "--rebalance-every", "10"];
    says(&refused(&desk, 2, &wrong), &["ret_5d_f", "5 rows", "every 10 sessions"]);
    let fits = default(&desk, "risk1", &["--top-n", "8", "--set", "return_source=target"]);
    assert!(fits.table.len() > 30);
}

#[test]
fn more_names_than_can_be_told_apart() {
    let desk = lake();
    let message = refused(&desk, 1, &["baseline", "--alpha", "alpha", "--top-n", "20", "--bottom-n", "20"]);
    says(&message, &["on 2019-01-01: ", "long and in the short leg", "choose fewer"]);
}

#[test]
fn caps_that_cannot_hold_leave_cash_and_limits_that_cannot_hold_are_recorded() {
    let desk = lake();
    let run = default(&desk, "risk3", &["--top-n", "8", "--set", "name_cap=0.05", "--target-vol", "0"]);
    let invested = run.returns("invested");
    assert!(invested.iter().all(|share| (share - 0.4).abs() < 1e-12), "eight names of 5 %: {invested:?}");
    assert!(run.returns("at_name_cap").iter().all(|share| *share == 1.0), "the cap sizes all of them");
    assert_eq!(run.figure("portfolio", "at_name_cap"), Some(1.0));
    let roomy = default(&desk, "risk3", &["--top-n", "8", "--set", "name_cap=0.5", "--target-vol", "0"]);
    assert_eq!(roomy.figure("portfolio", "at_name_cap"), Some(0.0));
    let blend = default(&desk, "regime_switching", &["--top-n", "8", "--set", "leg_n=8"]);
    assert_eq!(blend.figure("portfolio", "at_name_cap"), None, "a blend does not say what holds its names back");
    let candidates = "select date, ticker, alpha, 0.01 as volatility, beta_252d as beta from feat_matrix \
                      where date in (date '2019-06-18', date '2019-06-25')";
    let returns = "select ticker, date, close / lag(close) over (partition by ticker order by date) - 1 as ret \
                   from sep_base_academic";
    let sql = format!(
        "select distinct date, status from optimize_portfolio(({candidates}), ({returns}), book => 'long', n_long => 10, \
         name_cap => 0.05) order by date"
    );
    let file = desk.path("status.csv").display().to_string();
    desk.ok(&["sql", "-c", &sql, "-o", &file]);
    let statuses = Csv::read(&file).texts("status");
    assert!(statuses.iter().all(|status| status != "ok"), "ten names of 5 % cannot be 100 %: {statuses:?}");
}

#[test]
fn calls_of_the_table_functions_are_checked() {
    let desk = lake();
    let call = |text: &str| {
        let candidates = "select date, ticker, alpha from feat_matrix";
        desk.fails(1, &["sql", "-c", &format!("select * from {}", text.replace("CANDIDATES", candidates))])
    };
    says(&call("construct_portfolio((CANDIDATES), n_lnog => 5)"), &["no option n_lnog", "did you mean n_long"]);
    says(&call("construct_portfolio((CANDIDATES), n_long => -1)"), &["n_long must be a whole number", "-1"]);
    says(&call("construct_portfolio((CANDIDATES), n_long => 5, book => 'lnog')"), &["'long'", "'lnog'"]);
    says(&call("construct_portfolio(n_long => 5)"), &["takes (candidates)", "found 0"]);
    says(&call("construct_portfolio((select date, ticker from feat_matrix), n_long => 5)"), &["no column alpha"]);
    says(
        &call("construct_portfolio((select date, ticker, alpha, 1.0 as volatilty from feat_matrix), n_long => 5)"),
        &["volatilty", "did you mean volatility"],
    );
    says(
        &call("construct_portfolio((select date, 'A' as ticker, alpha from feat_matrix), n_long => 5)"),
        &["two rows for", "ticker A"],
    );
    says(
        &call(
            "construct_portfolio((select date, cast(null as varchar) as ticker, alpha from feat_matrix), n_long => 5)",
        ),
        &["has no ticker"],
    );
    says(&call("construct_portfolio((CANDIDATES), n_long => 0)"), &["n_long"]);
    says(&call("vol_target((select date, ticker, 1.0 as ret from feat_matrix))"), &["option target is missing"]);
}

#[test]
fn a_strategy_of_ones_own_is_told_what_it_must_give() {
    let desk = lake();
    let told = |text: &str| {
        desk.write("own/backtests/mine.sql", text);
        let overlay = desk.path("own").display().to_string();
        desk.fails(1, &["--sql", SQL, "--overlay", &overlay, "backtest", "mine", "--alpha", "alpha"])
    };
    let candidates = "with candidates as (select *, alpha is not null as eligible from names where in_universe)";
    let message = told(&format!("-- mine\n{candidates}\nselect date, ticker as name, 0.1 as weight from candidates"));
    says(
        &message,
        &["mine.sql is no strategy", "date, ticker, weight, status", "ticker, status missing, found date, name"],
    );
    let message = told("-- mine\nselect date, ticker, 0.1 as weight, 'ok' as status from names");
    says(&message, &["common table expression `candidates`", "there is none", "docs/backtests.md"]);
    let few = "with candidates as (select date, ticker, true as eligible from names)";
    let message = told(&format!("-- mine\n{few}\nselect date, ticker, 0.1 as weight, 'ok' as status from candidates"));
    says(&message, &["`candidates` must have the columns", "beta, period_return, regime, in_universe missing"]);
}

#[test]
fn no_result_holds_a_number_that_is_none() {
    let desk = lake();
    // Gaps, infinities and huge values in every input.
    let spoiled = "create or replace table feat_matrix as select ticker, date, \
        case when ticker in ('S01', 'S02') then null when ticker = 'S03' then 1e120 else alpha end as alpha, \
        case when ticker = 'S04' then 0.0 when ticker = 'S06' then null else vol_blend end as vol_blend, adv_20, \
        case when ticker = 'S07' then null when ticker = 'S08' then 1e4 else beta_252d end as beta_252d, \
        ret_1d, ret_5d_f from feat_matrix order by ticker, date";
    desk.ok(&["sql", "-c", spoiled]);
    for (strategy, options) in [
        ("baseline", &["--top-n", "6", "--bottom-n", "6"][..]),
        ("risk2", &["--top-n", "8"]),
        ("risk4", &["--top-n", "8"]),
        ("ls", &["--top-n", "6", "--bottom-n", "6"]),
        ("ls_opt", &["--top-n", "6", "--bottom-n", "6"]),
        ("regime_switching", &["--top-n", "6", "--set", "leg_n=6"]),
    ] {
        let run = default(&desk, strategy, options);
        for column in ["port_ret", "port_ret_raw", "leverage", "gross", "turnover", "cost_trading", "invested"] {
            let values = run.returns(column);
            assert!(values.iter().all(|value| value.is_finite()), "{strategy}: {column}: {values:?}");
        }
    }
}
