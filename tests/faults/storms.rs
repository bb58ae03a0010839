//! Storage that fails at random: nothing is committed twice, nothing is lost, and no reader sees other rows.
//!
//! The seed is printed; `KAIROS_SEED=n cargo test --release --test faults storms` replays one storm.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kairos::lake::Lake;
use kairos::raw::{LandOptions, RawTable, land};

use super::common::soak;
use super::storage::flaky::Flaky;
use super::{build, open, text};

fn seeds(usual: u64, soaking: u64) -> std::ops::Range<u64> {
    match std::env::var("KAIROS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..soak(usual, soaking),
    }
}

fn flaky(folder: &Path, seed: u64) -> (Lake, Arc<Flaky>) {
    let store = Arc::new(Flaky::new(folder, seed, 0.06));
    (Lake::on(folder.to_str().unwrap(), store.clone()).unwrap(), store)
}

/// A file with one good row and one bad one.
fn file(folder: &Path, n: usize) -> PathBuf {
    let path = folder.join(format!("{n}.csv"));
    let header = "ticker,date,open,high,low,close,volume,closeadj";
    std::fs::write(&path, format!("{header}\nT{n},2024-01-02,1,1,1,{n},1,1\nBAD{n},2024-01-02,1,1,1,x,1,1\n")).unwrap();
    path
}

/// Three landings and three builds, each tried until it says that it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_lose_and_double_nothing() {
    let mut faults = 0;
    for seed in seeds(300, 10_000) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lake");
        let (lake, store) = flaky(&root, seed);
        let calm = open(&root);
        let options = LandOptions { quarantine: true, threads: 1, ..LandOptions::default() };
        let mut builds = 0;
        for n in 0..3 {
            let file = file(folder.path(), n);
            let mut landed = Err(String::new());
            for _ in 0..200 {
                let result = land(&lake, RawTable::find("sep").unwrap(), std::slice::from_ref(&file), &options).await;
                landed = result.map(drop).map_err(|error| error.to_string());
                // Whatever was said, the lake is whole: the rows of the files so far, this one's if it came so far.
                let rows =
                    text(&calm, "select count(*) as n, count(distinct ticker) as d, sum(close) as s from raw.sep")
                        .await;
                let sum = |upto: usize| (0..upto).sum::<usize>();
                let is = |upto: usize| format!("| {upto} | {upto} | {}.0 |", sum(upto));
                if let Ok(rows) = rows {
                    assert!(rows.contains(&is(n)) || rows.contains(&is(n + 1)), "seed {seed}, landing {n}: {rows}");
                }
                if landed.is_ok() {
                    break;
                }
            }
            assert_eq!(landed, Ok(()), "seed {seed}: landing {n} never ends");
            let sql = format!("create or replace table x as select {n} as n, count(*) as rows from raw.sep");
            for _ in 0..200 {
                builds += 1;
                if build(&lake, &sql).await.is_ok() {
                    break;
                }
            }
            let rows = text(&calm, "select n, rows from x").await.unwrap();
            assert!(rows.contains(&format!("| {n} | {}    |", n + 1)), "seed {seed}, build {n}: {rows}");
        }
        let versions = calm.snapshot("raw/sep").await.unwrap().unwrap().version();
        assert_eq!(versions, 2, "seed {seed}: one version per file");
        assert!(
            calm.snapshot("x").await.unwrap().unwrap().version() < builds,
            "seed {seed}: more versions than builds"
        );
        // A bad row is set aside at least once, and with every attempt at most once.
        let rows = text(&calm, "select count(distinct record) as n from raw._rejected").await.unwrap();
        assert!(rows.contains("| 3 |"), "seed {seed}: {rows}");
        faults += store.faults();
    }
    println!("{faults} faults");
}

/// Rows that only grow are not appended twice when the answer to a commit is lost.
#[tokio::test]
async fn a_lost_answer_does_not_append_twice() {
    for seed in seeds(100, 2000) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lake");
        let (lake, _) = flaky(&root, seed);
        let options = LandOptions { quarantine: true, threads: 1, ..LandOptions::default() };
        let file = file(folder.path(), 1);
        let done = land(&lake, RawTable::find("sep").unwrap(), &[file], &options).await;
        if let Ok(rows) = text(&open(&root), "select count(*) as n from raw._rejected").await {
            assert!(rows.contains("| 1 |"), "seed {seed}: {rows}");
        } else {
            assert!(done.is_err(), "seed {seed}");
        }
    }
}

/// Every version that is kept reads the same for ever: through other versions, checkpoints of the log and vacuum.
#[tokio::test]
async fn every_version_reads_the_same_for_ever() {
    use chrono::TimeDelta;
    use kairos::lake::Keep;

    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    // A checkpoint of the log is written every ten.
    let count = soak(110, 1000);
    let mut known = Vec::new();
    for n in 0..count {
        let sql = format!(
            "create or replace table x as select 'T' || cast(value % 7 as varchar) as ticker, value * {n} as n,
             sin(value + {n}) as s from generate_series(1, {}) order by ticker, n",
            20 + n % 13
        );
        assert_eq!(build(&lake, &sql).await.unwrap(), n);
        known.push(text(&lake, &format!("select * from at_version('x', {n}) order by ticker, n")).await.unwrap());
    }
    let same = async |from: u64| {
        for n in from..count {
            let rows = text(&lake, &format!("select * from at_version('x', {n}) order by ticker, n")).await.unwrap();
            assert_eq!(rows, known[n as usize], "version {n}");
        }
    };
    same(0).await;
    assert!(
        folder
            .path()
            .join("x/_delta_log")
            .read_dir()
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().contains("checkpoint") })
    );
    let keep = Keep { versions: count / 2, age: TimeDelta::seconds(-1) };
    lake.remove(lake.garbage("x", keep).await.unwrap().unwrap()).await.unwrap();
    same(count - count / 2).await;
    let gone = text(&lake, "select * from at_version('x', 0)").await.unwrap_err().to_string();
    assert!(gone.contains("kairos vacuum"), "{gone}");
}
