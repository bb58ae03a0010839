//! Logs that are cut, changed, or from the future.

use std::path::{Path, PathBuf};

use kairos::lake::Lake;
use rand::{Rng, SeedableRng};

use super::common::soak;
use super::{build, land_prices, open, text};

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

/// What readers make of the prices: all rows, and what the log alone can answer or rule out.
async fn seen(lake: &Lake) -> Result<String, String> {
    let mut all = String::new();
    for sql in [
        "select ticker, date, close from raw.sep order by ticker, date",
        "select count(*), min(date), max(date), max(close) from raw.sep",
        "select ticker, close from raw.sep where date >= date '2024-06-01' and close > 2 order by ticker",
        "select ticker, count(*) from raw.sep group by ticker order by ticker",
    ] {
        all += &text(lake, sql).await.map_err(|error| error.to_string())?;
    }
    Ok(all)
}

/// A lake of two landings, of which the second replaces a year, adds one and leaves one, and what readers see of each.
async fn two_landings(folder: &Path) -> (Lake, [String; 2]) {
    let lake = open(folder);
    land_prices(folder, &lake, &[("A", "2022-01-03", 1), ("A", "2023-01-03", 2), ("B", "2023-12-29", 3)]).await;
    let first = seen(&lake).await.unwrap();
    land_prices(folder, &lake, &[("A", "2023-01-04", 4), ("C", "2024-07-01", 5)]).await;
    let second = seen(&lake).await.unwrap();
    (lake, [first, second])
}

fn entry(folder: &Path, version: u64) -> PathBuf {
    folder.join(format!("raw/sep/_delta_log/{version:020}.json"))
}

/// Reads after damage: an error that names the dataset, or one of the versions in full. Whether it was an error.
async fn is_named(lake: &Lake, whole: &[String], what: &str) -> bool {
    match seen(lake).await {
        Ok(rows) => {
            assert!(whole.contains(&rows), "{what} gives other rows:\n{rows}");
            false
        }
        Err(error) => {
            assert!(error.contains("raw/sep") || error.contains("raw.sep"), "{what}: {error}");
            true
        }
    }
}

#[tokio::test]
async fn a_cut_log_entry_is_named_or_gives_the_version_before() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, whole) = two_landings(folder.path()).await;
    for version in [0, 1] {
        let path = entry(folder.path(), version);
        let bytes = std::fs::read(&path).unwrap();
        let lines = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').flat_map(|at| [at, at + 1]);
        let cuts: Vec<usize> = lines.chain((0..bytes.len()).step_by(bytes.len() / 60)).collect();
        let mut named = 0;
        for left in &cuts {
            std::fs::write(&path, &bytes[..*left]).unwrap();
            // Without its last line break an entry is whole.
            named += usize::from(is_named(&lake, &whole, &format!("entry {version} cut to {left}")).await);
        }
        eprintln!("{named} of {} cuts of entry {version} of {} bytes were found", cuts.len(), bytes.len());
        assert!(named + 5 >= cuts.len());
        std::fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(seen(&lake).await.unwrap(), whole[1]);
}

#[tokio::test]
async fn a_missing_log_entry_is_named_or_gives_the_version_before() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, whole) = two_landings(folder.path()).await;
    let bytes = std::fs::read(entry(folder.path(), 1)).unwrap();
    std::fs::remove_file(entry(folder.path(), 1)).unwrap();
    assert_eq!(seen(&lake).await.unwrap(), whole[0], "the newest entry is lost");
    std::fs::write(entry(folder.path(), 1), &bytes).unwrap();
    land_prices(folder.path(), &lake, &[("D", "2025-07-01", 6)]).await;
    for version in [0, 1] {
        let bytes = std::fs::read(entry(folder.path(), version)).unwrap();
        std::fs::remove_file(entry(folder.path(), version)).unwrap();
        assert!(is_named(&lake, &[], &format!("without entry {version}")).await);
        std::fs::write(entry(folder.path(), version), bytes).unwrap();
    }
}

/// Flips bits of a file one after the other; returns the share of them that was named.
async fn flip(path: &Path, flips: usize, lake: &Lake, whole: &[String]) -> f64 {
    let bytes = std::fs::read(path).unwrap();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    let mut named = 0;
    for flip in 0..flips {
        let at = flip * bytes.len() / flips;
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << rng.random_range(0..8);
        std::fs::write(path, damaged).unwrap();
        named += usize::from(is_named(lake, whole, &format!("byte {at} of {} flipped", path.display())).await);
    }
    std::fs::write(path, bytes).unwrap();
    eprintln!("{named} of {flips} flipped bits of {} were found", path.file_name().unwrap().display());
    named as f64 / flips as f64
}

#[tokio::test]
async fn a_flipped_bit_of_the_log_is_named_or_changes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, whole) = two_landings(folder.path()).await;
    for version in [0, 1] {
        // What is not found is provenance, which no row comes from.
        assert!(flip(&entry(folder.path(), version), soak(400, 8000), &lake, &whole).await >= 0.5);
    }
    assert_eq!(seen(&lake).await.unwrap(), whole[1]);
    // The version before can be read all the same, as the error says.
    let path = entry(folder.path(), 1);
    let damaged = std::fs::read_to_string(&path).unwrap().replace("\\\"numRecords\\\":1", "\\\"numRecords\\\":7");
    assert_ne!(damaged, std::fs::read_to_string(&path).unwrap());
    std::fs::write(&path, damaged).unwrap();
    let error = seen(&lake).await.unwrap_err();
    assert!(error.contains("version 1 is not what was committed") && error.contains("at_version"), "{error}");
    assert!(text(&lake, "select count(*) from at_version('raw.sep', 0)").await.unwrap().contains("| 3 "));
}

#[tokio::test]
async fn a_flipped_bit_of_a_checkpoint_is_named_or_changes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, _) = two_landings(folder.path()).await;
    for n in 2..11 {
        land_prices(folder.path(), &lake, &[("A", "2024-08-01", n)]).await;
    }
    let newest = seen(&lake).await.unwrap();
    // Most of it are files that have been removed, which no reader needs.
    let checkpoint = entry(folder.path(), 9).with_extension("checkpoint.parquet");
    assert!(flip(&checkpoint, soak(400, 4000), &lake, std::slice::from_ref(&newest)).await >= 0.1);
    let hint = folder.path().join("raw/sep/_delta_log/_last_checkpoint");
    flip(&hint, soak(100, 1000), &lake, std::slice::from_ref(&newest)).await;
    assert_eq!(seen(&lake).await.unwrap(), newest);
}
