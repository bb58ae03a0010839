//! What is stored before a sync: watermarks, newest days, symbols.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ident;
use datafusion::prelude::SessionContext;

use super::super::vendor;
use super::super::{RawTable, Result, Window};
use super::pulls::Pulls;
use crate::lake::{DatasetProvider, Lake, Snapshot};

/// What is stored of the tables that are about to be pulled.
pub(super) struct Stored {
    snapshots: BTreeMap<&'static str, Arc<Snapshot>>,
    watermarks: BTreeMap<String, NaiveDate>,
    symbols: Vec<(String, String)>,
}

impl Stored {
    pub async fn read(lake: &Lake, tables: &[&'static RawTable]) -> Result<Self> {
        let mut snapshots = BTreeMap::new();
        for table in tables {
            if let Some(snapshot) = lake.snapshot(&table.dataset()).await? {
                snapshots.insert(table.name, Arc::new(snapshot));
            }
        }
        let symbols = match snapshots.get("tickers") {
            Some(snapshot) => symbols(lake, snapshot).await?,
            None => Vec::new(),
        };
        Ok(Self { snapshots, watermarks: Pulls::watermarks(lake).await?, symbols })
    }

    /// The newest change up to which a table is known to be complete: that of its last pull; for a table that was landed
    /// from files, the newest that it has. `None` if nothing is stored.
    pub fn watermark(&self, table: &RawTable) -> Option<NaiveDate> {
        let snapshot = self.snapshots.get(table.name).filter(|snapshot| snapshot.rows() > 0)?;
        let of_files = || newest(snapshot, table.updated.or(table.partition_date)?);
        self.watermarks.get(table.name).copied().or_else(of_files)
    }

    /// The newest change and the newest day of a table with rows.
    pub fn newest(&self, table: &RawTable) -> Option<vendor::Stored> {
        let updated = self.watermark(table)?;
        let snapshot = self.snapshots.get(table.name)?;
        let date = table.partition_date.and_then(|column| newest(snapshot, column)).unwrap_or(updated);
        Some(vendor::Stored { updated, date })
    }

    /// The stored symbols as (permaticker, ticker).
    pub fn symbols(&self) -> &[(String, String)] {
        &self.symbols
    }

    /// How many stored rows lie in a window.
    pub async fn rows_in(&self, lake: &Lake, table: &RawTable, window: &Window) -> Result<u64> {
        let Some(snapshot) = self.snapshots.get(table.name) else {
            return Ok(0);
        };
        let Window::Since { column, from } = window else {
            return Ok(snapshot.rows());
        };
        let from = datafusion::logical_expr::lit(ScalarValue::Date32(Some(from.to_epoch_days())));
        let rows = open(lake, snapshot)?.filter(ident(column).gt_eq(from))?;
        Ok(rows.count().await? as u64)
    }
}

/// The newest date of a column, from the log alone.
fn newest(snapshot: &Snapshot, column: &str) -> Option<NaiveDate> {
    let summary = snapshot.columns().into_iter().find(|summary| summary.name == column)?;
    match summary.max? {
        ScalarValue::Date32(Some(day)) => NaiveDate::from_epoch_days(day),
        _ => None,
    }
}

async fn symbols(lake: &Lake, snapshot: &Arc<Snapshot>) -> Result<Vec<(String, String)>> {
    let rows = open(lake, snapshot)?.select_columns(&["permaticker", "ticker"])?;
    let mut symbols = Vec::new();
    for batch in rows.collect().await? {
        let text = |at: usize| cast(batch.column(at), &DataType::Utf8);
        let (securities, tickers) = (text(0)?, text(1)?);
        let (securities, tickers) = (securities.as_string::<i32>(), tickers.as_string::<i32>());
        let rows = (0..batch.num_rows()).filter(|at| securities.is_valid(*at) && tickers.is_valid(*at));
        symbols.extend(rows.map(|at| (securities.value(at).to_owned(), tickers.value(at).to_owned())));
    }
    Ok(symbols)
}

pub(super) fn open(lake: &Lake, snapshot: &Arc<Snapshot>) -> Result<datafusion::prelude::DataFrame> {
    let session = SessionContext::new();
    lake.register_store(&session.runtime_env());
    Ok(session.read_table(Arc::new(DatasetProvider::new(lake, snapshot.clone())))?)
}
