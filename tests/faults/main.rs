//! Disks that are full or read-only, files that are missing, cut or changed, logs that are damaged or from the future: a
//! named error, the version before or the right rows, never others. And vacuum, which takes files away on purpose.

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod files;
mod hostile;
mod log;
#[path = "../storage/mod.rs"]
mod storage;
mod storms;
mod vacuum;

use std::path::{Path, PathBuf};

use datafusion::arrow::util::pretty::pretty_format_batches;
use kairos::engine::{Engine, EngineError, Outcome, Resources};
use kairos::lake::{CommitRecord, Lake};
use kairos::raw::{LandOptions, RawTable, land};

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

/// Lands rows of ticker, date and closing price, and returns the file that they are in.
async fn land_prices(folder: &Path, lake: &Lake, rows: &[(&str, &str, u32)]) -> PathBuf {
    let csv = folder.join("sep.csv");
    let mut text = String::from("ticker,date,open,high,low,close,volume,closeadj\n");
    for (ticker, date, close) in rows {
        text += &format!("{ticker},{date},{close},{close},{close},{close},1,{close}\n");
    }
    std::fs::write(&csv, text).unwrap();
    land(lake, RawTable::find("sep").unwrap(), std::slice::from_ref(&csv), &LandOptions::default()).await.unwrap();
    csv
}
