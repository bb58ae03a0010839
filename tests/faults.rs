//! Disks that are full or read-only, files that are missing, cut or changed, logs from the future: a named error or the
//! right rows, never others. And vacuum, which takes files away on purpose.

mod common;
mod storage;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use common::{Desk, stderr};
use datafusion::arrow::util::pretty::pretty_format_batches;
use kairos::engine::{Engine, EngineError, Outcome, Resources};
use kairos::lake::{CommitRecord, Keep, Lake};
use kairos::raw::{LandOptions, RawTable, land};
use rand::{Rng, SeedableRng};
use storage::Refusing;

fn engine(lake: &Lake) -> Engine {
    Engine::new(lake.clone(), &Resources { threads: Some(2), memory_limit: None }).unwrap()
}

fn open(folder: &Path) -> Lake {
    Lake::open(folder.to_str().unwrap()).unwrap()
}

async fn build(lake: &Lake, sql: &str) -> Result<u64, EngineError> {
    let engine = engine(lake);
    let planned = engine.plan(engine.parse(sql)?.pop().unwrap()).await?;
    match engine.run(planned, CommitRecord::default()).await? {
        Outcome::Built(built) => Ok(built.version),
        Outcome::Rows(_) => panic!("expected a commit"),
    }
}

async fn text(lake: &Lake, sql: &str) -> Result<String, EngineError> {
    Ok(pretty_format_batches(&engine(lake).query(sql).await?).unwrap().to_string())
}

/// The only data file of a dataset's newest version.
async fn file_of(lake: &Lake, dataset: &str) -> PathBuf {
    let snapshot = lake.snapshot(dataset).await.unwrap().unwrap();
    lake.url().to_file_path().unwrap().join(dataset).join(&snapshot.files()[0].path)
}

const PRICES: &str = "create or replace table x as
    select 'T' || cast(value % 40 as varchar) as ticker, value as n, sqrt(value) as close
    from generate_series(1, 20000) order by ticker, n";

#[tokio::test]
async fn a_full_or_read_only_disk_stops_the_commit_and_nothing_else() {
    for why in [ErrorKind::StorageFull, ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path());
        build(&lake, "create or replace table x as select 1 as n").await.unwrap();
        let csv = folder.path().join("sep.csv");
        std::fs::write(&csv, "ticker,date,open,high,low,close,volume,closeadj\nA,2024-01-03,1,1,1,1,1,1\n").unwrap();
        let sep = RawTable::find("sep").unwrap();
        // At the first write, a data file; and at the second, the entry of the log.
        for writes in [0, 1] {
            let path = folder.path().to_str().unwrap();
            let refusing = Lake::on(path, Arc::new(Refusing::after(writes, why))).unwrap();
            let error = build(&refusing, "create or replace table x as select 2 as n").await.unwrap_err().to_string();
            let said = std::io::Error::from(why).to_string();
            assert!(error.contains(&said) && error.contains('x'), "{error}");
            assert_eq!(lake.snapshot("x").await.unwrap().unwrap().version(), 0);
            let refusing = Lake::on(path, Arc::new(Refusing::after(writes, why))).unwrap();
            let landed = land(&refusing, sep, std::slice::from_ref(&csv), &LandOptions::default()).await;
            let error = landed.unwrap_err().to_string();
            assert!(error.contains(&said), "{error}");
            assert!(lake.snapshot("raw/sep").await.unwrap().is_none());
        }
        assert!(text(&lake, "select n from x").await.unwrap().contains("| 1 |"));
        assert_eq!(build(&lake, "create or replace table x as select 2 as n").await.unwrap(), 1);
        land(&lake, sep, &[csv], &LandOptions::default()).await.unwrap();
        assert_eq!(lake.snapshot("raw/sep").await.unwrap().unwrap().rows(), 1);
    }
}

#[tokio::test]
async fn a_missing_or_cut_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    build(&lake, PRICES).await.unwrap();
    build(&lake, &PRICES.replace("sqrt(value)", "-value * 1.0")).await.unwrap();
    let file = file_of(&lake, "x").await;
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let bytes = std::fs::read(&file).unwrap();
    for left in [0, 3, 8, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&file, &bytes[..left]).unwrap();
        let error = text(&lake, "select * from x").await.unwrap_err().to_string();
        assert!(
            error.contains(&name) && error.contains("'x'") && error.contains("kairos history x"),
            "{left}: {error}"
        );
        let error = build(&lake, "create or replace table y as select sum(close) as s from x").await.unwrap_err();
        assert!(error.to_string().contains(&name), "{error}");
    }
    std::fs::remove_file(&file).unwrap();
    let error = text(&lake, "select * from x").await.unwrap_err().to_string();
    assert!(error.contains(&name) && error.contains("is gone") && error.contains("at_version('x', n)"), "{error}");
    // What the error says to do helps.
    assert!(text(&lake, "select count(close) from at_version('x', 0)").await.unwrap().contains("20000"));
    build(&lake, PRICES).await.unwrap();
    assert!(text(&lake, "select count(close) from x").await.unwrap().contains("20000"));
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_named_or_changes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    build(&lake, PRICES).await.unwrap();
    let all = "select ticker, n, close from x order by n";
    let right = text(&lake, all).await.unwrap();
    let file = file_of(&lake, "x").await;
    let bytes = std::fs::read(&file).unwrap();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let footer = bytes.len().saturating_sub(4000)..bytes.len();
    let (mut named, flips) = (0, 200);
    for flip in 0..flips {
        // Half of them in the footer, where one bit says where columns are and how many values they have.
        let at = if flip % 2 == 0 { rng.random_range(0..bytes.len()) } else { rng.random_range(footer.clone()) };
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << rng.random_range(0..8);
        std::fs::write(&file, damaged).unwrap();
        match text(&lake, all).await {
            Ok(rows) => assert!(rows == right, "byte {at} of {} flipped: other rows", bytes.len()),
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(".parquet' of dataset 'x'") && error.contains("is damaged"), "{at}: {error}");
                named += 1;
            }
        }
    }
    eprintln!("{named} of {flips} flipped bits were found");
    // All rows of all columns are read: whatever is not found lies in bytes that no query needs.
    assert!(named >= flips * 95 / 100, "{named} of {flips}");
}

#[tokio::test]
async fn checksums_outlive_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    build(&lake, PRICES).await.unwrap();
    for n in 1..101 {
        build(&lake, &PRICES.replace("20000", &format!("{}", 2000 + n))).await.unwrap();
    }
    let file = file_of(&lake, "x").await;
    // Without the entries, only the checkpoint and what follows it is left to read.
    for entry in std::fs::read_dir(folder.path().join("x/_delta_log")).unwrap().map(|entry| entry.unwrap().path()) {
        let version = entry.file_stem().unwrap().to_str().unwrap().parse::<u64>();
        if version.is_ok_and(|version| version < 99) {
            std::fs::remove_file(entry).unwrap();
        }
    }
    let snapshot = lake.snapshot("x").await.unwrap().unwrap();
    assert_eq!((snapshot.version(), snapshot.rows()), (100, 2100));
    assert!(snapshot.files().iter().all(|file| file.checksums.is_some()));
    let older = lake.snapshot_at("x", 99).await.unwrap().unwrap();
    assert!(older.files().iter().all(|file| file.checksums.is_some()), "from the checkpoint itself");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(text(&lake, "select * from x").await.unwrap_err().to_string().contains("checksum"));
}

#[tokio::test]
async fn a_log_entry_from_the_future_is_refused() {
    let future = [
        r#"{"protocol":{"minReaderVersion":99,"minWriterVersion":99}}"#,
        r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timeTravelToTomorrow"],"writerFeatures":["timeTravelToTomorrow"]}}"#,
        r#"{"protocol":{"minReaderVersion":1"#,
    ];
    for entry in future {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path());
        build(&lake, "create or replace table x as select 1 as n").await.unwrap();
        let log = folder.path().join("x/_delta_log/00000000000000000001.json");
        std::fs::write(&log, entry).unwrap();
        let error = text(&lake, "select n from x").await.unwrap_err().to_string();
        assert!(error.contains("'x'") && error.contains("log"), "{entry}: {error}");
        let error = build(&lake, "create or replace table x as select 2 as n").await.unwrap_err().to_string();
        assert!(error.contains("'x'"), "{entry}: {error}");
        assert_eq!(std::fs::read_to_string(&log).unwrap(), entry, "nothing is written over it");
    }
}

#[tokio::test]
async fn vacuum_keeps_by_number_and_by_age() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    for n in 0..6 {
        build(&lake, &format!("create or replace table x as select {n} as n, 'a' as ticker order by ticker"))
            .await
            .unwrap();
    }
    let half = folder.path().join("x/v00000009-abcdef01/part-000-00000.parquet");
    std::fs::create_dir_all(half.parent().unwrap()).unwrap();
    std::fs::write(&half, "a writer's").unwrap();
    std::fs::write(half.with_extension("parquet#1"), "half").unwrap();
    std::fs::write(folder.path().join("x/notes.txt"), "a user's").unwrap();
    let kept = |versions, age| Keep { versions, age };
    let count = async |keep| lake.garbage("x", keep).await.unwrap().unwrap().count();
    assert_eq!(count(kept(1, TimeDelta::days(7))).await, 0, "all is young");
    let now = TimeDelta::seconds(-1);
    assert_eq!(count(kept(100, now)).await, 2, "every version counts; orphans do not");
    assert_eq!(count(kept(4, now)).await, 4);
    let garbage = lake.garbage("x", kept(4, now)).await.unwrap().unwrap();
    assert_eq!((garbage.oldest_kept, garbage.newest), (2, 5));
    lake.remove(garbage).await.unwrap();
    for n in 0..6 {
        let rows = text(&lake, &format!("select n from at_version('x', {n})")).await;
        match n {
            0 | 1 => {
                let error = rows.unwrap_err().to_string();
                assert!(error.contains("kairos vacuum") && error.contains("'x'"), "{error}");
            }
            _ => assert!(rows.unwrap().contains(&format!("| {n} |"))),
        }
    }
    assert!(!half.exists() && !half.parent().unwrap().exists(), "nor its folder");
    assert!(folder.path().join("x/notes.txt").exists(), "what is not ours stays");
    assert_eq!(count(kept(4, now)).await, 0);
    assert_eq!(build(&lake, "create or replace table x as select 9 as n").await.unwrap(), 6);
}

#[tokio::test]
async fn vacuum_keeps_what_two_versions_of_a_raw_dataset_share() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    let sep = RawTable::find("sep").unwrap();
    for (date, close) in [("2023-01-03", 1), ("2024-01-03", 2), ("2024-01-03", 3)] {
        let csv = folder.path().join("sep.csv");
        let rows = format!("A,{date},{close},{close},{close},{close},1,{close}\n");
        std::fs::write(&csv, format!("ticker,date,open,high,low,close,volume,closeadj\n{rows}")).unwrap();
        land(&lake, sep, &[csv], &LandOptions::default()).await.unwrap();
    }
    let garbage = lake.garbage("raw/sep", Keep { versions: 1, age: TimeDelta::seconds(-1) }).await.unwrap().unwrap();
    assert_eq!((garbage.count(), garbage.oldest_kept), (1, 2));
    lake.remove(garbage).await.unwrap();
    let rows = text(&lake, "select close from raw.sep order by date").await.unwrap();
    assert!(rows.contains("| 1.0") && rows.contains("| 3.0") && !rows.contains("| 2.0"), "{rows}");
}

#[test]
fn the_command_says_what_vacuum_would_do() {
    let desk = Desk::new();
    for n in 0..3 {
        desk.ok(&["sql", "-c", &format!("create or replace table x as select {n} as n")]);
    }
    let young = desk.ok(&["vacuum"]);
    assert!(young.contains("0 files") && young.contains("0 to 2"), "{young}");
    let arguments = ["vacuum", "x", "--keep-versions", "1", "--keep-days", "0"];
    let dry = desk.ok(&[&arguments[..], &["--dry-run"]].concat());
    assert!(dry.contains("would remove") && dry.contains("2 files") && dry.contains("2 to 2"), "{dry}");
    assert_eq!(desk.number("select n from at_version('x', 0)"), 0.0);
    assert!(desk.ok(&arguments).contains("2 files"));
    assert_eq!(desk.number("select n from x"), 2.0);
    let message = desk.fails(1, &["sql", "-c", "select n from at_version('x', 0)"]);
    assert!(message.contains("kairos vacuum") && message.contains("version 0"), "{message}");
    assert_eq!(desk.ok(&["history", "x"]).lines().count(), 4, "the history stays");
    desk.fails(1, &["vacuum", "nothing"]);
    let help = desk.run(&["vacuum", "--help"]);
    assert!(help.status.success() && stderr(&help).is_empty());
}
