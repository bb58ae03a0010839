//! What is left when a writer is killed at any call of its storage, and what many writers make of one dataset.
//!
//! The test runs itself again as a child whose storage kills it (SIGKILL) at the n-th call, for every n: before the call,
//! after it, and for writes in the middle, where a local disk keeps half a file under a name of its own.
#![cfg(unix)]

mod storage;

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::TimeDelta;
use kairos::engine::{Engine, EngineError, Outcome, Resources};
use kairos::lake::{CommitRecord, Keep, Lake, LakeError};
use kairos::raw::{LandOptions, RawTable, land};
use storage::{KillAt, Moment};

/// How the child is told what to do: operation, moment, number of the call, the lake's folder.
const ORDER: &str = "KAIROS_CRASH";

#[derive(Debug, Clone, Copy)]
enum Operation {
    /// A derived dataset of several files from another one.
    Build,
    /// A derived dataset whose file is uploaded in parts.
    BuildLarge,
    /// The build of version 99, after which the log is summed up.
    BuildHundredth,
    /// A landing that rewrites one year, leaves one and adds one.
    Land,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Build, Self::BuildLarge, Self::BuildHundredth, Self::Land];

    fn dataset(self) -> &'static str {
        match self {
            Self::Land => "raw.sep",
            _ => "x",
        }
    }

    async fn prepare(self, lake: &Lake) {
        match self {
            Self::Land => {
                land_text(lake, "ticker,date,close,lastupdated\nA,2023-01-03,1,2023-01-03\nA,2024-01-03,2,2024-01-03\n")
                    .await
            }
            Self::Build => {
                build(lake, "create or replace table base as select 'T' || lpad(cast(value / 1000 as varchar), 4, '0') as ticker, \
                    value as n from generate_series(0, 599999) order by ticker, n").await.unwrap();
                build(lake, "create or replace table x as select ticker, n from base order by ticker, n")
                    .await
                    .unwrap();
            }
            Self::BuildLarge => {
                build(lake, "create or replace table x as select 1 as n, 0.5 as a, 0.25 as b").await.unwrap();
            }
            Self::BuildHundredth => {
                for n in 0..99 {
                    build(lake, &format!("create or replace table x as select {n} as n")).await.unwrap();
                }
            }
        }
    }

    async fn run(self, lake: &Lake) {
        match self {
            Self::Land => {
                land_text(lake, "ticker,date,close,lastupdated\nB,2024-01-03,7,2024-01-03\nB,2025-01-03,8,2025-01-03\n")
                    .await
            }
            Self::Build => {
                build(lake, "create or replace table x as select ticker, -n as n from base order by ticker, n")
                    .await
                    .unwrap();
            }
            Self::BuildLarge => {
                build(
                    lake,
                    "create or replace table x as select value as n, sin(value) as a, cos(value) as b \
                    from generate_series(1, 800000)",
                )
                .await
                .unwrap();
            }
            Self::BuildHundredth => {
                build(lake, "create or replace table x as select 1000 as n").await.unwrap();
            }
        }
    }

    /// All rows of the dataset, or what stands for them if they are many.
    async fn contents(self, lake: &Lake) -> String {
        let sql = match self {
            Self::Land => "select ticker, date, close from raw.sep order by ticker, date",
            Self::Build => "select count(*), count(distinct ticker), sum(n), sum(n * n), count(distinct n) from x",
            Self::BuildLarge => "select count(n), sum(n), min(a), max(a), sum(a), sum(b) from x",
            Self::BuildHundredth => "select n from x",
        };
        let engine = engine(lake);
        let rows = engine.query(sql).await.unwrap_or_else(|e| panic!("{self:?}: {e}"));
        datafusion::arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string()
    }
}

fn engine(lake: &Lake) -> Engine {
    Engine::new(lake.clone(), &Resources { threads: Some(2), memory_limit: None }).unwrap()
}

async fn build(lake: &Lake, sql: &str) -> Result<u64, EngineError> {
    let engine = engine(lake);
    let planned = engine.plan(engine.parse(sql)?.pop().unwrap()).await?;
    match engine.run(planned, CommitRecord::default()).await? {
        Outcome::Built(built) => Ok(built.version),
        Outcome::Rows(_) => panic!("expected a commit"),
    }
}

async fn land_text(lake: &Lake, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sep.csv");
    let full = text.lines().map(|line| match line.strip_prefix("ticker,") {
        Some(_) => "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n".to_owned(),
        None => {
            let [ticker, date, close, updated] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
            format!("{ticker},{date},{close},{close},{close},{close},100,{close},{close},{updated}\n")
        }
    });
    std::fs::write(&file, full.collect::<String>()).unwrap();
    let options = LandOptions { threads: 2, ..LandOptions::default() };
    land(lake, RawTable::find("sep").unwrap(), &[file], &options).await.unwrap();
}

fn open(folder: &Path) -> Lake {
    Lake::open(folder.to_str().unwrap()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.path() {
            folder if folder.is_dir() => copy(&folder, &to.join(entry.file_name())),
            file => drop(std::fs::copy(file, to.join(entry.file_name())).unwrap()),
        }
    }
}

/// Runs the operation in a child that dies at the call. Whether it did; a child with another order of calls may end well.
fn killed(operation: Operation, moment: Moment, call: usize, lake: &Path) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["child", "--exact", "--ignored", "--nocapture"]);
    child.env(ORDER, format!("{operation:?} {moment:?} {call} {}", lake.display()));
    let output = child.output().unwrap();
    let signal = output.status.signal();
    assert!(
        signal == Some(9) || output.status.success(),
        "{operation:?} {moment:?} {call}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    signal == Some(9)
}

#[test]
#[ignore = "the child of `a_kill_at_any_call_leaves_a_whole_version`, which runs it"]
fn child() {
    let order = std::env::var(ORDER).expect("run by the test that kills it");
    let [operation, moment, call, folder] = order.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let operation = Operation::ALL.into_iter().find(|known| format!("{known:?}") == operation).unwrap();
    let moment = Moment::ALL.into_iter().find(|known| format!("{known:?}") == moment).unwrap();
    let store = Arc::new(KillAt::new(call.parse().unwrap(), moment));
    let lake = Lake::on(folder, store.clone()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(operation.run(&lake));
    std::fs::write(PathBuf::from(folder).join("_calls"), store.calls().join(" ")).unwrap();
}

/// Kills the operation at every call and returns how often.
async fn kill_everywhere(operation: Operation) -> usize {
    let scratch = tempfile::tempdir().unwrap();
    let (before, whole) = (scratch.path().join("before"), scratch.path().join("whole"));
    std::fs::create_dir(&before).unwrap();
    operation.prepare(&open(&before)).await;
    copy(&before, &whole);
    assert!(!killed(operation, Moment::Before, usize::MAX, &whole), "nothing kills it at no call");
    let calls = std::fs::read_to_string(whole.join("_calls")).unwrap();
    let (old, new) = (operation.contents(&open(&before)).await, operation.contents(&open(&whole)).await);
    assert_ne!(old, new);
    let (mut kills, mut saw) = (0, [0, 0]);
    for (at, call) in calls.split(' ').enumerate() {
        for moment in Moment::ALL.into_iter().filter(|moment| moment.applies_to(call)) {
            let folder = scratch.path().join("case");
            copy(&before, &folder);
            kills += usize::from(killed(operation, moment, at + 1, &folder));
            let place = format!("{operation:?} killed {moment:?} call {at} ({call})");
            let lake = open(&folder);
            for name in lake.folders().await.unwrap() {
                assert!(lake.snapshot(&name).await.unwrap().is_some(), "{place}: '{name}' has no version");
            }
            let left = operation.contents(&lake).await;
            assert!(left == old || left == new, "{place} left\n{left}\nwhich is neither\n{old}\nnor\n{new}");
            saw[usize::from(left == new)] += 1;
            operation.run(&lake).await;
            assert_eq!(operation.contents(&lake).await, new, "{place}, then run again");
            assert_only_the_newest_stays(&lake, operation.dataset(), &place).await;
            assert_eq!(operation.contents(&lake).await, new, "{place}, then vacuumed");
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
    assert!(saw[0] > 0 && saw[1] > 0, "kills before and after the commit: {saw:?}");
    eprintln!(
        "{operation:?}: {kills} kills at {} calls; {} left the old version, {} the new",
        calls.split(' ').count(),
        saw[0],
        saw[1]
    );
    kills
}

/// Vacuum clears away all that the crash and older versions left.
async fn assert_only_the_newest_stays(lake: &Lake, dataset: &str, place: &str) {
    let dataset = dataset.replace('.', "/");
    let keep = Keep { versions: 1, age: TimeDelta::milliseconds(-1000) };
    let garbage = lake.garbage(&dataset, keep).await.unwrap().unwrap();
    lake.remove(garbage).await.unwrap();
    let snapshot = lake.snapshot(&dataset).await.unwrap().unwrap();
    let folder = lake.url().to_file_path().unwrap().join(&dataset);
    let mut files = data_files(&folder);
    files.sort();
    let named: Vec<PathBuf> = snapshot.files().iter().map(|file| folder.join(&file.path)).collect();
    assert_eq!(files, named, "{place}");
}

fn data_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| !path.ends_with("_delta_log")).flat_map(|path| match path.is_dir() {
        true => data_files(&path),
        false => vec![path],
    });
    files.collect()
}

#[tokio::test]
async fn a_kill_at_any_call_leaves_a_whole_version() {
    let mut kills = 0;
    for operation in Operation::ALL {
        kills += kill_everywhere(operation).await;
    }
    eprintln!("{kills} kills");
    assert!(kills >= 200, "{kills} kills");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_landings_at_a_time_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let lake = open(folder.path());
        writers.spawn(async move {
            for n in 0..25 {
                land_text(&lake, &format!("ticker,date\nW{writer}N{n},2024-01-03,{n},2024-01-03\n")).await;
            }
        });
    }
    // Meanwhile every version that a reader meets has one key more than the one before it.
    let reading = tokio::spawn(async move {
        let mut seen = 0_u64;
        loop {
            if let Some(snapshot) = lake.snapshot("raw/sep").await.unwrap() {
                assert_eq!(snapshot.rows(), snapshot.version() + 1);
                assert!(snapshot.version() >= seen);
                seen = snapshot.version();
                if seen == 199 {
                    return lake;
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let lake = reading.await.unwrap();
    let rows = engine(&lake).query("select count(distinct ticker) as n from raw.sep where close >= 0").await.unwrap();
    let text = datafusion::arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string();
    assert!(text.contains("| 200 |"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_builds_at_a_time_one_wins_each_version_and_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let lake = open(folder.path());
        writers.spawn(async move {
            let (mut won, mut lost) = (Vec::new(), 0);
            while won.len() < 10 {
                match build(&lake, &format!("create or replace table x as select {writer} as n")).await {
                    Ok(version) => won.push(version),
                    Err(EngineError::Lake(error @ LakeError::Conflict { .. })) => {
                        assert!(error.to_string().contains("run the command again"), "{error}");
                        lost += 1;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            (won, lost)
        });
    }
    let (mut versions, mut lost) = (Vec::new(), 0);
    while let Some(done) = writers.join_next().await {
        let (won, of_writer) = done.unwrap();
        versions.extend(won);
        lost += of_writer;
    }
    versions.sort();
    assert_eq!(versions, (0..40).collect::<Vec<u64>>());
    assert!(lost > 0, "four writers at once should have met");
}
