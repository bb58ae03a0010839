//! The engine over a lake: versions, snapshot reads, and what the plans look like.

use kairos::engine::{Engine, EngineError, Outcome, Resources};
use kairos::lake::{CommitRecord, Lake, LakeError, NewVersion};

/// An engine over an empty lake in a temporary folder.
fn engine() -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let resources = Resources { threads: Some(3), memory_limit: None };
    (folder, Engine::new(lake, &resources).unwrap())
}

async fn run(engine: &Engine, sql: &str) -> Result<u64, EngineError> {
    let statement = engine.parse(sql)?.pop().unwrap();
    match engine.run(engine.plan(statement).await?, CommitRecord::default()).await? {
        Outcome::Built(built) => Ok(built.version),
        Outcome::Rows(_) => panic!("expected a commit"),
    }
}

async fn text(engine: &Engine, sql: &str) -> Result<String, EngineError> {
    let rows = engine.query(sql).await?;
    Ok(datafusion::arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string())
}

async fn value(engine: &Engine, sql: &str) -> i64 {
    use datafusion::arrow::array::AsArray;
    let rows = engine.query(sql).await.unwrap();
    rows[0].column(0).as_primitive::<datafusion::arrow::datatypes::Int64Type>().value(0)
}

/// 600 tickers × 1,000 days: three files.
const PRICES: &str = "create or replace table prices as
    select 'T' || lpad(cast(t.value as varchar), 4, '0') as ticker,
           date '2020-01-01' + cast(d.value as int) as date,
           cast((t.value * 7 + d.value * 13) % 101 as double) as close
    from generate_series(0, 599) t cross join generate_series(0, 999) d
    order by ticker, date";

async fn plan(engine: &Engine, sql: &str) -> String {
    let plan = engine.physical_plan(sql).await.unwrap();
    datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_accumulate_and_stay_readable() {
    let (_folder, engine) = engine();
    for n in 0..3 {
        let sql = format!("create or replace table x as select {n} as n, 'a' as ticker order by ticker");
        assert_eq!(run(&engine, &sql).await.unwrap(), n);
    }
    assert_eq!(value(&engine, "select n from x").await, 2);
    assert_eq!(value(&engine, "select n from at_version('x', 0)").await, 0);
    assert_eq!(value(&engine, "select a.n + b.n from at_version('x', 1) a, x b").await, 3);
    let error = text(&engine, "select * from at_version('x', 9)").await.unwrap_err().to_string();
    assert!(error.contains("no version 9") && error.contains("0 to 2"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joins_keep_every_condition() {
    let (_folder, engine) = engine();
    let tables = "with f as (select * from (values (1, 10), (1, 11)) as t(k, q)), b as (select * from (values (0), (1)) \
                  as t(n)), p as (select * from (values (1, 10), (1, 9)) as t(k, q))";
    let wrong = format!("{tables} select count(*) from f cross join b join p on f.k = p.k and f.q - b.n = p.q");
    assert_eq!(value(&engine, &wrong).await, 3);
    let plan = plan(&engine, &format!("{tables} select f.q from f, p where f.q = p.q")).await;
    assert!(plan.contains("HashJoin") && !plan.contains("CrossJoin"), "{plan}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_statement_leaves_the_dataset_alone() {
    let (_folder, engine) = engine();
    run(&engine, "create or replace table x as select 1 as n").await.unwrap();
    for bad in [
        "create or replace table x as select 1/0 as n",
        "create or replace table x as select nothing from x",
        "create table x as select 2 as n",
        "create or replace table x as select null as n",
        "insert into x values (3)",
        "drop table x",
        "create or replace table raw.x as select 2 as n",
    ] {
        assert!(run(&engine, bad).await.is_err(), "{bad}");
    }
    assert_eq!(value(&engine, "select n from x").await, 1);
    assert_eq!(engine.lake().snapshot("x").await.unwrap().unwrap().version(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_keeps_reading_its_version() {
    let (_folder, engine) = engine();
    run(&engine, "create or replace table x as select 1 as n").await.unwrap();
    let statement = engine.parse("select n from x").unwrap().pop().unwrap();
    let planned = engine.plan(statement).await.unwrap();
    run(&engine, "create or replace table x as select 2 as n").await.unwrap();
    let Outcome::Rows(rows) = engine.run(planned, CommitRecord::default()).await.unwrap() else { panic!() };
    let rows = datafusion::physical_plan::common::collect(rows).await.unwrap();
    assert!(datafusion::arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string().contains("| 1 |"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_name_the_place_and_the_nearest_name() {
    let (_folder, engine) = engine();
    run(&engine, "create or replace table feat_beta as select 'A' as ticker, 1.0 as beta").await.unwrap();
    let error = text(&engine, "select * from feat_betta").await.unwrap_err().to_string();
    assert!(error.contains("'feat_betta'") && error.contains("did you mean feat_beta"), "{error}");
    let Err(EngineError::Query { message, at, .. }) = text(&engine, "select ticker,\n  betta\nfrom feat_beta").await
    else {
        panic!("an unknown column is an error")
    };
    assert!(message.contains("betta"), "{message}");
    assert_eq!(at, Some((2, 3)));
    let Err(EngineError::Query { at, .. }) = text(&engine, "select\n ) from feat_beta").await else {
        panic!("a syntax error is an error")
    };
    assert!(at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn per_ticker_windows_need_no_sort_and_no_repartition() {
    let (_folder, engine) = engine();
    run(&engine, PRICES).await.unwrap();
    let snapshot = engine.lake().snapshot("prices").await.unwrap().unwrap();
    assert_eq!((snapshot.rows(), snapshot.files().len(), snapshot.layout().splits.len()), (600_000, 3, 2));
    let window = "select ticker, date, lag(close, 1) over (partition by ticker order by date) as previous from prices";
    let shape = plan(&engine, window).await;
    assert!(!shape.contains("SortExec") && !shape.contains("RepartitionExec"), "{shape}");
    assert!(shape.contains("3 groups"), "{shape}");
    let group = plan(&engine, "select ticker, avg(close) from prices group by ticker").await;
    assert!(!group.contains("RepartitionExec"), "{group}");
    let build = plan(&engine, &format!("create or replace table y as {window} order by ticker, date")).await;
    assert!(
        !build.contains("SortExec") && !build.contains("MergeExec") && !build.contains("RepartitionExec"),
        "{build}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_for_one_ticker_reads_one_file() {
    let (_folder, engine) = engine();
    run(&engine, PRICES).await.unwrap();
    let shape = plan(&engine, "select avg(close) from prices where ticker = 'T0300'").await;
    assert_eq!(shape.matches(".parquet").count(), 1, "{shape}");
    let none = plan(&engine, "select avg(close) from prices where ticker = 'ZZZ'").await;
    assert!(!none.contains(".parquet"), "{none}");
    assert_eq!(value(&engine, "select count(*) from prices where ticker = 'T0300'").await, 1000);
}

/// A file whose column has no value has no bounds of it; those of the other files count all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_skipped_by_bounds_that_some_lack() {
    let (_folder, engine) = engine();
    let long = "create or replace table long as
        select t.value as ticker, d.value as d, case when t.value = 'A' then null when t.value = 'B' then 1 else 2 end as x
        from (values ('A'), ('B'), ('C')) as t (value) cross join generate_series(1, 270000) d order by ticker, d";
    run(&engine, long).await.unwrap();
    assert_eq!(plan(&engine, "select * from long").await.matches(".parquet").count(), 3);
    assert_eq!(plan(&engine, "select * from long where x > 1").await.matches(".parquet").count(), 1);
    assert_eq!(value(&engine, "select count(*) from long where x > 1").await, 270_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn derived_datasets_are_cut_at_the_tickers_of_their_base() {
    let (_folder, engine) = engine();
    run(&engine, PRICES).await.unwrap();
    let by_ticker = "create or replace table a as select ticker, date, close from prices order by ticker, date";
    let by_date = "create or replace table b as select ticker, date,
        rank() over (partition by date order by close) as r from prices order by ticker, date";
    run(&engine, by_ticker).await.unwrap();
    run(&engine, by_date).await.unwrap();
    let prices = engine.lake().snapshot("prices").await.unwrap().unwrap();
    for name in ["a", "b"] {
        let derived = engine.lake().snapshot(name).await.unwrap().unwrap();
        assert_eq!(derived.layout(), prices.layout(), "{name}");
        assert_eq!(derived.rows(), prices.rows(), "{name}");
    }
    let shape = plan(&engine, "select ticker, date, lag(r) over (partition by ticker order by date) from b").await;
    assert!(!shape.contains("SortExec") && !shape.contains("RepartitionExec"), "{shape}");
    let same =
        "select count(*) from a join prices p on a.ticker = p.ticker and a.date = p.date where a.close = p.close";
    assert_eq!(value(&engine, same).await, 600_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_values_come_last() {
    let (_folder, engine) = engine();
    let sql = "select x from (values (1), (null), (2)) t (x) order by x";
    for (order, first) in [("asc", 1), ("desc", 2)] {
        assert_eq!(value(&engine, &format!("{sql} {order}")).await, first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_remembers_what_it_read() {
    let (_folder, engine) = engine();
    run(&engine, "create or replace table x as select 1 as n").await.unwrap();
    run(&engine, "create or replace table x as select 2 as n").await.unwrap();
    run(&engine, "create or replace table y as select n from x").await.unwrap();
    let record = engine.lake().record("y", 0).await.unwrap().unwrap();
    assert_eq!(record.inputs.get("x"), Some(&1));
    assert_eq!(record.rows, 1);
    let y = engine.lake().snapshot("y").await.unwrap().unwrap();
    assert_eq!(engine.lake().history(&y).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_history_stays_readable() {
    let (folder, engine) = engine();
    for n in 0..15 {
        let sql = format!("create or replace table x as select {n} as n, 'a' as ticker order by ticker");
        run(&engine, &sql).await.unwrap();
    }
    let log = std::fs::read_dir(folder.path().join("x/_delta_log")).unwrap();
    let checkpoints = log.filter(|entry| entry.as_ref().unwrap().path().display().to_string().contains(".checkpoint."));
    assert_eq!(checkpoints.count(), 1, "the log is summed up after ten versions");
    let x = engine.lake().snapshot("x").await.unwrap().unwrap();
    assert_eq!((x.version(), x.layout().sort.clone()), (14, vec!["ticker".to_owned()]));
    assert_eq!(engine.lake().history(&x).await.unwrap().len(), 15);
    for n in [0, 8, 9, 10, 14] {
        assert_eq!(value(&engine, &format!("select n from at_version('x', {n})")).await, n);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_commits_from_one_version_the_first_wins() {
    let (_folder, engine) = engine();
    run(&engine, "create or replace table x as select 1 as n").await.unwrap();
    let base = engine.lake().snapshot("x").await.unwrap().unwrap();
    let again = |add| NewVersion {
        base: Some(&base),
        schema: base.schema().clone(),
        layout: base.layout().clone(),
        add,
        remove: Vec::new(),
        record: CommitRecord::default(),
    };
    assert_eq!(engine.lake().commit("x", again(Vec::new())).await.unwrap(), 1);
    let error = engine.lake().commit("x", again(Vec::new())).await.unwrap_err();
    assert!(matches!(error, LakeError::Conflict { .. }), "{error}");
    assert_eq!(engine.lake().snapshot("x").await.unwrap().unwrap().version(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sorts_larger_than_memory_spill() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let resources = Resources { threads: Some(2), memory_limit: Some(24 << 20) };
    let engine = Engine::new(lake, &resources).unwrap();
    let sql = "create or replace table x as
        select cast(value * 7919 % 3000017 as varchar) as ticker, value as n from generate_series(1, 3000000)
        order by ticker, n";
    run(&engine, sql).await.unwrap();
    assert_eq!(value(&engine, "select count(*) from x").await, 3_000_000);
}

/// Bytes that a query reads of data files, as `explain analyze` counts them.
async fn bytes_read(engine: &Engine, sql: &str) -> f64 {
    let plan = text(engine, &format!("explain analyze {sql}")).await.unwrap();
    let found = plan.split_once("bytes_scanned=").and_then(|(_, rest)| rest.split_once([',', ']']));
    let (number, unit) = found.map_or(("", ""), |(bytes, _)| bytes.split_once(' ').unwrap_or((bytes, "")));
    let number: f64 = number.trim().parse().unwrap_or_else(|_| panic!("no bytes_scanned in\n{plan}"));
    let scale = match unit.chars().next() {
        Some('K') => 1e3,
        Some('M') => 1e6,
        _ => 1.0,
    };
    number * scale
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticker_is_read_in_its_pages_and_a_date_in_all() {
    let (_folder, engine) = engine();
    // One row group of four pages; values of eight bytes that do not repeat.
    let columns: Vec<String> = (0..20).map(|n| format!("sqrt(t.value * 1000 + d.value + {n}) as x{n}")).collect();
    let columns = columns.join(", ");
    let table = format!(
        "create or replace table x as
        select 'T' || lpad(cast(t.value as varchar), 4, '0') as ticker,
               date '2020-01-01' + cast(d.value as int) as date, {columns}
        from generate_series(0, 31) t cross join generate_series(0, 999) d
        order by ticker, date"
    );
    run(&engine, &table).await.unwrap();
    let all = bytes_read(&engine, "select * from x").await;
    assert!(all > 20.0 * 8.0 * 32_000.0, "{all}");
    let date = bytes_read(&engine, "select * from x where date = date '2021-01-01'").await;
    let ticker = bytes_read(&engine, "select * from x where ticker = 'T0003'").await;
    assert!(ticker < 0.4 * all && date > 0.9 * all, "{ticker} and {date} of {all}");
    assert_eq!(
        value(&engine, "select count(*) from (select * from x where ticker = 'T0003') where x3 > 0").await,
        1000
    );
    let sum = "select cast(round(sum(x0 * x0)) as bigint) from x where ticker = 'T0003'";
    assert_eq!(value(&engine, sum).await, (3000..4000).sum::<i64>());
}
