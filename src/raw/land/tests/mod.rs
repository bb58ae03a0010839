//! End to end against a lake in a temporary folder.

mod events;
mod files;
mod mappings;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Float64Type, TimeUnit};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use super::*;
use crate::lake::DatasetProvider;

/// A lake in a temporary folder.
struct World {
    folder: TempDir,
    lake: Lake,
    options: LandOptions,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path().join("lake").to_str().unwrap()).unwrap();
        Self { folder, lake, options: LandOptions::default() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    async fn try_land(&self, table: &str, texts: &[&str]) -> Result<LandSummary> {
        let files = texts.iter().enumerate();
        let files: Vec<PathBuf> = files.map(|(at, text)| self.file(&format!("{table}{at}.csv"), text)).collect();
        land(&self.lake, RawTable::find(table).unwrap(), &files, &self.options).await
    }

    async fn land(&self, table: &str, text: &str) -> LandSummary {
        self.try_land(table, &[text]).await.unwrap()
    }

    async fn batch(&self, dataset: &str, version: Option<u64>) -> RecordBatch {
        let snapshot = match version {
            Some(version) => self.lake.snapshot_at(dataset, version).await,
            None => self.lake.snapshot(dataset).await,
        };
        let snapshot = Arc::new(snapshot.unwrap().unwrap());
        let session = SessionContext::new();
        self.lake.register_store(&session.runtime_env());
        let rows = session.read_table(Arc::new(DatasetProvider::new(&self.lake, snapshot.clone()))).unwrap();
        concat_batches(snapshot.schema(), &rows.collect().await.unwrap()).unwrap()
    }

    /// Rows of the current version as `a|b|c`, sorted.
    async fn rows(&self, table: &str, columns: &str) -> Vec<String> {
        rows(&self.batch(&format!("raw/{table}"), None).await, columns)
    }

    /// Paths of the current version's files.
    async fn paths(&self, table: &str) -> Vec<String> {
        let snapshot = self.lake.snapshot(&format!("raw/{table}")).await.unwrap().unwrap();
        snapshot.files().iter().map(|file| file.path.clone()).collect()
    }
}

fn rows(batch: &RecordBatch, columns: &str) -> Vec<String> {
    let columns: Vec<&ArrayRef> = columns.split_whitespace().map(|name| batch.column_by_name(name).unwrap()).collect();
    let cell = |column: &ArrayRef, at| match column.is_valid(at) {
        true => array_value_to_string(column, at).unwrap(),
        false => String::new(),
    };
    let row = |at| columns.iter().map(|column| cell(column, at)).collect::<Vec<_>>().join("|");
    let mut rows: Vec<String> = (0..batch.num_rows()).map(row).collect();
    rows.sort();
    rows
}

/// A `sep` file; each row is ticker, date, close, closeunadj, lastupdated.
fn sep(rows: &[(&str, &str, f64, f64, &str)]) -> String {
    let mut text = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n".to_owned();
    for (ticker, date, close, unadjusted, updated) in rows {
        text += &format!("{ticker},{date},{close},{close},{close},{close},100,{close},{unadjusted},{updated}\n");
    }
    text
}

fn counts(summary: &LandSummary) -> [u64; 4] {
    [summary.inserted, summary.updated, summary.unchanged, summary.superseded]
}

/// A `sf1` file; each row is dimension, datekey, reportperiod, lastupdated, revenue.
fn sf1(rows: &[(&str, &str, &str, &str, f64)]) -> String {
    let mut text =
        "ticker,dimension,calendardate,datekey,reportperiod,lastupdated,revenue,netinc,assets,equity\n".to_owned();
    for (dimension, datekey, period, updated, revenue) in rows {
        text += &format!("A,{dimension},{period},{datekey},{period},{updated},{revenue},1,2,3\n");
    }
    text
}

/// A `sf2` file; each row is filingdate, ownername, rownum, transactionvalue.
fn sf2(rows: &[(&str, &str, u32, &str)]) -> String {
    let mut text =
        "ticker,filingdate,formtype,issuername,ownername,transactioncode,transactionvalue,rownum\n".to_owned();
    for (date, owner, rownum, value) in rows {
        text += &format!("A,{date},4,\"A, Inc\",{owner},P,{value},{rownum}\n");
    }
    text
}
