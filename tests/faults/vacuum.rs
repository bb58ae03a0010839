//! Vacuum: what it keeps, what it takes, what it says.

use chrono::TimeDelta;
use kairos::lake::Keep;

use super::common::{Desk, stderr};
use super::{build, land_prices, open, text};

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

/// A version is old once its successor is, not itself: it was the newest until then.
#[tokio::test]
async fn vacuum_keeps_what_was_the_newest_version_lately() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    for n in 0..6 {
        build(&lake, &format!("create or replace table x as select {n} as n")).await.unwrap();
    }
    // Versions 0 to 3 were made ten days ago, 4 and 5 are of today.
    let ten_days = std::time::Duration::from_secs(10 * 86_400);
    for version in 0..4 {
        let snapshot = lake.snapshot_at("x", version).await.unwrap().unwrap();
        let data = folder.path().join("x").join(&snapshot.files()[0].path);
        let data = std::fs::File::options().append(true).open(data).unwrap();
        data.set_modified(std::time::SystemTime::now() - ten_days).unwrap();
        let entry = folder.path().join(format!("x/_delta_log/{version:020}.json"));
        let lines = std::fs::read_to_string(&entry).unwrap();
        let older = lines.lines().map(|line| {
            let mut action: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(info) = action.get_mut("commitInfo") {
                info["timestamp"] = (info["timestamp"].as_i64().unwrap() - ten_days.as_millis() as i64).into();
            }
            format!("{action}\n")
        });
        std::fs::write(&entry, older.collect::<String>()).unwrap();
    }
    let garbage = lake.garbage("x", Keep { versions: 1, age: TimeDelta::days(7) }).await.unwrap().unwrap();
    assert_eq!((garbage.count(), garbage.oldest_kept, garbage.newest), (3, 3, 5));
    lake.remove(garbage).await.unwrap();
    for n in 0..6 {
        let rows = text(&lake, &format!("select n from at_version('x', {n})")).await;
        assert_eq!(rows.is_ok_and(|rows| rows.contains(&format!("| {n} |"))), n >= 3, "version {n}");
    }
}

/// Without a log nobody can tell an orphan from data whose log was lost.
#[tokio::test]
async fn vacuum_leaves_a_folder_without_a_log_alone() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    build(&lake, "create or replace table x as select 1 as n").await.unwrap();
    let log = folder.path().join("x/_delta_log");
    let saved = folder.path().join("saved");
    std::fs::rename(&log, &saved).unwrap();
    assert!(lake.garbage("x", Keep { versions: 1, age: TimeDelta::seconds(-1) }).await.unwrap().is_none());
    std::fs::rename(&saved, &log).unwrap();
    assert!(text(&lake, "select n from x").await.unwrap().contains("| 1 |"));
}

#[tokio::test]
async fn vacuum_keeps_what_two_versions_of_a_raw_dataset_share() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    for (date, close) in [("2023-01-03", 1), ("2024-01-03", 2), ("2024-01-03", 3)] {
        land_prices(folder.path(), &lake, &[("A", date, close)]).await;
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
