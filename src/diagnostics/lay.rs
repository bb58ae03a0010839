//! Columns out of the lake into a panel's arrangement.
//!
//! Rows come by ticker and their places lie by date, so the parts of a query write among each other. Each place is written
//! once, whoever comes to it; values are kept as atomic bits, which cost what plain ones do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use datafusion::arrow::array::{Array, AsArray, Float64Array, RecordBatch};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::task::JoinSet;

use super::load::keys;
use super::panel::{NOWHERE, Panel};
use super::{DiagnosticsError, Result, Universe};
use crate::engine::Engine;

/// Rows of many columns that are put at their places at a time: the more there are, the more of a date lie side by side.
const BLOCK: usize = 1 << 16;
/// Sorting the places costs as much as it saves in so many columns.
const FEW: usize = 3;

/// A column in the panel's arrangement, with what was seen on the way.
#[derive(Debug, Default, Clone)]
pub(super) struct Laid {
    /// One value per place; NaN where there is none.
    pub values: Vec<f64>,
    /// Values of members that are there and are infinite or NaN.
    pub infinite: usize,
}

/// Runs a query of ticker, date and `count` numbers, and puts each number at its place.
pub(super) async fn lay(
    engine: &Engine,
    panel: &Arc<Panel>,
    source: &str,
    sql: &str,
    universe: &Universe,
    count: usize,
) -> Result<Vec<Laid>> {
    let places = Arc::new(Places::new(panel.clone(), count).await);
    let mut parts = JoinSet::new();
    for rows in engine.parts(sql).await? {
        parts.spawn(places.clone().fill(rows, source.to_owned()));
    }
    while let Some(filled) = parts.join_next().await {
        filled.map_err(|e| DataFusionError::External(Box::new(e)))??;
    }
    match Arc::into_inner(places).filter(Places::has_any) {
        Some(places) => Ok(places.columns.into_iter().map(Column::into_laid).collect()),
        None => Err(DiagnosticsError::NoOverlap { dataset: source.to_owned(), range: universe.range() }),
    }
}

/// Columns that several threads fill.
struct Places {
    panel: Arc<Panel>,
    taken: Vec<AtomicBool>,
    columns: Vec<Column>,
}

impl Places {
    /// Memory that is new takes about as long to fill as a column to read, so all threads do it.
    async fn new(panel: Arc<Panel>, columns: usize) -> Self {
        let (taken, places) = (std::iter::repeat_with(AtomicBool::default), panel.places());
        let empty: JoinSet<Column> = (0..columns).map(|_| async move { Column::new(places) }).collect();
        Self { taken: taken.take(places).collect(), columns: empty.join_all().await, panel }
    }

    /// Puts all rows of a part at their places.
    async fn fill(self: Arc<Self>, mut rows: SendableRecordBatchStream, source: String) -> Result<()> {
        loop {
            let block = next_block(&mut rows, if self.is_sorted() { BLOCK } else { 1 }).await?;
            if block.is_empty() {
                return Ok(());
            }
            let placed = self.placed(&block)?;
            for (place, _) in &placed {
                if self.taken[*place as usize].swap(true, Ordering::Relaxed) {
                    let (ticker, date) = self.panel.key(*place);
                    return Err(DiagnosticsError::DuplicateKey { dataset: source, ticker, date });
                }
            }
            for (at, column) in self.columns.iter().enumerate() {
                let pieces: Vec<&dyn Array> = block.iter().map(|batch| batch.column(at + 2).as_ref()).collect();
                column.put(cast(&concat(&pieces)?, &DataType::Float64)?.as_primitive(), &placed);
            }
        }
    }

    /// Place and number of each row that belongs to a member; for many columns in the order of places. In this order the
    /// values of neighbours on a date are written together.
    fn placed(&self, block: &[RecordBatch]) -> Result<Vec<(u32, u32)>> {
        let mut placed = Vec::with_capacity(block.iter().map(RecordBatch::num_rows).sum());
        let mut rows = 0..;
        for batch in block {
            let (tickers, dates) = keys(batch.columns())?;
            let places = self.panel.places_of(&tickers, &dates).into_iter().zip(&mut rows);
            placed.extend(places.filter(|(place, _)| *place != NOWHERE));
        }
        if self.is_sorted() {
            placed.sort_unstable();
        }
        Ok(placed)
    }

    fn is_sorted(&self) -> bool {
        self.columns.len() > FEW
    }

    fn has_any(&self) -> bool {
        self.taken.iter().any(|taken| taken.load(Ordering::Relaxed))
    }
}

/// The next batches that together have so many rows; none at the end.
async fn next_block(rows: &mut SendableRecordBatchStream, least: usize) -> Result<Vec<RecordBatch>> {
    let (mut block, mut count) = (Vec::new(), 0);
    while count < least
        && let Some(batch) = rows.next().await
    {
        let batch = batch?;
        count += batch.num_rows();
        block.push(batch);
    }
    Ok(block)
}

/// A column on its way: the bits of one value per place.
struct Column {
    bits: Vec<AtomicU64>,
    infinite: AtomicUsize,
}

impl Column {
    fn new(places: usize) -> Self {
        let missing = || AtomicU64::new(f64::NAN.to_bits());
        Self { bits: std::iter::repeat_with(missing).take(places).collect(), infinite: AtomicUsize::new(0) }
    }

    /// Puts the values of rows at their places, given as (place, row).
    fn put(&self, values: &Float64Array, placed: &[(u32, u32)]) {
        let (values, nulls) = (values.values(), values.nulls());
        let mut infinite = 0;
        for (place, row) in placed {
            let row = *row as usize;
            if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                let value = values[row];
                infinite += usize::from(!value.is_finite());
                let value = if value.is_finite() { value } else { f64::NAN };
                self.bits[*place as usize].store(value.to_bits(), Ordering::Relaxed);
            }
        }
        self.infinite.fetch_add(infinite, Ordering::Relaxed);
    }

    fn into_laid(self) -> Laid {
        let values = self.bits.into_iter().map(|bits| f64::from_bits(bits.into_inner())).collect();
        Laid { values, infinite: self.infinite.into_inner() }
    }
}
