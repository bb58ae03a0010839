//! Hostile and broken input: an error, never a panic, and what was stored before stays.
//!
//! Inputs are good ones, damaged at random from a seed that is printed; `KAIROS_SEED=n` replays one.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use kairos::lake::Lake;
use kairos::pipeline::{Functions, KnownTables, Parameters, Pipeline, SqlTree};
use kairos::raw::{LandOptions, Mapping, RawTable, land};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::common::{Desk, SQL, soak};
use super::{open, text};

fn seeds(usual: u64, soaking: u64) -> std::ops::Range<u64> {
    match std::env::var("KAIROS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..soak(usual, soaking),
    }
}

/// A few random changes: bits, cuts, repeats, and pieces that parsers care about.
fn damaged(good: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    const PIECES: [&[u8]; 16] = [
        b"\"",
        b"\n",
        b",",
        b"\r\n",
        b"\0",
        b"\xff",
        b"nan",
        b"1e999",
        b"-",
        b"9999-99-99",
        b"[",
        b"=",
        b"$",
        b"--",
        b"(((((((",
        b"select",
    ];
    let mut text = good.to_vec();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..=text.len());
        match random.random_range(0..4) {
            0 if at < text.len() => text[at] ^= 1 << random.random_range(0..8),
            1 => text.truncate(at),
            2 => {
                let from = random.random_range(0..=at);
                let piece = text[from..at].to_vec();
                text.splice(at..at, piece);
            }
            _ => {
                let piece = PIECES[random.random_range(0..PIECES.len())];
                text.splice(at..at, piece.iter().copied());
            }
        }
    }
    text
}

const CSV: &str = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated,note\n\
                   A,2024-01-02,1,2,0.5,1.5,100,1.4,1.5,2024-01-03,\"a \"\"quoted\"\" note\"\n\
                   NA,2024-01-03,1e0,2,0.5,1.5,100.5,1.4,1.5,2024-01-03,\n";

fn parquet(folder: &Path) -> Vec<u8> {
    let desk = Desk::new();
    let csv = desk.write("sep.csv", CSV);
    desk.ok(&["land", "sep", &csv]);
    let to = folder.join("good").display().to_string();
    desk.ok(&["export", "raw.sep", "--to", &to]);
    let file = walk(Path::new(&to)).into_iter().find(|path| path.extension().is_some_and(|end| end == "parquet"));
    std::fs::read(file.unwrap()).unwrap()
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

async fn try_land(lake: &Lake, file: &Path, quarantine: bool) -> bool {
    let options = LandOptions { quarantine, threads: 1, ..LandOptions::default() };
    land(lake, RawTable::find("sep").unwrap(), &[file.to_owned()], &options).await.is_ok()
}

#[tokio::test]
async fn damaged_files_land_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(CSV.as_bytes()).unwrap();
    let goods = [CSV.as_bytes().to_vec(), gzip.finish().unwrap(), parquet(folder.path())];
    let file = folder.path().join("sep.data");
    let (mut landed, mut refused) = (0, 0);
    for seed in seeds(300, 20_000) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let root = tempfile::tempdir().unwrap();
        let lake = open(root.path());
        std::fs::write(&file, CSV).unwrap();
        assert!(try_land(&lake, &file, false).await);
        let before = text(&lake, "select * from raw.sep order by ticker").await.unwrap();
        let good = &goods[random.random_range(0..goods.len())];
        std::fs::write(&file, damaged(good, &mut random)).unwrap();
        match try_land(&lake, &file, random.random_bool(0.5)).await {
            true => landed += 1,
            false => {
                refused += 1;
                let after = text(&lake, "select * from raw.sep order by ticker").await.unwrap();
                assert_eq!(before, after, "seed {seed}: refused, and yet something changed");
            }
        }
        // Whatever was landed can be read in full.
        text(&lake, "select * from raw.sep").await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    println!("{landed} landed, {refused} refused");
    assert!(landed > 0 && refused > 0);
}

#[test]
fn damaged_mappings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources");
    let path = folder.path().join("mapping.toml");
    let mut refused = 0;
    for seed in seeds(2000, 50_000) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let files: Vec<_> = walk(&docs);
        let good = std::fs::read(&files[random.random_range(0..files.len())]).unwrap();
        std::fs::write(&path, damaged(&good, &mut random)).unwrap();
        refused += u32::from(Mapping::read(&path).is_err());
    }
    assert!(refused > 100, "{refused}");
}

/// Damaged SQL and parameters: the pipeline loads or says what is wrong.
#[test]
fn damaged_pipelines_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["pipeline.toml", "features/momentum.sql", "composites/v8.sql", "universe/universe.sql"];
    let names = kairos_udfs::function_names().into_iter().collect();
    let functions = Functions { names, fingerprint: kairos_udfs::FINGERPRINT.to_owned() };
    let known = KnownTables {
        raw: RawTable::all().iter().map(|table| table.name.to_owned()).collect(),
        lake: ["sep_base", "security", "sep_base_academic"].map(str::to_owned).into(),
    };
    let mut refused = 0;
    for seed in seeds(300, 20_000) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let broken = random.random_range(0..files.len());
        for (at, file) in files.iter().enumerate() {
            let mut text = std::fs::read(format!("{SQL}/{file}")).unwrap();
            if at == broken {
                text = damaged(&text, &mut random);
            }
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let loaded = SqlTree::load(Some(folder.path()), &[]).and_then(|tree| {
            Parameters::load(tree.manifests(), &[])?;
            Pipeline::load(tree, &[], &functions, &known)
        });
        refused += u32::from(loaded.is_err());
    }
    assert!(refused > 50, "{refused}");
}

/// A small file that would fill the disk.
#[test]
fn a_zip_bomb_is_refused() {
    let desk = Desk::new();
    let bomb = desk.path("bomb.zip");
    let mut zip = zip::ZipWriter::new(File::create(&bomb).unwrap());
    zip.start_file("sep.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"ticker,date,open,high,low,close,volume,closeadj").unwrap();
    let row = format!("\nA,2024-01-02{}", ",1".repeat(6)).repeat(1000);
    for _ in 0..5000 {
        zip.write_all(row.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    assert!(std::fs::metadata(&bomb).unwrap().len() < 1 << 20);
    let said = desk.fails(1, &["land", "sep", &bomb.display().to_string()]);
    assert!(said.contains("bomb.zip/sep.csv") && said.contains("inflates to more than 100 times"), "{said}");
    assert!(!desk.path("lake/raw/sep").exists(), "part of it was landed");
}

/// Names and statements that would reach beyond the lake.
#[test]
fn nothing_is_written_outside_the_lake() {
    let desk = Desk::new();
    let outside = desk.path("outside");
    let outside = outside.display();
    for sql in [
        "create or replace table \"../evil\" as select 1 as n".to_owned(),
        "create or replace table \"a/../../evil\" as select 1 as n".to_owned(),
        "create or replace table \"/evil\" as select 1 as n".to_owned(),
        "create or replace table \"..\" as select 1 as n".to_owned(),
        "create or replace table \"_runs\" as select 1 as n".to_owned(),
        format!("copy (select 1 as n) to '{outside}.csv'"),
        format!("create external table x stored as csv location '{outside}.csv'"),
        format!("create external table x (n int) stored as parquet location '{outside}/'"),
        "create schema evil".to_owned(),
        "create database evil".to_owned(),
        "set datafusion.catalog.location = '/tmp'".to_owned(),
    ] {
        let output = desk.run(&["sql", "-c", &sql]);
        assert!(!output.status.success(), "{sql}");
        let said = super::common::stderr(&output);
        assert!(!said.contains("panicked"), "{sql}: {said}");
    }
    let beside: Vec<_> = std::fs::read_dir(desk.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| name == "lake"), "{beside:?}");
    assert!(!desk.lake().join("_runs/_delta_log").exists());
    // What is asked for is written.
    desk.ok(&["sql", "-c", "select 1 as n", "--format", "csv", "-o", &format!("{outside}.csv")]);
    assert!(desk.path("outside.csv").exists());
}
