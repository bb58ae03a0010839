//! A stored assembly copies columns as they are encoded, and is what it would be if every value were computed.

use std::fs;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use kairos::engine::{Built, Engine, EngineError, Outcome, Resources};
use kairos::lake::{CommitRecord, Lake, Snapshot};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use rand::{Rng, SeedableRng};

use crate::common::SQL;

fn engine(folder: &Path, threads: usize) -> Engine {
    let lake = Lake::open(folder.to_str().unwrap()).unwrap();
    Engine::new(lake, &Resources { threads: Some(threads), memory_limit: None }).unwrap()
}

async fn build(engine: &Engine, name: &str, select: &str) -> Result<Built, EngineError> {
    let sql = format!("create or replace table {name} as {select} order by ticker, date");
    let statement = engine.parse(&sql)?.pop().unwrap();
    match engine.run(engine.plan(statement).await?, CommitRecord::default()).await? {
        Outcome::Built(built) => Ok(built),
        Outcome::Rows(_) => panic!("expected a commit"),
    }
}

/// `tickers` × `days` rows with datasets of every kind beside them.
async fn market(engine: &Engine, tickers: usize, days: usize) {
    let prices = format!(
        "select 'T' || lpad(cast(t.value as varchar), 4, '0') as ticker, date '2020-01-01' + cast(d.value as int) as date,
                cast((t.value * 7 + d.value * 13) % 101 as double) as close
         from generate_series(1, {tickers}) t cross join generate_series(1, {days}) d"
    );
    for (name, select) in [
        ("prices", prices.as_str()),
        (
            "feat_a",
            "select ticker, date, close * 2 as twice, case when close % 7 = 0 then null else close / 7 end as sevenths,
                    cast(close as bigint) as n, close > 50 as up, cast(close % 3 as tinyint) as three,
                    'x' || cast(cast(close as int) % 5 as varchar) as label, date + 5 as later,
                    case when date > '2020-01-20' then close end as late, cast(null as double) as nothing
             from prices",
        ),
        (
            "feat_b",
            "select ticker, date, close * 2 as twice, close - 3 as twice_b, close / 3 as thirds,
                    case when date = '2020-01-03' then cast('nan' as double) else close end as wild,
                    1 / (case when date = '2020-01-03' then 0.0 else close + 1 end) as far
             from prices",
        ),
        ("feat_gaps", "select ticker, date, close + 2 as gaps from prices where close % 3 <> 1"),
        (
            "feat_more",
            "select ticker, date, close + 4 as more from (select * from prices union all select 'A', date, 0 from prices where ticker = 'T0001')",
        ),
    ] {
        build(engine, name, select).await.unwrap();
    }
}

const ASSEMBLED: &str = "select *, twice + gaps as total, twice_b as renamed
    from assemble(prices, feat_a, feat_b, 'feat_*', copies => 'feat_b.twice = feat_a.twice')";
/// The filter keeps every row, but hides the assembly from who would copy its columns.
const COMPUTED: &str = " where date > '1970-01-01'";
/// What can be copied of it: ticker, date, twice, sevenths, three, label, later, late, nothing, twice_b, thirds, renamed.
const COPIED: usize = 12;

async fn snapshot(engine: &Engine, name: &str) -> Snapshot {
    engine.lake().snapshot(name).await.unwrap().unwrap()
}

async fn rows(engine: &Engine, name: &str) -> RecordBatch {
    let batches = engine.query(&format!("select * from {name} order by ticker, date")).await.unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn files(folder: &Path, of: &Snapshot) -> Vec<PathBuf> {
    of.files().iter().map(|file| folder.join(of.dataset()).join(&file.path)).collect()
}

fn footer(file: &Path) -> ParquetMetaData {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
    reader.parse_and_finish(&fs::File::open(file).unwrap()).unwrap()
}

/// Rows, columns, layout, files, row groups, bounds and records are equal.
async fn assert_same(engine: &Engine, folder: &Path, ours: &str, expected: &str) {
    let (one, other) = (snapshot(engine, ours).await, snapshot(engine, expected).await);
    assert_eq!(one.schema(), other.schema());
    assert_eq!(one.layout(), other.layout());
    assert_eq!(format!("{:?}", one.columns()), format!("{:?}", other.columns()));
    assert_eq!(rows(engine, ours).await, rows(engine, expected).await);
    let record = |name, version| engine.lake().record(name, version);
    let (a, b) = (record(ours, one.version()).await.unwrap(), record(expected, other.version()).await.unwrap());
    assert_eq!(a.unwrap().columns, b.unwrap().columns);
    assert_eq!(one.files().len(), other.files().len());
    for (a, b) in one.files().iter().zip(other.files()) {
        assert_eq!(a.statistics.column_statistics, b.statistics.column_statistics);
        assert_eq!((a.rows(), &a.not_finite), (b.rows(), &b.not_finite));
    }
    for (a, b) in files(folder, &one).iter().zip(files(folder, &other)) {
        let (a, b) = (footer(a), footer(&b));
        assert_eq!(a.file_metadata().schema_descr(), b.file_metadata().schema_descr());
        assert_eq!(a.file_metadata().key_value_metadata(), b.file_metadata().key_value_metadata());
        assert_eq!(a.num_row_groups(), b.num_row_groups());
        for (group, (ours, theirs)) in a.row_groups().iter().zip(b.row_groups()).enumerate() {
            assert_eq!(ours.num_rows(), theirs.num_rows());
            for (leaf, (x, y)) in ours.columns().iter().zip(theirs.columns()).enumerate() {
                assert_eq!((x.statistics(), x.num_values()), (y.statistics(), y.num_values()));
                let pages = |footer: &ParquetMetaData| {
                    let pages = &footer.offset_index().unwrap()[group][leaf];
                    pages.page_locations().iter().map(|page| page.first_row_index).collect::<Vec<_>>()
                };
                assert_eq!(pages(&a), pages(&b), "{}", x.column_path());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copied_columns_are_those_that_are_computed() {
    // Several row groups in several files and ranges, one of each, and hardly any rows.
    for (tickers, days, threads) in [(420, 1000, 3), (420, 1000, 1), (70, 900, 2), (2, 3, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(folder.path(), threads);
        market(&engine, tickers, days).await;
        let copied = build(&engine, "m", ASSEMBLED).await.unwrap();
        let computed = build(&engine, "expected", &format!("{ASSEMBLED}{COMPUTED}")).await.unwrap();
        assert_eq!((copied.copied, computed.copied), (COPIED, 0));
        assert_eq!((copied.rows, copied.files), (computed.rows, computed.files));
        assert_same(&engine, folder.path(), "m", "expected").await;
        let only = "select ticker, date, three, label from assemble(prices, feat_a)";
        assert_eq!(build(&engine, "m", only).await.unwrap().copied, 4);
        build(&engine, "expected", &format!("{only}{COMPUTED}")).await.unwrap();
        assert_same(&engine, folder.path(), "m", "expected").await;
    }
}

/// As many rows in each file, between the same keys, but others; and other values where equal ones are promised.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_looks_alike_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path(), 2);
    market(&engine, 50, 900).await;
    let without = |day: &str| format!("select * from prices where not (ticker = 'T0007' and date = date '{day}')");
    build(&engine, "some", &without("2020-05-05")).await.unwrap();
    build(&engine, "others", &format!("select ticker, date, close as other from ({})", without("2020-05-06")))
        .await
        .unwrap();
    let assembled = "select * from assemble(some, others)";
    assert_eq!(build(&engine, "m", assembled).await.unwrap().copied, 0);
    build(&engine, "expected", &format!("{assembled}{COMPUTED}")).await.unwrap();
    assert_same(&engine, folder.path(), "m", "expected").await;

    let wrong =
        "select ticker, date, case when ticker = 'T0033' and date = '2021-01-01' then 0.5 else close * 2 end as twice
                 from prices";
    build(&engine, "feat_b", wrong).await.unwrap();
    let assembled = "select * from assemble(prices, feat_a, feat_b, copies => 'feat_b.twice = feat_a.twice')";
    let error = build(&engine, "m", assembled).await.unwrap_err().to_string();
    assert_eq!(error, engine.query(assembled).await.unwrap_err().to_string());
    assert!(error.contains("ticker T0033, date 2021-01-01") && error.contains("0.5"), "{error}");

    // A base with a key twice is none, also where a dataset has the same rows.
    build(&engine, "twice", "select * from prices union all select * from prices where ticker = 'T0009'")
        .await
        .unwrap();
    build(&engine, "feat_twice", "select ticker, date, close as x from twice").await.unwrap();
    let error = build(&engine, "m", "select * from assemble(twice, feat_twice)").await.unwrap_err().to_string();
    assert!(error.contains("two rows with the key ticker T0009, date 2020-01-02"), "{error}");
}

/// Bytes that are copied and not decoded are checked like any others, and so are footers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path(), 2);
    market(&engine, 40, 300).await;
    let assembled = "select * from assemble(prices, feat_a, feat_b, copies => 'feat_b.twice = feat_a.twice')";
    assert!(build(&engine, "m", assembled).await.unwrap().copied > 0);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    for dataset in ["prices", "feat_a", "feat_b"] {
        let file = files(folder.path(), &snapshot(&engine, dataset).await).remove(0);
        let bytes = fs::read(&file).unwrap();
        for flip in 0..20 {
            let end = if flip % 2 == 0 { bytes.len() } else { bytes.len().min(20_000) };
            let at = bytes.len() - end + rng.random_range(0..end);
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << rng.random_range(0..8);
            fs::write(&file, damaged).unwrap();
            let error = build(&engine, "m", assembled).await.unwrap_err().to_string();
            let named = error.contains(&format!("of dataset '{dataset}'")) && error.contains("is damaged");
            assert!(named, "byte {at} of {}: {error}", bytes.len());
        }
        fs::write(&file, &bytes).unwrap();
    }
    assert!(build(&engine, "m", assembled).await.is_ok());
    assert_eq!(snapshot(&engine, "m").await.version(), 1);
}

/// All of the matrix but the codes of regimes and a few whole numbers is there already when it is assembled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_matrix_is_copied() {
    let desk = super::pipeline::market();
    let engine = engine(&desk.lake(), 2);
    let statement = fs::read_to_string(format!("{SQL}/matrix/feat_matrix.sql")).unwrap();
    let parsed = engine.parse(&statement).unwrap().pop().unwrap();
    let Outcome::Built(built) = engine.run(engine.plan(parsed).await.unwrap(), CommitRecord::default()).await.unwrap()
    else {
        panic!("expected a commit")
    };
    let columns = snapshot(&engine, "feat_matrix").await.schema().fields().len();
    assert!(columns > 100 && built.copied + 6 >= columns, "{} of {columns} columns are copied", built.copied);
}

/// What keeps the rows of a dataset copies its keys and what else it repeats of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_columns_of_kept_rows_are_copied() {
    let by_ticker = "over (partition by ticker order by date)";
    let kept = [
        ("select * from prices", 3),
        ("select ticker, date from prices", 2),
        ("select ticker, date, close as price, cast(close as bigint) as n from prices", 3),
        // Not finite, so its commit has to name it.
        ("select ticker, date, wild, thirds from feat_b", 3),
        (&format!("select ticker, date, lag(close, 3) {by_ticker} as before, close from prices"), 3),
        ("select ticker, date, zscore(close) over (partition by date) as z from prices", 2),
        (&format!("select ticker, date, zscore(x) over (partition by date) as z, sum(x) {by_ticker} as total
                   from (select *, close - lag(close) {by_ticker} as x from prices)"), 2),
        ("select p.ticker, p.date, p.close, b.thirds, g.gaps
          from prices p left join feat_b b on b.ticker = p.ticker and b.date = p.date
          left join feat_gaps g on g.ticker = p.ticker and g.date = p.date", 3),
        (&format!("select ticker, date, mean, lag(close) {by_ticker} as before from (
                   select p.*, m.mean from (select date, avg(close) as mean from prices where close > 50 group by date) m
                   right join prices p on p.date = m.date)"), 2),
        ("select ticker, date, close / (select max(close) from prices) as share from prices", 2),
    ];
    // Where threads outnumber the files, rows are dealt out to them by ticker and move.
    for (tickers, days, threads) in [(420, 1000, 2), (420, 1000, 1), (3, 4, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(folder.path(), threads);
        market(&engine, tickers, days).await;
        for (select, copied) in kept {
            let built = build(&engine, "m", select).await.unwrap();
            let computed = build(&engine, "expected", &format!("select * from ({select}){COMPUTED}")).await.unwrap();
            assert_eq!((built.copied, computed.copied), (copied, 0), "{select}");
            assert_same(&engine, folder.path(), "m", "expected").await;
        }
    }
}

/// Statements that may drop, repeat or move rows, or say what leads them in another column.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_not_kept_are_computed() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path(), 2);
    market(&engine, 70, 900).await;
    let twice = "(select date, 1 as half from prices where ticker in ('T0001', 'T0002'))";
    for (select, rows) in [
        ("select ticker, date, close from prices where close >= 0", 63_000),
        ("select ticker, date, close from prices where ticker > 'T0009'", 54_900),
        ("select * from (select ticker, date, close from prices limit 100)", 100),
        ("select distinct ticker, date, close from prices", 63_000),
        ("select date, ticker, close from prices", 63_000),
        ("select lower(ticker) as ticker, date, close from prices", 63_000),
        ("select ticker, date + 1 as date, close from prices", 63_000),
        (
            "select ticker, date, close from prices union all select 'A', date, 0.0 from prices where ticker = 'T0001'",
            63_900,
        ),
        (
            "select p.ticker, p.date, g.gaps from prices p join feat_gaps g on g.ticker = p.ticker and g.date = p.date",
            snapshot(&engine, "feat_gaps").await.rows(),
        ),
        // Only the number of its rows tells.
        (&format!("select p.ticker, p.date, h.half from {twice} h right join prices p on p.date = h.date"), 126_000),
        (
            &format!(
                "select p.ticker, p.date, h.half from {twice} h right join prices p on p.date = h.date and p.ticker = 'T0070'"
            ),
            63_900,
        ),
    ] {
        let built = build(&engine, "m", select).await.unwrap();
        assert_eq!((built.copied, built.rows), (0, rows), "{select}");
        build(&engine, "expected", &format!("select * from ({select}){COMPUTED}")).await.unwrap();
        assert_same(&engine, folder.path(), "m", "expected").await;
    }
    // The rows of the version before, which goes.
    let again = build(&engine, "feat_a", "select ticker, date, twice / 2 as once from feat_a").await.unwrap();
    assert_eq!((again.copied, again.rows), (2, 63_000));
    assert_eq!(rows(&engine, "feat_a").await.column(2), rows(&engine, "prices").await.column(2));
}
