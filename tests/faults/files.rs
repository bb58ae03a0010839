//! Data files that are missing, cut or changed.

use rand::{Rng, SeedableRng};

use super::common::soak;
use super::{PRICES, build, file_of, open, text};

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
    let (mut named, flips) = (0, soak(200, 20_000));
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
                let said = format!("file '{}' of dataset 'x'", file.display());
                assert!(error.contains(&said) && error.contains("is damaged"), "{at}: {error}");
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
    for n in 1..11 {
        build(&lake, &PRICES.replace("20000", &format!("{}", 2000 + n))).await.unwrap();
    }
    let file = file_of(&lake, "x").await;
    // Without the entries, only the checkpoint and what follows it is left to read.
    for entry in std::fs::read_dir(folder.path().join("x/_delta_log")).unwrap().map(|entry| entry.unwrap().path()) {
        let version = entry.file_stem().unwrap().to_str().unwrap().parse::<u64>();
        if version.is_ok_and(|version| version < 9) {
            std::fs::remove_file(entry).unwrap();
        }
    }
    let snapshot = lake.snapshot("x").await.unwrap().unwrap();
    assert_eq!((snapshot.version(), snapshot.rows()), (10, 2010));
    assert!(snapshot.files().iter().all(|file| file.checksums.is_some()));
    let older = lake.snapshot_at("x", 9).await.unwrap().unwrap();
    assert!(older.files().iter().all(|file| file.checksums.is_some()), "from the checkpoint itself");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(text(&lake, "select * from x").await.unwrap_err().to_string().contains("checksum"));
}
