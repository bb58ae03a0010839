//! What is left when a writer is killed, and what many writers and readers make of one dataset.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod kills;
mod operation;
mod pairs;
#[path = "../storage/mod.rs"]
mod storage;
mod writers;

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use kairos::engine::{Engine, EngineError, Outcome, Resources};
use kairos::lake::{CommitRecord, Lake};
use kairos::raw::{LandOptions, RawTable, land};

/// No test waits longer than this for anything; all of them together take about one minute.
const PATIENCE: Duration = Duration::from_secs(240);

fn open(folder: &Path) -> Lake {
    Lake::open(folder.to_str().unwrap()).unwrap()
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

async fn text(lake: &Lake, sql: &str) -> String {
    let rows = engine(lake).query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    datafusion::arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string()
}

/// A file of the vendor's table `sep` with these tickers, dates and closing prices.
fn prices(rows: &[(&str, &str, u64)]) -> String {
    let mut text = String::from("ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n");
    for (ticker, date, close) in rows {
        text += &format!("{ticker},{date},{close},{close},{close},{close},100,{close},{close},{date}\n");
    }
    text
}

async fn land_prices(lake: &Lake, rows: &[(&str, &str, u64)]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sep.csv");
    std::fs::write(&file, prices(rows)).unwrap();
    let options = LandOptions { threads: 2, ..LandOptions::default() };
    land(lake, RawTable::find("sep").unwrap(), &[file], &options).await.unwrap();
}

/// Waits for a child, but not for ever.
fn wait(child: &mut Child, what: &str) -> ExitStatus {
    let started = Instant::now();
    loop {
        match child.try_wait().unwrap() {
            Some(status) => return status,
            None if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(2)),
            None => {
                child.kill().unwrap();
                panic!("{what} hangs: it is not done after {PATIENCE:?}");
            }
        }
    }
}
