//! `assemble(base, …)` over a lake of its own: names, keys, copies, and what is read.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use futures::StreamExt;
use kairos::engine::{Engine, EngineError, Outcome, Resources};
use kairos::lake::{CommitRecord, Lake};

/// An engine over an empty lake in a temporary folder.
fn engine() -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let resources = Resources { threads: Some(3), memory_limit: None };
    (folder, Engine::new(lake, &resources).unwrap())
}

async fn run(engine: &Engine, sql: &str) -> Result<(), EngineError> {
    let statement = engine.parse(sql)?.pop().unwrap();
    match engine.run(engine.plan(statement).await?, CommitRecord::default()).await? {
        Outcome::Built(_) => Ok(()),
        Outcome::Rows(_) => panic!("expected a commit"),
    }
}

/// A dataset of rows `(ticker, day of January 2024, columns …)`.
async fn dataset(engine: &Engine, name: &str, columns: &str, rows: &str) {
    let sql = format!(
        "create or replace table {name} as
         select ticker, date '2024-01-01' + cast(day - 1 as int) as date, * exclude (ticker, day)
         from (values {rows}) as t (ticker, day, {columns}) order by ticker, date"
    );
    run(engine, &sql).await.unwrap();
}

async fn columns(engine: &Engine, call: &str) -> Vec<String> {
    let plan = engine.physical_plan(&format!("select * from {call}")).await.unwrap();
    let names = plan.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    assert_eq!(names[..2], ["ticker", "date"]);
    names[2..].to_vec()
}

async fn table(engine: &Engine, sql: &str) -> String {
    let rows = engine.query(sql).await.unwrap();
    datafusion::arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string()
}

async fn error(engine: &Engine, sql: &str) -> String {
    match engine.query(sql).await {
        Ok(_) => panic!("{sql} is no error"),
        Err(error) => error.to_string(),
    }
}

async fn count(engine: &Engine, sql: &str) -> i64 {
    engine.query(sql).await.unwrap()[0].column(0).as_primitive::<Int64Type>().value(0)
}

async fn plan(engine: &Engine, sql: &str) -> String {
    displayable(engine.physical_plan(sql).await.unwrap().as_ref()).indent(false).to_string()
}

/// Spec 05 E3: repeated names.
#[tokio::test]
async fn names_that_repeat_follow_the_rule() {
    let (_folder, engine) = engine();
    let one = "('A', 1, 0.5, 0.25)";
    dataset(&engine, "prices", "close", "('A', 1, 9.0)").await;
    dataset(&engine, "feat_volume_volatility", "dollar_volume, vol_zscore_21d", one).await;
    dataset(&engine, "feat_adv", "dollar_volume, adv_20", one).await;
    dataset(&engine, "feat_composite_v31", "alpha_cs, \"alpha_CL_v2\"", one).await;
    dataset(&engine, "feat_composite_v32b", "alpha_cs, alpha_smoothed", one).await;
    let regime = "('A', 1, 0.5, 0.25, 'high_vol_bull')";
    dataset(&engine, "feat_composite_v33_regime", "alpha_cs, alpha_smoothed, regime", regime).await;
    let datasets = "prices, feat_volume_volatility, feat_adv, feat_composite_v31, feat_composite_v32b, \
                    feat_composite_v33_regime";
    let expected = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();

    let numbered = columns(&engine, &format!("assemble({datasets}, repeated => 'number')")).await;
    assert_eq!(
        numbered,
        expected(
            "dollar_volume vol_zscore_21d dollar_volume_1 adv_20 alpha_cs alpha_CL_v2 alpha_cs_1 alpha_smoothed \
             alpha_cs_2 alpha_smoothed_1 regime"
        )
    );
    let named = columns(&engine, &format!("assemble({datasets})")).await;
    assert_eq!(
        named,
        expected(
            "dollar_volume vol_zscore_21d dollar_volume_adv adv_20 alpha_cs alpha_CL_v2 alpha_cs_composite_v32b \
             alpha_smoothed alpha_cs_composite_v33_regime alpha_smoothed_composite_v33_regime regime"
        )
    );
    let copies = "copies => 'feat_composite_v32b.alpha_cs = feat_composite_v31.alpha_cs,
        feat_composite_v33_regime.alpha_cs = feat_composite_v31.alpha_cs,
        feat_composite_v33_regime.alpha_smoothed = feat_composite_v32b.alpha_smoothed'";
    let call = format!("assemble({datasets}, {copies})");
    assert_eq!(
        columns(&engine, &call).await,
        expected("dollar_volume vol_zscore_21d dollar_volume_adv adv_20 alpha_cs alpha_CL_v2 alpha_smoothed regime")
    );
    assert_eq!(count(&engine, &format!("select count(alpha_cs) from {call}")).await, 1);

    // A copy that is none is an error that says where, once all columns are asked for.
    dataset(&engine, "feat_composite_v32b", "alpha_cs, alpha_smoothed", "('A', 1, 0.75, 0.25)").await;
    let text = error(&engine, &format!("select * from {call}")).await;
    for part in ["feat_composite_v32b.alpha_cs", "feat_composite_v31.alpha_cs", "ticker A", "2024-01-01", "0.75"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Where only one of them has a row there is nothing to compare.
    dataset(&engine, "feat_composite_v32b", "alpha_cs, alpha_smoothed", "('B', 1, 0.75, 0.25)").await;
    assert_eq!(engine.query(&format!("select * from {call}")).await.unwrap()[0].num_rows(), 1);
}

/// Spec 05 E4: rows that repeat, conflict, or belong to no row of the base.
#[tokio::test]
async fn the_result_has_the_rows_of_the_base() {
    let (_folder, engine) = engine();
    dataset(&engine, "prices", "close", "('A', 1, 9), ('A', 2, 9), ('B', 1, 9), ('B', 2, 9)").await;
    let repeated = "('A', 1, 1.0), ('A', 1, 1.0), ('C', 1, 9.0)";
    dataset(&engine, "feat_x", "x", &format!("{repeated}, ('B', 2, 5.0), ('B', 2, 7.0)")).await;
    let sql = "select * from assemble(prices, feat_x) order by ticker, date";
    let text = error(&engine, sql).await;
    for part in ["feat_x", "ticker B", "date 2024-01-02", "two different rows"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let created = run(&engine, "create or replace table m as select * from assemble(prices, feat_x)").await;
    assert!(created.unwrap_err().to_string().contains("feat_x"));
    assert!(engine.lake().snapshot("m").await.unwrap().is_none());

    dataset(&engine, "feat_x", "x", repeated).await;
    let expected = "\
+--------+------------+-----+
| ticker | date       | x   |
+--------+------------+-----+
| A      | 2024-01-01 | 1.0 |
| A      | 2024-01-02 |     |
| B      | 2024-01-01 |     |
| B      | 2024-01-02 |     |
+--------+------------+-----+";
    assert_eq!(table(&engine, sql).await, expected);
    dataset(&engine, "prices", "close", "('A', 1, 9), ('A', 1, 9)").await;
    let text = error(&engine, sql).await;
    assert!(text.contains("prices") && text.contains("two rows with the key ticker A"), "{text}");
}

#[tokio::test]
async fn numbers_flags_and_texts_get_their_types() {
    let (_folder, engine) = engine();
    dataset(&engine, "prices", "close", "('A', 1, 9), ('A', 2, 9)").await;
    let columns = "cast(n as bigint) as n, cast(flag as tinyint) as flag, n > 1 as up, label, \
                   case when n = 1 then cast('nan' as double) else cast('inf' as double) end as wild";
    run(
        &engine,
        &format!(
            "create or replace table feat_x as select ticker, date, {columns}
             from (values ('A', date '2024-01-01', 1, 0, 'low'), ('A', date '2024-01-02', 2, 1, null))
             as t (ticker, date, n, flag, label) order by ticker, date"
        ),
    )
    .await
    .unwrap();
    let expected = "\
+--------+------------+-----+------+----+-------+------+
| ticker | date       | n   | flag | up | label | wild |
+--------+------------+-----+------+----+-------+------+
| A      | 2024-01-01 | 1.0 | 0    | 0  | low   |      |
| A      | 2024-01-02 | 2.0 | 1    | 1  |       |      |
+--------+------------+-----+------+----+-------+------+";
    assert_eq!(table(&engine, "select * from assemble(prices, feat_x)").await, expected);
    let types = plan_types(&engine, "select * from assemble(prices, feat_x)").await;
    assert_eq!(types[2..], ["Float64", "Int8", "Int8", "Utf8", "Float64"]);
}

async fn plan_types(engine: &Engine, sql: &str) -> Vec<String> {
    let plan = engine.physical_plan(sql).await.unwrap();
    plan.schema().fields().iter().map(|field| field.data_type().to_string()).collect()
}

#[tokio::test]
async fn wrong_calls_say_what_is_expected() {
    let (_folder, engine) = engine();
    dataset(&engine, "prices", "close", "('A', 1, 9)").await;
    dataset(&engine, "feat_x", "x, y", "('A', 1, 1, 2)").await;
    dataset(&engine, "feat_alike", "\"X\"", "('A', 1, 1)").await;
    run(&engine, "create or replace table feat_daily as select date '2024-01-01' as date, 1.0 as y order by date")
        .await
        .unwrap();
    for (call, expected) in [
        ("assemble()", "the base is missing"),
        ("assemble('feat_*')", "the base is the name of a dataset"),
        ("assemble(prices, 1 + 1)", "neither a dataset nor a pattern"),
        ("assemble(prices, repeated => 'twice')", "expects dataset or number, found twice"),
        ("assemble(prices, copies => 'a')", "'a' in copies is not of the form"),
        ("assemble(prices, order => 'x')", "there is no option order"),
        ("assemble(price, 'feat_*')", "did you mean prices"),
        ("assemble(prices, feat_y)", "did you mean feat_x"),
        ("assemble(prices, feat_daily)", "feat_daily is not keyed by ticker (text) and date (date): ticker is missing"),
        (
            "assemble(prices, feat_x, feat_alike)",
            "feat_alike.X would be called 'X', which differs from 'x' only in letter case",
        ),
        (
            "assemble(prices, feat_x, copies => 'feat_x.z = feat_x.x')",
            "feat_x.z, but the dataset has ticker, date, x, y",
        ),
    ] {
        let text = error(&engine, &format!("select * from {call}")).await;
        assert!(text.contains(expected), "{call}: {text}");
    }
}

#[tokio::test]
async fn patterns_find_keyed_datasets_by_name_and_leave_matrices_alone() {
    let (_folder, engine) = engine();
    dataset(&engine, "prices", "close", "('A', 1, 9)").await;
    for (name, column) in [("feat_b", "b"), ("feat_a", "a"), ("feat_c", "c"), ("feat_matrix_old", "old")] {
        dataset(&engine, name, column, "('A', 1, 1)").await;
    }
    run(&engine, "create or replace table feat_daily as select date '2024-01-01' as date, 1.0 as y order by date")
        .await
        .unwrap();
    assert_eq!(columns(&engine, "assemble(prices, 'feat_*')").await, ["a", "b", "c"]);
    assert_eq!(columns(&engine, "assemble(prices, 'feat_c', 'feat_*', feat_a)").await, ["c", "b", "a"]);
    assert_eq!(columns(&engine, "assemble(prices, 'nothing_*', feat_b)").await, ["b"]);
}

/// 600 tickers × 1,000 days: three files, three ranges.
const PRICES: &str = "create or replace table prices as
    select 'T' || lpad(cast(t.value as varchar), 4, '0') as ticker,
           date '2020-01-01' + cast(d.value as int) as date,
           cast((t.value * 7 + d.value * 13) % 101 as double) as close
    from generate_series(0, 599) t cross join generate_series(0, 999) d
    order by ticker, date";

/// Datasets as a pipeline makes them, and as others do: later, with gaps, for other tickers, in another order.
async fn market(engine: &Engine) {
    run(engine, PRICES).await.unwrap();
    for (name, select) in [
        ("feat_all", "select ticker, date, close * 2 as twice, close * 3 as thrice from prices order by ticker, date"),
        (
            "feat_late",
            "select ticker, date, close + 1 as late from prices where date > '2021-02-03' order by ticker, date",
        ),
        ("feat_gaps", "select ticker, date, close + 2 as gaps from prices where close % 3 <> 1 order by ticker, date"),
        ("feat_few", "select ticker, date, close + 3 as few from prices where ticker like '%7' order by ticker, date"),
        (
            "feat_more",
            "select * from (select 'A' || ticker as ticker, date, close + 4 as more from prices where ticker < 'T0100'
             union all select ticker, date + 500, close + 4 from prices) order by ticker, date",
        ),
        ("feat_unsorted", "select ticker, date, close + 5 as unsorted from prices where close < 50"),
    ] {
        run(engine, &format!("create or replace table {name} as {select}")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assembly_is_the_left_join() {
    let (_folder, engine) = engine();
    market(&engine).await;
    let assembled = "select ticker, date, twice, thrice, few, gaps, late, more, unsorted
        from assemble(prices, 'feat_*')";
    let joined = "select p.ticker, p.date, twice, thrice, few, gaps, late, more, unsorted from prices p
        left join feat_all a on a.ticker = p.ticker and a.date = p.date
        left join feat_few f on f.ticker = p.ticker and f.date = p.date
        left join feat_gaps g on g.ticker = p.ticker and g.date = p.date
        left join feat_late l on l.ticker = p.ticker and l.date = p.date
        left join feat_more m on m.ticker = p.ticker and m.date = p.date
        left join feat_unsorted u on u.ticker = p.ticker and u.date = p.date";
    assert_eq!(count(&engine, &format!("select count(*) from ({assembled})")).await, 600_000);
    assert_eq!(count(&engine, &format!("select count(*) from ({assembled} except all {joined})")).await, 0);
    assert_eq!(count(&engine, &format!("select count(*) from ({joined} except all {assembled})")).await, 0);
    // What is asked of the keys is asked of the files.
    let one = "where ticker = 'T0123' and date >= '2021-06-01'";
    let some = format!("select count(*) as n, sum(late) as late, sum(gaps) as gaps from ({assembled}) {one}");
    assert_eq!(table(&engine, &some).await, table(&engine, &some.replace(assembled, joined)).await);
    // Stored, it has the base's order and files.
    run(&engine, "create or replace table m as select * from assemble(prices, 'feat_*') order by ticker, date")
        .await
        .unwrap();
    let (base, stored) = (engine.lake().snapshot("prices").await.unwrap(), engine.lake().snapshot("m").await.unwrap());
    assert_eq!(base.unwrap().layout(), stored.unwrap().layout());
    assert_eq!(count(&engine, &format!("select count(*) from (select * from m except all {assembled})")).await, 0);
    let record = engine.lake().record("m", 0).await.unwrap().unwrap();
    assert_eq!(record.inputs.len(), 7, "{:?}", record.inputs);
    assert_eq!(record.columns["late"].source.as_deref(), Some("feat_late.late"));
    assert_eq!(record.columns["late"].first_date.as_deref(), Some("2021-02-04"));
    assert_eq!(record.columns["twice"].first_date.as_deref(), Some("2020-01-01"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_asked_for_is_read() {
    let (_folder, engine) = engine();
    market(&engine).await;
    let shape = plan(&engine, "select late, thrice from assemble(prices, 'feat_*') where date > '2021-01-01'").await;
    assert_eq!(shape.matches("DataSourceExec").count(), 3, "{shape}");
    assert!(shape.contains("datasets=[feat_late, feat_all]") || shape.contains("datasets=[feat_all, feat_late]"));
    assert!(shape.contains("projection=[ticker, date, thrice]"), "{shape}");
    assert!(!shape.contains("twice") && !shape.contains("SortExec") && !shape.contains("Repartition"), "{shape}");
    assert_eq!(shape.matches(" predicate=date@1 > 2021-01-01").count(), 3, "{shape}");
    let window = "select lag(thrice) over (partition by ticker order by date) from assemble(prices, feat_all)";
    let shape = plan(&engine, window).await;
    assert!(!shape.contains("SortExec") && !shape.contains("Repartition") && shape.contains("3 groups"), "{shape}");
}

/// After one batch has come out, no dataset has been read further than a few batches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datasets_are_read_in_step() {
    let (_folder, engine) = engine();
    market(&engine).await;
    let plan = engine.physical_plan("select * from assemble(prices, feat_all, feat_late, feat_gaps)").await.unwrap();
    let context = std::sync::Arc::new(datafusion::execution::TaskContext::default());
    let mut stream = plan.execute(0, context).unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert!((1..=8192).contains(&first.num_rows()));
    let read = rows_read(&plan);
    assert!(read.len() == 4 && read.iter().all(|rows| (1..=4 * 8192).contains(rows)), "{read:?}");
    let mut rows = first.num_rows();
    while let Some(batch) = stream.next().await {
        rows += batch.unwrap().num_rows();
    }
    assert!(rows > 150_000, "{rows}");
}

fn rows_read(plan: &std::sync::Arc<dyn ExecutionPlan>) -> Vec<usize> {
    match plan.children().as_slice() {
        [] => vec![plan.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or(0)],
        children => children.iter().flat_map(|child| rows_read(child)).collect(),
    }
}
