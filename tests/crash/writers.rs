//! Several writers and readers of one dataset at a time.

use std::sync::Arc;
use std::time::Duration;

use kairos::engine::{EngineError, Outcome};
use kairos::lake::{CommitRecord, Keep, Lake, LakeError};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::common::servers::{BUCKET, Server};
use super::common::soak;
use super::{PATIENCE, build, engine, land_prices, open, text};

/// Waits for all tasks; the first that fails ends the test, whatever the others wait for.
async fn all<T: 'static>(mut tasks: JoinSet<T>) -> Vec<T> {
    let mut done = Vec::new();
    let patience = soak(3 * PATIENCE, 40 * PATIENCE);
    while let Some(task) = timeout(patience, tasks.join_next()).await.expect("the writers hang") {
        done.push(task.unwrap());
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn landings_at_the_same_time_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    landings_at_the_same_time(|| open(folder.path()), soak((8, 50), (32, 500))).await;
}

/// Not as often as on a disk: the server walks over all of a bucket whenever it lists a part of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn landings_in_a_bucket_at_the_same_time_lose_nothing() {
    let Some(server) = Server::moto() else { return };
    let connect = server.store();
    // Each writer has a lake of its own, and with it a connection of its own.
    let open = || Lake::on(&format!("s3://{BUCKET}/race"), Arc::new(connect())).unwrap();
    landings_at_the_same_time(open, soak((8, 50), (32, 50))).await;
}

/// So many writers land so often each into one table, in a lake that each opens for itself.
async fn landings_at_the_same_time(open: impl Fn() -> Lake, (writers_count, commits): (u64, u64)) {
    let all_commits = writers_count * commits;
    let mut writers = JoinSet::new();
    for writer in 0..writers_count {
        let lake = open();
        writers.spawn(async move {
            for n in 0..commits {
                land_prices(&lake, &[(&format!("W{writer}N{n}"), "2024-01-03", n)]).await;
            }
        });
    }
    let reading = tokio::spawn(read_until(open(), all_commits));
    all(writers).await;
    let reads =
        timeout(Duration::from_secs(60), reading).await.expect("versions are missing: the reader waits for them");
    eprintln!("{} reads meanwhile", reads.unwrap());
    let lake = open();
    let rows =
        text(&lake, "select count(*) as n, count(distinct ticker) as tickers, sum(close) as sum from raw.sep").await;
    let sum = writers_count * (commits * (commits - 1) / 2);
    let words: Vec<&str> = rows.split(['|', ' ', '\n']).filter(|word| !word.is_empty()).collect();
    assert!(words.contains(&format!("{sum}.0").as_str()), "{rows}");
    assert_eq!(words.iter().filter(|word| **word == all_commits.to_string()).count(), 2, "{rows}");
    let snapshot = lake.snapshot("raw/sep").await.unwrap().unwrap();
    let history = lake.history(&snapshot).await.unwrap();
    let rows: Vec<u64> = history.iter().map(|entry| entry.record.as_ref().unwrap().rows).collect();
    assert_eq!(rows, (1..=all_commits).rev().collect::<Vec<_>>(), "one version per landing, one row each");
}

/// Reads until there is a version with this many rows: every version that a reader meets has one key more than the one
/// before it, in the log and in the files. Returns how many it met.
async fn read_until(lake: Lake, all_commits: u64) -> u64 {
    let (mut seen, mut reads) = (0, 0);
    while seen < all_commits {
        if let Some(snapshot) = lake.snapshot("raw/sep").await.unwrap() {
            let version = snapshot.version();
            assert_eq!(snapshot.rows(), version + 1);
            assert!(snapshot.rows() >= seen, "version {version} after {seen} rows");
            seen = snapshot.rows();
            let sql =
                format!("select count(distinct ticker) as n from at_version('raw.sep', {version}) where close >= 0");
            assert!(text(&lake, &sql).await.contains(&format!("| {seen} ")), "version {version}");
            reads += 1;
        }
        sleep(Duration::from_millis(50)).await;
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_builds_at_a_time_one_wins_each_version_and_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let lake = open(folder.path());
        writers.spawn(async move {
            let (mut won, mut lost) = (Vec::new(), 0);
            while won.len() < 10 {
                match build(&lake, &format!("create or replace table x as select {writer} as n")).await {
                    Ok(version) => won.push((version, writer)),
                    Err(EngineError::Lake(error @ LakeError::Conflict { .. })) => {
                        assert!(error.to_string().contains("run the command again"), "{error}");
                        lost += 1;
                        assert!(lost < 10_000, "writer {writer} never wins");
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            (won, lost)
        });
    }
    let (mut won, mut lost) = (Vec::new(), 0);
    for (of_writer, conflicts) in all(writers).await {
        won.extend(of_writer);
        lost += conflicts;
    }
    won.sort();
    assert_eq!(won.iter().map(|(version, _)| *version).collect::<Vec<u64>>(), (0..40).collect::<Vec<u64>>());
    assert!(lost > 0, "four writers at once should have met");
    // Each version is the one of the writer who was told so.
    let lake = open(folder.path());
    for (version, writer) in won {
        let rows = text(&lake, &format!("select n from at_version('x', {version})")).await;
        assert!(rows.contains(&format!("| {writer} |")), "version {version}: {rows}");
    }
}

/// A plan made before a commit reads the version it was made for, whole, while newer ones are committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_keeps_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    build(&lake, "create or replace table x as select value as n from generate_series(1, 50000)").await.unwrap();
    let reader = engine(&lake);
    let planned = reader.plan(reader.parse("select count(n), sum(n) from x").unwrap().pop().unwrap()).await.unwrap();
    for n in 1..4 {
        build(&lake, &format!("create or replace table x as select {n} as n")).await.unwrap();
        // As young as it is, nothing of it may go, however few versions are to be kept.
        let keep = Keep { versions: 1, age: chrono::TimeDelta::hours(1) };
        let garbage = lake.garbage("x", keep).await.unwrap().unwrap();
        assert_eq!((garbage.count(), garbage.oldest_kept), (0, 0));
        lake.remove(garbage).await.unwrap();
    }
    let Outcome::Rows(rows) = reader.run(planned, CommitRecord::default()).await.unwrap() else { panic!("rows") };
    let batches: Vec<_> = futures::TryStreamExt::try_collect(rows).await.unwrap();
    let seen = datafusion::arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
    assert!(seen.contains("| 50000 ") && seen.contains("| 1250025000 "), "{seen}");
    assert!(text(&lake, "select n from x").await.contains("| 3 |"));
}
