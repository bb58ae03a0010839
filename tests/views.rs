//! Views: names for queries, read through by everything that reads datasets, stored by nothing.

mod common;

use common::{Desk, REFERENCE, SQL, stderr};

/// A desk with a dataset, a view of it with a parameter, and a dataset that reads the view.
fn small() -> Desk {
    let desk = Desk::new();
    desk.write("sql/pipeline.toml", "[least]\ndefault = 2\n\n[score]\ndefault = \"a\"\nunit = \"column\"\n");
    desk.write(
        "sql/features/one.sql",
        "-- feat_one: numbers.\ncreate or replace table feat_one as
         select * from (values ('B', date '2024-01-02', 3, 30), ('A', date '2024-01-02', 2, 20),
                               ('A', date '2024-01-01', 1, 10)) as t (ticker, date, a, b)
         order by ticker, date",
    );
    desk.write(
        "sql/features/high.sql",
        "-- feat_high: the rows from $least on.\n-- Role: signal\n-- Units: score in points.
         create or replace view feat_high as
         select ticker, date, $score as score from feat_one where a >= $least order by ticker, date",
    );
    desk.write("sql/matrix/top.sql", "create or replace table top as select sum(score) as total from feat_high");
    desk.ok(&["run"]);
    desk
}

#[test]
fn a_view_is_read_like_a_dataset_and_never_stored() {
    let desk = small();
    assert!(!desk.lake().join("feat_high").exists());
    assert_eq!(desk.rows("select ticker, score from feat_high order by 1"), [["A", "2"], ["B", "3"]]);
    assert_eq!(desk.number("select total from top"), 5.0);
    assert_eq!(
        desk.ok(&[
            "--set",
            "score=b",
            "--set",
            "least=3",
            "sql",
            "--format",
            "csv",
            "-c",
            "select score from feat_high"
        ])
        .lines()
        .nth(1),
        Some("30")
    );
    let plan = format!("{:?}", desk.rows("explain select h.score from feat_high h"));
    assert!(
        plan.contains("feat_one/v00000000") && !plan.contains("feat_high/"),
        "the query stands in its place: {plan}"
    );
    let listed = desk.rows("select table_name from information_schema.tables where table_name like 'feat%' order by 1");
    assert_eq!(listed, [["feat_high"], ["feat_one"]]);
}

#[test]
fn a_view_of_an_assembly_finds_the_datasets_of_the_lake() {
    let desk = small();
    desk.write(
        "sql/matrix/wide.sql",
        "-- wide: side by side.
         create or replace view wide as select * from assemble(feat_one, 'feat_t*', 'feat_three') order by ticker, date",
    );
    for (name, column) in [("feat_two", "a"), ("feat_three", "b")] {
        let statement = format!("create or replace table {name} as select ticker, date, {column} as {name}_{column}");
        desk.ok(&["sql", "-c", &format!("{statement} from feat_one order by ticker, date")]);
    }
    let rows = desk.rows("select ticker, feat_two_a, feat_three_b from wide where feat_two_a > 1 order by ticker");
    assert_eq!(rows, [["A", "2.0", "20.0"], ["B", "3.0", "30.0"]]);
}

#[test]
fn its_readers_go_stale_with_it() {
    let desk = small();
    assert!(desk.ok(&["plan"]).contains("0 to build, 2 up to date"));
    let plan = desk.ok(&["--set", "score=b", "plan"]);
    assert!(plan.contains("top") && plan.contains("$score changed") && plan.contains("1 to build"), "{plan}");
    desk.ok(&["--set", "score=b", "run", "feat_high"]);
    assert_eq!(desk.number("select total from top"), 5.0, "the view needs no build, and top was not asked for");
    desk.ok(&["--set", "score=b", "run"]);
    assert_eq!(desk.number("select total from top"), 50.0);
    // Building one file says the same of it as a run.
    desk.ok(&["--set", "score=b", "sql", "sql/matrix/top.sql"]);
    assert!(desk.ok(&["--set", "score=b", "plan"]).contains("0 to build"));
}

#[test]
fn commands_say_that_it_is_a_view() {
    let desk = small();
    let datasets = desk.ok(&["datasets"]);
    let line = datasets.lines().find(|line| line.starts_with("feat_high")).unwrap();
    assert!(line.contains("view") && line.contains("sql/features/high.sql"), "{datasets}");
    let described = desk.ok(&["describe", "feat_high"]);
    for part in ["feat_high: a view of feat_one (sql/features/high.sql)", "score", "Int64", "signal", "score in points"]
    {
        assert!(described.contains(part), "{part}: {described}");
    }
    assert!(desk.ok(&["graph"]).contains("feat_high  ← feat_one (view)"));
    let why = desk.ok(&["why", "top.total"]);
    for part in ["sum(score)", "feat_high.score", "feat_one.a", "sql/features/high.sql"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let why = desk.ok(&["why", "feat_high.score", "--ticker", "B", "--date", "2024-01-02"]);
    assert!(why.contains("feat_high.score → 3") && why.contains("feat_one.a → 3"), "{why}");
    assert!(desk.fails(1, &["history", "feat_high"]).contains("feat_high is a view"));
    let error = desk.fails(1, &["sql", "sql/features/high.sql"]);
    assert!(error.contains("a view is a file of the SQL tree"), "{error}");
    let error = desk.fails(1, &["sql", "-c", "create or replace table feat_high as select 1 as x"]);
    assert!(error.contains("feat_high is a view") && error.contains("choose another one"), "{error}");
    let error = desk.fails(1, &["sql", "-c", "select * from assemble(feat_one, feat_high)"]);
    assert!(error.contains("assemble takes datasets"), "{error}");
}

#[test]
fn an_export_writes_its_rows_in_its_order() {
    let desk = small();
    let csv = desk.ok(&["export", "feat_high", "--format", "csv"]);
    assert_eq!(csv.lines().skip(1).collect::<Vec<_>>(), ["A,2024-01-02,2", "B,2024-01-02,3"]);
    let to = desk.path("out").display().to_string();
    desk.ok(&["export", "feat_high", "feat_one", "--to", &to, "--partition-by", "ticker"]);
    assert!(desk.path("out/feat_high/ticker=B/part-00000.parquet").exists());
    let all = desk.path("all").display().to_string();
    desk.ok(&["export", "--all", "--to", &all]);
    assert!(desk.path("all/top").exists() && !desk.path("all/feat_high").exists());
}

#[test]
fn a_view_hides_a_stored_dataset_and_says_so() {
    let desk = small();
    desk.write("table/features/high.sql", "create or replace table feat_high as select 7 as score");
    let overlay = desk.path("table").display().to_string();
    desk.ok(&["--overlay", &overlay, "run"]);
    assert_eq!(desk.number("select total from top"), 7.0);
    let read = |arguments: &[&str]| {
        desk.run(&[arguments, &["sql", "--format", "csv", "-c", "select max(score) from feat_high"]].concat())
    };
    let view = read(&[]);
    assert!(String::from_utf8_lossy(&view.stdout).ends_with("\n3\n"));
    assert!(stderr(&view).contains("version 0 of a stored dataset with this name is hidden"), "{}", stderr(&view));
    let table = read(&["--overlay", &overlay]);
    assert!(String::from_utf8_lossy(&table.stdout).ends_with("\n7\n"));
    assert!(!stderr(&table).contains("hidden"), "{}", stderr(&table));
    assert_eq!(desk.number("select score from at_version('feat_high', 0)"), 7.0);
    assert!(desk.ok(&["datasets"]).contains("feat_high (hidden by the view)"));
    assert!(desk.ok(&["plan"]).contains("input feat_high is no longer read"));
}

#[test]
fn faults_in_a_view_are_said_with_its_file() {
    let desk = small();
    desk.write("sql/features/bad.sql", "create or replace view feat_bad as select missing from feat_one");
    let error = desk.fails(1, &["sql", "-c", "select * from feat_bad"]);
    assert!(error.contains("feat_bad is a view (sql/features/bad.sql)") && error.contains("missing"), "{error}");
    assert_eq!(desk.number("select count(*) from feat_high"), 2.0, "the others can be read");
    desk.write("sql/features/bad.sql", "create or replace view feat_bad as select * from feat_high\n");
    desk.write("sql/features/high.sql", "create or replace view feat_high as select * from feat_bad\n");
    assert!(desk.fails(1, &["sql", "-c", "select * from feat_bad"]).contains("it reads itself"));
    assert!(desk.fails(1, &["plan"]).contains("feat_bad"));
}

#[test]
fn the_second_matrix_has_the_columns_of_the_reference() {
    let desk = Desk::new();
    let files = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "40", "--days", "330", "--out", &files]);
    desk.ok(&["land", "--dir", &files]);
    desk.ok(&["--sql", SQL, "run", "--no-checks"]);
    assert!(!desk.lake().join("feat_matrix_v2").exists());
    let columns = |arguments: &[&str]| {
        let text = desk.ok(&[
            arguments,
            &[
                "sql",
                "--format",
                "csv",
                "-c",
                "select column_name, data_type from information_schema.columns where table_name = 'feat_matrix_v2'
             order by ordinal_position",
            ],
        ]
        .concat());
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let view = columns(&["--sql", SQL]);
    let rows = "select count(*) from feat_matrix_v2 v join feat_matrix m on v.ticker = m.ticker and v.date = m.date
                where v.\"alpha_CL_v2_composite_v32b\" is not distinct from m.\"alpha_CL_v2\"";
    assert_eq!(desk.number(rows), desk.number("select count(*) from sep_base_academic"));
    let copies = "select count(*) from feat_matrix_v2 v join feat_composite_v33_regime c
                  on v.ticker = c.ticker and v.date = c.date
                  where (v.alpha_smoothed_composite_v33_regime is distinct from c.alpha_smoothed)
                  or (v.alpha_cs_composite_v33_regime is distinct from c.alpha_cs)";
    assert_eq!(desk.number(copies), 0.0);
    desk.ok(&["--sql", SQL, "--overlay", REFERENCE, "run", "feat_matrix_v2", "--no-checks"]);
    // The reference's table also has the columns that its datasets have here and did not have there.
    let mut reference = columns(&["--sql", SQL, "--overlay", REFERENCE]);
    reference.retain(|column| view.contains(column));
    assert_eq!(view, reference);
    assert_eq!(view.len(), 111, "{view:?}");
}
