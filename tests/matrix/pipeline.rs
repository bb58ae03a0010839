//! The matrix as the pipeline builds it.

use kairos::pipeline::{Functions, Header, KnownTables, Pipeline, Role, SqlFile, SqlTree, meaning};

use crate::common::{Desk, SQL};

/// A small market with everything built.
pub(crate) fn market() -> Desk {
    let desk = Desk::new();
    let files = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "60", "--days", "400", "--out", &files]);
    desk.ok(&["land", "--dir", &files]);
    desk.ok(&["--sql", SQL, "run"]);
    desk
}

const OVERNIGHT: &str = "-- feat_overnight: return from yesterday's close to today's open.
-- Role: signal
-- Units: simple return. Known: after the open of date.
create or replace table feat_overnight as
select ticker, date, safe_div(open, lag(close, 1) over w) - 1 as ret_overnight
from sep_base_academic
window w as (partition by ticker order by date)
order by ticker, date";

#[test]
fn a_new_feature_is_one_new_file() {
    let desk = market();
    let base = desk.number("select count(*) from sep_base_academic");
    assert_eq!(desk.number("select count(*) from feat_matrix"), base);
    assert!(desk.ok(&["--sql", SQL, "plan"]).contains("0 to build"));

    desk.write("idea/features/overnight.sql", OVERNIGHT);
    let idea = desk.path("idea").display().to_string();
    let with_idea = |arguments: &[&str]| desk.ok(&[&["--sql", SQL, "--overlay", &idea], arguments].concat());
    let plan = with_idea(&["plan"]);
    assert!(plan.contains("input feat_overnight is new"), "{plan}");
    let graph = with_idea(&["graph", "--to", "feat_matrix"]);
    let matrix = graph.lines().find(|line| line.trim_start().starts_with("feat_matrix ")).unwrap();
    assert!(matrix.contains("feat_overnight") && matrix.contains("sep_base_academic"), "{graph}");
    with_idea(&["run"]);

    let same = "select count(*) from feat_matrix m join feat_overnight o on m.ticker = o.ticker and m.date = o.date
                where m.ret_overnight is not distinct from o.ret_overnight";
    assert_eq!(desk.number(same), base);
    let described = desk.ok(&["describe", "feat_matrix"]);
    let line = |column: &str| {
        let found = described.lines().find(|line| line.starts_with(&format!("{column} ")));
        found.unwrap_or_else(|| panic!("{column} is missing: {described}")).to_owned()
    };
    for part in ["signal", "feat_overnight.ret_overnight", "return from yesterday's close to today's open"] {
        assert!(line("ret_overnight").contains(part), "{part}: {described}");
    }
    for part in ["target", "feat_targets.label_5d_up", "Int8", "1 for a positive ret_5d_f, else 0"] {
        assert!(line("label_5d_up").contains(part), "{part}: {described}");
    }
    for part in ["feature", "feat_adv.dollar_volume", "in USD per day"] {
        assert!(line("dollar_volume_adv").contains(part), "{part}: {described}");
    }

    // Without the idea the matrix is stale again: it still has the column.
    let plan = desk.ok(&["--sql", SQL, "plan"]);
    assert!(plan.contains("input feat_overnight is no longer read"), "{plan}");
    desk.ok(&["--sql", SQL, "run"]);
    assert!(!desk.ok(&["describe", "feat_matrix"]).contains("ret_overnight"));
}

#[test]
fn every_column_of_every_feature_is_in_the_matrix_once() {
    let desk = market();
    let described = desk.ok(&["describe", "feat_matrix"]);
    let features = desk.rows(
        "select table_name, column_name from information_schema.columns where table_name like 'feat_%'
         and table_name not like 'feat_matrix%' and column_name not in ('ticker', 'date')",
    );
    assert!(features.len() > 60, "{features:?}");
    let sql = std::fs::read_to_string(format!("{SQL}/matrix/feat_matrix.sql")).unwrap();
    let mut copies = 0;
    for column in &features {
        let source = format!("{}.{}", column[0], column[1]);
        let copy = sql.contains(&format!(" {source} = "));
        copies += usize::from(copy);
        assert_eq!(described.matches(&format!(" {source} ")).count(), usize::from(!copy), "{source}: {described}");
    }
    assert_eq!(copies, sql.matches(" = feat_").count());
}

/// Spec 05 E3: a label has a fixed number, whatever labels come first.
#[test]
fn regimes_have_fixed_numbers() {
    let desk = market();
    let early = ["--sql", SQL, "--set", "regime_min_names=5", "--set", "regime_min_obs=60"];
    desk.ok(&[&early[..], &["run", "--to", "feat_matrix"]].concat());
    let codes = desk.rows("select distinct regime, regime_code from feat_matrix where regime is not null");
    assert!(codes.len() > 3, "{codes:?}");
    for code in codes {
        let (vol, trend) = code[0].rsplit_once('_').unwrap();
        let at = |names: [&str; 3], name| names.iter().position(|known| *known == name).unwrap();
        let expected = 3 * at(["low_vol", "normal_vol", "high_vol"], vol) + at(["bear", "neutral", "bull"], trend);
        assert_eq!(code[1], expected.to_string(), "{code:?}");
    }
    assert_eq!(desk.number("select count(*) from feat_matrix where (regime is null) <> (regime_code is null)"), 0.0);
}

#[test]
fn the_latest_snapshot_is_the_last_date() {
    let desk = market();
    let last = "select max(date) from sep_base_academic";
    let dates = desk.rows("select distinct date from latest_snapshot");
    assert_eq!(dates, desk.rows(last));
    let expected = desk.number(&format!("select count(*) from sep_base_academic where date = ({last})"));
    assert!(expected > 20.0);
    assert_eq!(desk.number("select count(*) from latest_snapshot"), expected);
    let known = desk.number("select count(*) from latest_snapshot where sector is not null and closeunadj > 0");
    assert!(known > 0.9 * expected, "{known} of {expected}");
    let same = "select count(*) from latest_snapshot l join sep_base_academic p
                on l.ticker = p.ticker and l.date = p.date and l.closeunadj = p.closeunadj and l.in_universe = p.in_universe";
    assert_eq!(desk.number(same), expected);
}

#[test]
fn the_matrix_is_exported_by_year_and_by_ticker() {
    let desk = market();
    for column in ["ticker", "year"] {
        let to = desk.path(column).display().to_string();
        desk.ok(&["export", "feat_matrix", "--partition-by", column, "--to", &to]);
        let folders = std::fs::read_dir(desk.path(column).join("feat_matrix")).unwrap();
        let mut folders: Vec<_> = folders.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        folders.sort();
        let sql = match column {
            "year" => "select distinct concat('year=', cast(date_part('year', date) as int)) as f from feat_matrix",
            _ => "select distinct concat('ticker=', ticker) as f from feat_matrix",
        };
        let expected: Vec<String> =
            desk.rows(&format!("{sql} order by f")).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(folders, expected);
    }
}

fn load(files: &[(&str, &str)]) -> Result<Pipeline, String> {
    let file = |(path, text): &(&str, &str)| SqlFile {
        path: (*path).to_owned(),
        origin: format!("sql/{path}"),
        text: (*text).to_owned(),
    };
    let known = KnownTables { raw: ["sep".to_owned()].into(), lake: ["feat_old".to_owned()].into() };
    let tree = SqlTree::from_files(files.iter().map(file));
    Pipeline::load(tree, &[], &Functions::default(), &known).map_err(|error| error.to_string())
}

#[test]
fn a_pattern_reads_keyed_steps_that_are_not_made_from_the_matrix() {
    let pipeline = load(&[
        ("base/base.sql", "create or replace table base as select * from sep order by ticker, date"),
        ("features/a.sql", "create or replace table feat_a as select * from base order by ticker, date"),
        ("features/b.sql", "create or replace table feat_b as select * from base order by ticker, date"),
        ("features/daily.sql", "create or replace table feat_daily as select * from base order by date"),
        ("features/other.sql", "create or replace table other as select * from base order by ticker, date"),
        ("matrix/m.sql", "create or replace table feat_matrix as select * from assemble(base, 'feat_b', 'feat_*')"),
        ("matrix/late.sql", "create or replace table feat_late as select * from feat_matrix order by ticker, date"),
    ])
    .unwrap();
    let step = pipeline.step("feat_matrix").unwrap();
    assert_eq!(step.inputs, ["base", "feat_a", "feat_b"]);
    let statement = step.statement.to_string();
    assert!(statement.contains(r#"assemble("base", "feat_b", "feat_a")"#), "{statement}");
    let unknown = load(&[("matrix/m.sql", "create or replace table m as select * from assemble(sep, feat_a)")]);
    assert!(unknown.unwrap_err().contains("there is no table feat_a"));
}

#[test]
fn headers_say_what_columns_mean_and_are_for() {
    let text = "-- feat_adv: liquidity and size.\n-- Key: ticker, date.\n-- Role: signal.\n-- Units: dollar_volume and adv_20 in \
                USD per day; adv_z in standard\n-- deviations. Known: after the close.\ncreate or replace table x as select 1";
    let header = |text: &str| {
        let file = SqlFile { path: "x.sql".into(), origin: "sql/x.sql".into(), text: text.to_owned() };
        Header::of(&file).map_err(|error| error.to_string())
    };
    let found = header(text).unwrap();
    assert_eq!(found.role, Role::Signal);
    assert_eq!(meaning(&found.about, "adv_20"), "dollar_volume and adv_20 in USD per day");
    assert_eq!(meaning(&found.about, "adv_z"), "adv_z in standard deviations");
    assert_eq!(meaning(&found.about, "size_raw"), "liquidity and size");
    assert_eq!(header("select 1").unwrap().role, Role::Feature);
    let error = header("-- x: y.\n-- Role: sginal\nselect 1").unwrap_err();
    assert!(
        error.contains("feature, signal, target or snapshot, found \"sginal\"") && error.contains("sql/x.sql:2"),
        "{error}"
    );
}
