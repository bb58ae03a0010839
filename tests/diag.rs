//! `kairos diag`: the worked examples of specification 05 §7, the links that are planted in the synthetic market, and
//! what is said of a wrong request.

mod common;

use common::{Desk, SQL};

/// The rows of a diagnostic as text, by the names of its columns.
struct Summary {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Summary {
    fn of(desk: &Desk, arguments: &[&str]) -> Self {
        Self::read(&desk.ok(&[&["--sql", SQL], arguments, &["--format", "csv"]].concat()))
    }

    fn read(text: &str) -> Self {
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        Self { header: lines.next().unwrap(), rows: lines.collect() }
    }

    fn text(&self, row: usize, column: &str) -> &str {
        let at = self.header.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
        &self.rows[row][at]
    }

    fn number(&self, row: usize, column: &str) -> f64 {
        self.text(row, column).parse().unwrap_or_else(|_| panic!("{column}: {:?}", self.text(row, column)))
    }

    #[track_caller]
    fn assert(&self, row: usize, expected: &[(&str, f64)]) {
        for (column, expected) in expected {
            let found = self.number(row, column);
            assert!((found - expected).abs() < 1e-9, "row {row}, {column}: {found}, expected {expected}");
        }
    }
}

/// A lake whose universe, feature `feat_e.f` and target are these rows of date, ticker, feature and return.
fn by_hand(rows: &str) -> Desk {
    let desk = Desk::new();
    let given = format!("(values {rows}) as given (day, ticker, f, r)");
    let keys = "ticker, date '2024-01-01' + cast(day || ' days' as interval) as date";
    for (dataset, columns) in [
        ("sep_base_academic", "100.0 as closeadj, true as in_universe"),
        ("feat_e", "f, 'text' as label"),
        ("feat_targets", "r as ret_1d_f, r as ret_5d_f"),
    ] {
        let select = format!("select {keys}, {columns} from {given} where day > 0 order by ticker, date");
        desk.ok(&["sql", "-c", &format!("create or replace table {dataset} as {select}")]);
    }
    desk
}

/// Three dates of six names (E1).
fn e1() -> Desk {
    let dates: [([f64; 6], [f64; 6]); 3] = [
        ([1.0, 2.0, 2.0, 4.0, 5.0, 3.0], [0.02, -0.01, 0.03, 0.03, 0.05, 0.00]),
        ([10.0, 20.0, 30.0, 40.0, 50.0, 20.0], [0.10, 0.12, 0.08, 0.15, 0.11, 0.09]),
        ([3.0, 1.0, 2.0, 2.0, 5.0, 4.0], [-0.03, -0.01, -0.02, -0.02, -0.06, -0.04]),
    ];
    let mut rows = Vec::new();
    for (day, (f, r)) in dates.iter().enumerate() {
        for (name, (f, r)) in f.iter().zip(r).enumerate() {
            rows.push(format!("({}, 'T{name}', {f:e}, {r:e})", day + 1));
        }
    }
    by_hand(&rows.join(", "))
}

#[test]
fn coefficients_are_per_date_and_not_pooled() {
    let desk = e1();
    let ic = ["diag", "ic", "--columns", "feat_e.f", "--min-names", "6", "--horizon", "1"];
    let summary = Summary::of(&desk, &ic);
    summary.assert(
        0,
        &[
            ("dates", 3.0),
            ("names", 6.0),
            ("ic", -0.0455283568),
            ("ic_std", 0.8386748791),
            ("icir", -0.0542860624),
            ("t", -0.0940262182),
            ("hit_rate", 2.0 / 3.0),
            ("ic_min", -1.0),
            ("negative_run", 1.0),
        ],
    );
    let by_date = Summary::of(&desk, &[&ic[..], &["--by", "date"]].concat());
    for (date, (spearman, pearson)) in
        [(0.5735294118, 0.5581563057), (0.2898855178, 0.3738878171), (-1.0, -0.9874208829)].iter().enumerate()
    {
        by_date.assert(date, &[("ic", *spearman), ("pearson", *pearson)]);
    }
    let too_few = Summary::of(&desk, &["diag", "ic", "--columns", "feat_e.f", "--min-names", "7"]);
    assert!(too_few.rows.is_empty(), "six names are fewer than seven");
    // All numeric columns of all feat_* datasets, but not what lies in the future.
    let all = Summary::of(&desk, &["diag", "ic", "--min-names", "2"]);
    assert_eq!(all.rows.len(), 1);
    assert_eq!(all.text(0, "feature"), "f");
}

#[test]
fn what_is_saved_can_be_summarised_again() {
    let desk = e1();
    let arguments = ["diag", "ic", "--columns", "feat_e.f", "--min-names", "6", "--save"];
    let first = desk.ok(&[&["--sql", SQL], &arguments[..]].concat());
    let file = format!("{SQL}/diagnostics/ic.sql");
    assert_eq!(desk.ok(&["--sql", SQL, "sql", &file]), first);
    let history = desk.ok(&["history", "diag_ic"]);
    for part in ["feat_e@0", "feat_targets@0", "sep_base_academic@0", "diag ic --columns feat_e.f"] {
        assert!(history.contains(part), "{part} is not in {history}");
    }
    assert!(!desk.lake().join("diag_quantiles").exists());
}

/// The means of E2 are a test of the kernel; here is what is made of them.
#[test]
fn quantile_spread() {
    let desk = Desk::new();
    let means = [[-0.05 / 3.0, 0.0, 0.015, 0.025, 0.055], [-0.005, 0.015, 0.010, 0.020, 0.040]];
    let mut rows = Vec::new();
    for (day, means) in means.iter().enumerate() {
        for (quantile, mean) in means.iter().enumerate() {
            rows.push(format!("(date '2024-01-0{}', {}, {mean:e})", day + 1, quantile + 1));
        }
    }
    let select = format!(
        "select 'f' as feature, 5 as horizon, date, quantile, 2 as names, mean_return, false as tied
         from (values {}) as t (date, quantile, mean_return) order by feature, date, quantile",
        rows.join(", ")
    );
    desk.ok(&["sql", "-c", &format!("create or replace table diag_quantiles as {select}")]);
    let spread = Summary::of(&desk, &["sql", &format!("{SQL}/diagnostics/quantile_spread.sql")]);
    spread.assert(0, &[("spread", 0.0583333333333), ("year", 2.94), ("violations", 0.0), ("monotone", 1.0)]);
    let by_date =
        Summary::of(&desk, &["--set", "diag_by=date", "sql", &format!("{SQL}/diagnostics/quantile_spread.sql")]);
    by_date.assert(0, &[("spread", 0.0716666666667), ("violations", 0.0)]);
    by_date.assert(1, &[("spread", 0.045), ("violations", 1.0)]);
    let quantiles = Summary::of(&desk, &["sql", &format!("{SQL}/diagnostics/quantiles.sql")]);
    for (quantile, expected) in [-0.0108333333333, 0.0075, 0.0125, 0.0225, 0.0475].iter().enumerate() {
        quantiles.assert(quantile, &[("mean_return", *expected)]);
    }
}

/// E4: what coverage is called.
#[test]
fn coverage_has_thresholds() {
    let rows: Vec<String> = (0..20).map(|name| format!("(1, 'T{name:02}', 1.0, 0.01)")).collect();
    let desk = by_hand(&rows.join(", "));
    for (present, coverage, status, code) in [
        (20, 100.0, "OK", 0),
        (19, 95.0, "OK", 0),
        (16, 80.0, "LOW", 0),
        (15, 75.0, "CRITICAL", 3),
        (5, 25.0, "CRITICAL", 3),
    ] {
        desk.ok(&[
            "sql",
            "-c",
            &format!(
                "create or replace table feat_e as select ticker, date,
                 case when ticker < 'T{present:02}' then 1.0 end as f from sep_base_academic order by ticker, date"
            ),
        ]);
        let arguments = ["--sql", SQL, "diag", "coverage", "--columns", "feat_e.f", "--format", "csv"];
        let output = desk.run(&arguments);
        let summary = Summary::read(&String::from_utf8_lossy(&output.stdout));
        assert_eq!((summary.text(0, "status"), output.status.code()), (status, Some(code)), "{present} of 20");
        summary.assert(0, &[("coverage", coverage), ("net", coverage)]);
    }
}

/// Coefficients of the dates of a label, and of no other.
#[test]
fn coefficients_by_regime() {
    let desk = e1();
    let labels = "create or replace table regime_history_academic as
        select * from (values (date '2024-01-02', 'low_vol_bull'), (date '2024-01-03', 'high_vol_bear'),
            (date '2024-01-04', 'low_vol_bull')) as t (date, regime) order by date";
    desk.ok(&["sql", "-c", labels]);
    let ic = ["diag", "ic", "--columns", "feat_e.f", "--min-names", "6", "--horizon", "1", "--by", "regime"];
    let summary = Summary::of(&desk, &ic);
    assert_eq!((summary.text(0, "part"), summary.text(1, "part")), ("high_vol_bear", "low_vol_bull"));
    summary.assert(0, &[("dates", 1.0), ("ic", 0.2898855178), ("pearson", 0.3738878171), ("hit_rate", 1.0)]);
    let (first, third) = (0.5735294118, -1.0);
    let (mean, deviation) = ((first + third) / 2.0, (first - third) / 2_f64.sqrt());
    summary.assert(1, &[("dates", 2.0), ("ic", mean), ("ic_std", deviation), ("icir", mean / deviation)]);
    // A date without a label is in no part.
    desk.ok(&["sql", "-c", &labels.replace("'high_vol_bear'", "null")]);
    assert_eq!(Summary::of(&desk, &ic).rows.len(), 1);
}

/// The signal of a day ranks the one-day return that begins two rows later, and no other.
#[test]
fn lagged_decay() {
    let days = 12;
    // Every day another order of the names.
    let log_return = |name: u32, day: u32| f64::from((name + 1) * (day % 10 + 1) % 11) / 200.0;
    let mut rows = Vec::new();
    for name in 0..9 {
        let mut price = 100.0;
        for day in 1..=days {
            price *= log_return(name, day).exp();
            rows.push(format!("({day}, 'T{name}', {:e}, {price:e})", log_return(name, day + 3)));
        }
    }
    let desk = by_hand(&rows.join(", "));
    let prices = "create or replace table sep_base_academic as
        select ticker, date, ret_1d_f as closeadj, true as in_universe from feat_targets order by ticker, date";
    desk.ok(&["sql", "-c", prices]);
    let decay = |arguments: &[&str]| {
        Summary::of(&desk, &[&["diag", "decay", "--columns", "feat_e.f", "--min-names", "9"], arguments].concat())
    };
    let lagged = decay(&["--lag", "3,0,1,2"]);
    assert_eq!(lagged.rows.len(), 4);
    for row in 0..4 {
        let lag = f64::from(row as u32);
        lagged.assert(row, &[("lag", lag), ("horizon", 1.0), ("dates", f64::from(days) - 1.0 - lag)]);
        assert_eq!((lagged.number(row, "ic") - 1.0).abs() < 1e-9, row == 2, "lag {row}: {}", lagged.number(row, "ic"));
    }
    lagged.assert(2, &[("of_peak", 1.0), ("hit_rate", 1.0)]);
    // The row on which the return ends that says at most half.
    lagged.assert(0, &[("half_life", 4.0)]);
    // Two rows after one are not what one row after two are; a lag of 0 is none.
    let longer = decay(&["--lag", "1,2", "--horizon", "1,2"]);
    let key = |row: usize| (longer.number(row, "lag"), longer.number(row, "horizon"));
    assert_eq!([0, 1, 2, 3].map(key), [(1.0, 1.0), (1.0, 2.0), (2.0, 1.0), (2.0, 2.0)]);
    longer.assert(2, &[("ic", 1.0)]);
    assert!(longer.number(1, "ic") < 0.999 && longer.number(3, "ic") < 0.999);
    assert_eq!(decay(&["--lag", "0", "--horizon", "1,2,3"]).rows, decay(&["--horizon", "1,2,3"]).rows);
}

#[test]
fn wrong_requests() {
    let desk = e1();
    let fails = |code, arguments: &[&str]| desk.fails(code, &[&["--sql", SQL, "diag"], arguments].concat());
    for (code, arguments, expected) in [
        (2, vec!["ic", "--columns", "ff"], "there is no column 'ff' in feat_e"),
        (2, vec!["ic", "--dataset", "feat_e", "--columns", "labl"], "did you mean label?"),
        (2, vec!["ic", "--columns", "feat_e.label"], "column 'feat_e.label' has type Utf8"),
        (1, vec!["ic", "--columns", "feat_x.f"], "there is no dataset 'feat_x' in the lake; did you mean feat_e"),
        (
            2,
            vec!["ic", "--columns", "f", "--target", "feat_e.f"],
            "the horizon of target 'feat_e.f' is not in its name",
        ),
        (1, vec!["ic", "--from", "2030-01-01"], "the data covers 2024-01-02 to 2024-01-04"),
        (2, vec!["ic", "--horizon", "0"], "--horizon"),
        (2, vec!["quantiles", "--quantiles", "1"], "--quantiles"),
        (1, vec!["ic", "--columns", "f", "--by", "regime"], "regime_history_academic"),
        (2, vec!["ic", "--format", "parquet"], "-o FILE.parquet"),
        (2, vec!["sheet", "all"], "a sheet is about one column"),
    ] {
        let message = fails(code, &arguments);
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
    let twice = "create or replace table feat_e as select ticker, date, f from feat_e
                 union all select ticker, date, f from feat_e order by ticker, date";
    desk.ok(&["sql", "-c", twice]);
    let message = fails(1, &["ic"]);
    assert!(message.contains("feat_e has several rows for ticker T0 on 2024-01-02"), "{message}");
    let elsewhere = "create or replace table feat_e as select 'Z' || ticker as ticker, date, 1.0 as f
                     from sep_base_academic order by ticker, date";
    desk.ok(&["sql", "-c", elsewhere]);
    let message = fails(1, &["ic"]);
    assert!(message.contains("no row of feat_e belongs to a member"), "{message}");
    desk.ok(&[
        "sql",
        "-c",
        "create or replace table feat_e as
        select ticker, date, case when ticker < 'T3' then 1.0 end as f from sep_base_academic order by ticker, date",
    ]);
    let message = fails(3, &["coverage"]);
    assert!(message.contains("1 of the columns"), "{message}");
}

/// The returns of the synthetic market follow value, quality, momentum, reversal and the trades of insiders a little
/// (src/raw/synth/style.rs).
#[test]
fn planted_links_are_found() {
    let desk = Desk::new();
    let files = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "400", "--days", "1100", "--out", &files]);
    desk.ok(&["land", "--dir", &files]);
    desk.ok(&[
        "--sql",
        SQL,
        "run",
        "feat_momentum_v2",
        "feat_value_v2",
        "feat_quality_v2",
        "feat_insider",
        "feat_targets",
    ]);
    // What nobody can know.
    let oracle = "create or replace table feat_probe as
        select ticker, date, lead(closeadj, 10) over (partition by ticker order by date) / closeadj as oracle
        from sep_base_academic order by ticker, date";
    desk.ok(&["sql", "-c", oracle]);
    let columns = "mom_12_1,reversal_1m,mom_1m,value_composite_z,quality_composite_z,insider_composite_z";
    let summary = Summary::of(&desk, &["diag", "ic", "--columns", columns]);
    let t_of = |feature: &str| {
        let row = (0..summary.rows.len()).find(|row| summary.text(*row, "feature") == feature).unwrap();
        summary.number(row, "t_nw")
    };
    for feature in ["mom_12_1", "reversal_1m", "value_composite_z", "quality_composite_z", "insider_composite_z"] {
        assert!(t_of(feature) > 2.0, "{feature}: {}", t_of(feature));
    }
    assert!((t_of("mom_1m") + t_of("reversal_1m")).abs() < 1e-9, "the opposite of a factor says the opposite");

    let decay = Summary::of(&desk, &["diag", "decay", "--columns", "feat_probe.oracle", "--horizon", "9,10,11"]);
    decay.assert(1, &[("horizon", 10.0), ("ic", 1.0), ("hit_rate", 1.0), ("of_peak", 1.0)]);
    assert!(decay.number(0, "ic") < 0.999 && decay.number(2, "ic") < 0.999);

    let spread = Summary::of(&desk, &["diag", "quantiles", "--columns", columns, "--quantiles", "5"]);
    assert_eq!(spread.rows.len(), 6);
    assert!((0..6).all(|row| spread.number(row, "dates") > 500.0));
    let coverage = Summary::of(&desk, &["diag", "coverage", "--columns", columns]);
    for row in 0..6 {
        assert!(coverage.number(row, "net") >= coverage.number(row, "coverage"));
    }
    let pairs = Summary::of(&desk, &["diag", "correlation", "--columns", "mom_1m,reversal_1m,mom_12_1"]);
    pairs.assert(0, &[("correlation", -1.0), ("deviation", 0.0)]);
    let changes = Summary::of(&desk, &["diag", "turnover", "--columns", "feat_momentum_v2.mom_12_1"]);
    assert!(changes.number(0, "autocorrelation") > changes.number(2, "autocorrelation"));
    assert!(changes.number(0, "top") < changes.number(2, "top"));

    // A liquid universe is a part of the whole one.
    desk.ok(&["--sql", SQL, "run", "feat_adv"]);
    let liquid = Summary::of(&desk, &["diag", "ic", "--columns", "mom_12_1", "--min-adv", "2e7"]);
    let whole = Summary::of(&desk, &["diag", "ic", "--columns", "mom_12_1"]);
    assert!(liquid.number(0, "names") < whole.number(0, "names"));
    // A range of dates gives the same coefficients for the dates in it.
    let by_date = ["diag", "ic", "--columns", "mom_12_1", "--by", "date"];
    let all = Summary::of(&desk, &by_date);
    let middle = &all.rows[200..300];
    let (from, to) = (&middle[0][2], &middle[99][2]);
    let some = Summary::of(&desk, &[&by_date[..], &["--from", from, "--to", to]].concat());
    assert_eq!(some.rows, middle);

    let sheet = desk.ok(&["--sql", SQL, "diag", "sheet", "mom_12_1", "--save"]);
    for part in
        ["Coverage", "… by year", "… by sector", "Decay", "Returns of quantiles", "Highest less lowest", "Turnover"]
    {
        assert!(sheet.contains(part), "{part} is not in {sheet}");
    }
    for dataset in ["diag_ic", "diag_quantiles", "diag_coverage", "diag_turnover"] {
        assert!(desk.number(&format!("select count(*) from {dataset}")) > 0.0, "{dataset}");
    }
}
