//! Kills at every call of the storage, and of the real command at any time.
//!
//! For the first, the test runs itself again as a child whose storage kills it (SIGKILL) at the n-th call, for every n:
//! before the call, after it, and for a write in the middle, where a local disk keeps half a file under a name of its
//! own. No time is waited for, so every run of the test kills at the same places.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::TimeDelta;
use kairos::lake::{Keep, Lake};
use rand::Rng;

use super::common::{Desk, soak};
use super::operation::Operation;
use super::storage::{KillAt, Moment};
use super::{PATIENCE, open, prices, text, wait};

/// How the child is told what to do: operation, moment, number of the call, the lake's folder.
const ORDER: &str = "KAIROS_CRASH";
const CHILD: &str = "kills::child";

#[test]
#[ignore = "the child of `a_kill_at_any_call_leaves_a_whole_version`, which runs it"]
fn child() {
    let order = std::env::var(ORDER).expect("run by the test that kills it");
    let [operation, moment, call, folder] = order.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let operation = Operation::ALL.into_iter().find(|known| format!("{known:?}") == operation).unwrap();
    let moment = Moment::ALL.into_iter().find(|known| format!("{known:?}") == moment).unwrap();
    let store = Arc::new(KillAt::new(call.parse().unwrap(), moment));
    let lake = Lake::on(folder, store.clone()).unwrap();
    runtime().block_on(operation.run(&lake));
    std::fs::write(PathBuf::from(folder).join("_calls"), store.calls().join(" ")).unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs the operation in a child that dies at the call. Whether it did; a child with another order of calls may end well.
fn killed(operation: Operation, moment: Moment, call: usize, lake: &Path) -> bool {
    let order = format!("{operation:?} {moment:?} {call} {}", lake.display());
    let said = lake.join("_said");
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([CHILD, "--exact", "--ignored", "--nocapture"]).env(ORDER, &order);
    child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&said).unwrap());
    let status = wait(&mut child.spawn().unwrap(), &order);
    let killed = status.signal() == Some(9);
    assert!(killed || status.success(), "{order}: {}", std::fs::read_to_string(said).unwrap());
    killed
}

/// An operation, the lake before it, and what readers see before and after it.
struct Scene {
    operation: Operation,
    before: tempfile::TempDir,
    old: String,
    new: String,
}

impl Scene {
    /// The scene, and the calls that the operation makes of its storage.
    fn set(operation: Operation) -> (Self, Vec<String>) {
        let (before, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        runtime().block_on(operation.prepare(&open(before.path())));
        copy(before.path(), whole.path());
        assert!(!killed(operation, Moment::Before, usize::MAX, whole.path()), "nothing kills it at no call");
        let calls = std::fs::read_to_string(whole.path().join("_calls")).unwrap();
        let contents = |folder: &tempfile::TempDir| runtime().block_on(operation.contents(&open(folder.path())));
        let (old, new) = (contents(&before), contents(&whole));
        assert_ne!(old, new);
        (Self { operation, before, old, new }, calls.split(' ').map(str::to_owned).collect())
    }

    /// Kills the operation at a call, reads, runs it again, reads and vacuums. Whether it was killed, and whether the
    /// new version was there.
    fn play(&self, moment: Moment, call: usize, name: &str) -> (bool, bool) {
        let folder = tempfile::tempdir().unwrap();
        copy(self.before.path(), folder.path());
        let killed = killed(self.operation, moment, call, folder.path());
        let place = format!("{:?} killed {moment:?} call {call} ({name})", self.operation);
        let committed = runtime().block_on(self.check(&open(folder.path()), &place));
        (killed, committed)
    }

    async fn check(&self, lake: &Lake, place: &str) -> bool {
        let (operation, old, new) = (self.operation, &self.old, &self.new);
        for name in lake.folders().await.unwrap() {
            let version = lake.snapshot(&name).await.unwrap_or_else(|error| panic!("{place}: {error}"));
            let may_be_absent = name == operation.dataset() && old == "no version";
            assert!(version.is_some() || may_be_absent, "{place}: '{name}' has no version");
        }
        let left = operation.contents(lake).await;
        assert!(left == *old || left == *new, "{place} left\n{left}\nwhich is neither\n{old}\nnor\n{new}");
        operation.run(lake).await;
        assert_eq!(operation.contents(lake).await, *new, "{place}, then run again");
        assert_only_the_newest_stays(lake, operation.dataset(), place).await;
        assert_eq!(operation.contents(lake).await, *new, "{place}, then vacuumed");
        left == *new
    }
}

/// Vacuum clears away all that the crash and older versions left, and nothing else.
async fn assert_only_the_newest_stays(lake: &Lake, dataset: &str, place: &str) {
    let keep = Keep { versions: 1, age: TimeDelta::milliseconds(-1000) };
    let garbage = lake.garbage(dataset, keep).await.unwrap().unwrap();
    lake.remove(garbage).await.unwrap();
    let snapshot = lake.snapshot(dataset).await.unwrap().unwrap();
    let folder = lake.url().to_file_path().unwrap().join(dataset);
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

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.path() {
            folder if folder.is_dir() => copy(&folder, &to.join(entry.file_name())),
            file => drop(std::fs::copy(file, to.join(entry.file_name())).unwrap()),
        }
    }
}

/// The calls at which to kill, with their numbers: all, but of the many that read a long log one after the other only
/// the first and the last.
fn places(calls: &[String]) -> Vec<(usize, &str)> {
    let numbered: Vec<(usize, &str)> = calls.iter().enumerate().map(|(at, name)| (at + 1, name.as_str())).collect();
    let runs = numbered.chunk_by(|a, b| a.1 == "get" && b.1 == "get");
    let ends = runs.flat_map(|run| match run {
        [first, .., last] if run.len() > 20 => vec![*first, *last],
        run => run.to_vec(),
    });
    ends.collect()
}

/// Kills the operation at every call and returns how often. Two cases at a time, since most of each is waiting.
fn kill_everywhere(operation: Operation) -> usize {
    let started = Instant::now();
    let (scene, calls) = Scene::set(operation);
    let cases = places(&calls).into_iter().flat_map(|(call, name)| {
        let moments = Moment::ALL.into_iter().filter(move |moment| moment.applies_to(name));
        moments.map(move |moment| (moment, call, name))
    });
    let cases: Vec<(Moment, usize, &str)> = cases.collect();
    let (next, seen) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(&(moment, call, name)) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let result = scene.play(moment, call, name);
                    seen.lock().unwrap().push(result);
                }
            });
        }
    });
    let seen = seen.into_inner().unwrap();
    let (kills, new) = (seen.iter().filter(|(killed, _)| *killed).count(), seen.iter().filter(|(_, new)| *new).count());
    let (calls, cases, seconds) = (calls.len(), cases.len(), started.elapsed().as_secs_f64());
    eprintln!("{operation:?}: {kills} kills at {calls} calls; {new} of {cases} left the new version; {seconds:.1} s");
    assert!(new > 0 && new < seen.len(), "kills before and after the commit");
    kills
}

#[test]
fn a_kill_at_any_call_leaves_a_whole_version() {
    let started = Instant::now();
    let kills: usize = Operation::ALL.into_iter().map(kill_everywhere).sum();
    eprintln!("{kills} kills at calls of the storage in {:.1} s", started.elapsed().as_secs_f64());
    assert!(kills >= 200, "{kills} kills");
}

/// Kills `kairos` at random times, `often` times; `round` gives the command of the n-th round and `check` looks at what
/// it left. Returns the last round, which is not killed.
fn kill_at_random(
    desk: &Desk,
    often: usize,
    round: impl Fn(usize) -> Vec<String>,
    mut check: impl FnMut(usize, &Lake),
) -> usize {
    let command = |n: usize| desk.command(&round(n).iter().map(String::as_str).collect::<Vec<_>>());
    let started = Instant::now();
    assert!(command(0).output().unwrap().status.success());
    let whole = started.elapsed();
    let patience = soak(PATIENCE, 40 * PATIENCE);
    let (mut kills, mut n) = (0, 0);
    while kills < often {
        assert!(started.elapsed() < patience, "only {kills} of {often} kills in {n} rounds");
        n += 1;
        let mut child = command(n).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(rand::rng().random()));
        // No error if it is over.
        child.kill().unwrap();
        let status = wait(&mut child, "kairos");
        assert!(status.signal() == Some(9) || status.success(), "round {n}: {status}");
        kills += usize::from(status.signal() == Some(9));
        check(n, &open(&desk.lake()));
    }
    let output = command(n + 1).output().unwrap();
    assert!(output.status.success(), "after {kills} kills: {}", String::from_utf8_lossy(&output.stderr));
    check(n + 1, &open(&desk.lake()));
    eprintln!("{kills} kills of `kairos` in {n} rounds, {:.1} s", started.elapsed().as_secs_f64());
    n + 1
}

/// The numbers in the only row of a query's result.
fn numbers(lake: &Lake, sql: &str) -> Vec<f64> {
    let seen = runtime().block_on(text(lake, sql));
    seen.split('|').filter_map(|cell| cell.trim().parse().ok()).collect()
}

#[test]
fn a_build_may_be_killed_at_any_time() {
    let desk = Desk::new();
    let build = |n: usize| {
        let sql = format!(
            "create or replace table x as select 'T' || cast(value % 50 as varchar) as ticker, {n} as n, value as v \
             from generate_series(1, 20000) order by ticker, v"
        );
        ["sql", "-c", &sql].map(str::to_owned).to_vec()
    };
    let mut newest = 0.0;
    let last = kill_at_random(&desk, soak(50, 1000), build, |n, lake| {
        let seen = numbers(lake, "select count(*), min(n), max(n), sum(v) from x");
        assert!(seen[1] == newest || seen[1] == n as f64, "round {n} after {newest}: {seen:?}");
        newest = seen[1];
        assert_eq!(seen, [20_000.0, newest, newest, 200_010_000.0]);
    });
    assert_eq!(newest, last as f64);
}

#[test]
fn a_landing_may_be_killed_at_any_time() {
    let desk = Desk::new();
    let land = |n: usize| {
        let ticker = format!("T{n}");
        desk.write("sep.csv", &prices(&[(&ticker, "2023-01-03", 3), (&ticker, "2024-01-03", 4)]));
        ["land", "sep", "sep.csv"].map(str::to_owned).to_vec()
    };
    let mut landed = 1.0;
    let last = kill_at_random(&desk, soak(50, 1000), land, |n, lake| {
        let seen = numbers(lake, "select count(*), count(distinct ticker), sum(close) from raw.sep");
        // All rows of this landing, or none, and nothing of another is lost.
        let tickers = seen[1];
        assert!(tickers == landed || tickers == landed + 1.0, "round {n} after {landed}: {seen:?}");
        assert_eq!(seen, [2.0 * tickers, tickers, 7.0 * tickers]);
        landed = tickers;
    });
    let last = format!("select count(*) from raw.sep where ticker = 'T{last}'");
    assert_eq!(numbers(&open(&desk.lake()), &last), [2.0]);
}
