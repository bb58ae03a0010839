//! One dataset of an assembly, read in step with the base.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::AssembleError;
use super::exec::KEY_COLUMNS;
use crate::engine::keys::Keys;

/// A stretch of the base's rows as a dataset has them.
#[derive(Debug)]
enum Run {
    /// Rows of a batch.
    Rows { batch: RecordBatch, from: usize, len: usize },
    /// No rows.
    Missing(usize),
}

impl Run {
    fn len(&self) -> usize {
        match self {
            Self::Rows { len, .. } | Self::Missing(len) => *len,
        }
    }
}

/// The rows of a dataset that belong to one batch of the base.
#[derive(Debug)]
pub(super) struct Aligned {
    runs: Vec<Run>,
}

impl Aligned {
    /// A column, with NULL where the dataset has no row.
    pub(super) fn column(&self, column: usize, data_type: &DataType) -> Result<ArrayRef> {
        let part = |run: &Run| match run {
            Run::Rows { batch, from, len } => batch.column(column).slice(*from, *len),
            Run::Missing(len) => new_null_array(data_type, *len),
        };
        if let [run] = self.runs.as_slice() {
            return Ok(part(run));
        }
        let parts: Vec<ArrayRef> = self.runs.iter().map(part).collect();
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(concat(&parts)?)
    }

    /// For each row of the base whether the dataset has it.
    pub(super) fn presence(&self) -> Vec<bool> {
        let of = |run: &Run| std::iter::repeat_n(matches!(run, Run::Rows { .. }), run.len());
        self.runs.iter().flat_map(of).collect()
    }
}

/// What a dataset had besides the base's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Surplus {
    /// Rows whose key the base lacks, or that have no key.
    pub orphans: usize,
    /// Rows that repeat the row before them.
    pub repeated: usize,
}

/// A sorted dataset with a place in it that only moves forward. Holds one batch, and the last row of the one before.
pub(super) struct Cursor {
    dataset: Arc<str>,
    rows: SendableRecordBatchStream,
    current: Option<(RecordBatch, Keys)>,
    /// The next row of the current batch.
    at: usize,
    /// The last row of the batch before.
    previous: Option<(RecordBatch, Keys)>,
    pub surplus: Surplus,
}

impl Cursor {
    pub(super) fn new(dataset: Arc<str>, rows: SendableRecordBatchStream) -> Self {
        Self { dataset, rows, current: None, at: 0, previous: None, surplus: Surplus::default() }
    }

    /// The type of one of its columns.
    pub(super) fn type_of(&self, column: usize) -> DataType {
        self.rows.schema().field(column).data_type().clone()
    }

    /// Moves past the rows with these keys, which ascend and follow those of the call before.
    pub(super) async fn align(&mut self, keys: &Keys) -> Result<Aligned> {
        let mut runs = Vec::new();
        let mut row = 0;
        while row < keys.len() {
            if !self.has_row().await? {
                push_missing(&mut runs, keys.len() - row);
                break;
            }
            let Some((batch, ours)) = &self.current else { break };
            let common = keys.common(row, ours, self.at);
            if common > 0 {
                runs.push(Run::Rows { batch: batch.clone(), from: self.at, len: common });
                row += common;
                self.at += common;
            } else if ours.compare(self.at, keys, row) == Ordering::Less {
                self.pass()?;
            } else {
                push_missing(&mut runs, 1);
                row += 1;
            }
        }
        Ok(Aligned { runs })
    }

    /// Moves past all rows that are left.
    pub(super) async fn finish(&mut self) -> Result<()> {
        while self.has_row().await? {
            self.pass()?;
        }
        Ok(())
    }

    /// Reads on if the current batch is used up; false at the end.
    async fn has_row(&mut self) -> Result<bool> {
        loop {
            match &self.current {
                Some((batch, _)) if self.at < batch.num_rows() => return Ok(true),
                _ => {}
            }
            let Some(batch) = self.rows.next().await.transpose()? else {
                return Ok(false);
            };
            if let Some((before, _)) = self.current.take()
                && before.num_rows() > 0
            {
                let last = before.slice(before.num_rows() - 1, 1);
                let keys = Keys::of(&last, KEY_COLUMNS)?;
                self.previous = Some((last, keys));
            }
            let keys = Keys::of(&batch, KEY_COLUMNS)?;
            self.current = Some((batch, keys));
            self.at = 0;
        }
    }

    /// Moves past a row that the base does not have, or has had already.
    fn pass(&mut self) -> Result<()> {
        let Some((batch, keys)) = &self.current else { return Ok(()) };
        let before = match self.at {
            0 => self.previous.as_ref().map(|(batch, keys)| (batch, keys, 0)),
            at => Some((batch, keys, at - 1)),
        };
        let repeats = before.filter(|(_, theirs, row)| {
            keys.is_complete(self.at) && theirs.compare(*row, keys, self.at) == Ordering::Equal
        });
        match repeats {
            None => self.surplus.orphans += 1,
            Some((theirs, _, row)) if same_row(theirs, row, batch, self.at) => self.surplus.repeated += 1,
            Some(_) => {
                return Err(DataFusionError::External(Box::new(AssembleError::Conflict {
                    dataset: self.dataset.to_string(),
                    ticker: keys.shown_ticker(self.at),
                    date: keys.shown_date(self.at),
                })));
            }
        }
        self.at += 1;
        Ok(())
    }
}

fn same_row(a: &RecordBatch, at: usize, b: &RecordBatch, from: usize) -> bool {
    let mut columns = a.columns().iter().zip(b.columns());
    columns.all(|(x, y)| x.slice(at, 1).as_ref() == y.slice(from, 1).as_ref())
}

fn push_missing(runs: &mut Vec<Run>, rows: usize) {
    match runs.last_mut() {
        Some(Run::Missing(len)) => *len += rows,
        _ => runs.push(Run::Missing(rows)),
    }
}
