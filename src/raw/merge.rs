//! The upsert: of all rows with one key, the one that stays.
//!
//! Rows arrive sorted by key and, within a key, in the order in which they came to the lake: the stored row first, then
//! rows of files as they were read. A row replaces what is there unless both say when the vendor last changed them and
//! it is older. It replaces only the columns that its file has. So landing several files at once leaves what landing
//! them one after the other would leave.
//!
//! Files that answer a question completely also say what is no longer there: a stored row in their [`Window`] that no
//! file has is left out.
//!
//! Columns of files with different column sets may thus come from different rows. Columns that are supplied by the same
//! sets always come from the same row and form a [`Group`]; there is one group unless files differ.

use std::ops::Range;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, RecordBatch, UInt32Array};
use datafusion::arrow::compute::kernels::cmp::distinct;
use datafusion::arrow::compute::{concat_batches, filter_record_batch, or, partition, take};
use datafusion::arrow::datatypes::{Date32Type, Int32Type, SchemaRef};
use datafusion::arrow::error::ArrowError;

use super::{Result, Window};

/// The column that follows the table's in the input: [`STORED`], or the number of the column set of a row's file.
pub(super) const ORIGIN: &str = "__origin";
/// The origin of rows that are in the lake already.
pub(super) const STORED: i32 = -1;

/// What became of keys, and how many rows of files were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Keys that were not stored before.
    pub inserted: u64,
    /// Keys whose stored row got another value in some column.
    pub updated: u64,
    /// Keys that a file has too, but with nothing new.
    pub unchanged: u64,
    /// Stored keys in the window of the files that no file has.
    pub removed: u64,
    /// Rows of files.
    pub landed: u64,
}

impl Counts {
    /// Keys whose row in the lake is not what it was.
    pub fn changes(&self) -> u64 {
        self.inserted + self.updated + self.removed
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
        self.landed += other.landed;
    }
}

/// How rows of one table are merged.
#[derive(Debug)]
pub(super) struct MergePlan {
    /// The stored columns; the input has these and then [`ORIGIN`].
    schema: SchemaRef,
    key: Vec<usize>,
    updated: Option<usize>,
    groups: Vec<Group>,
    /// The group of each column.
    group_of: Vec<usize>,
    window: Option<Window>,
}

/// Columns that are supplied by the same column sets.
#[derive(Debug, PartialEq)]
struct Group {
    supplied_by: Vec<bool>,
}

impl Group {
    fn is_supplied_by(&self, origin: i32) -> bool {
        // Stored rows have every column.
        usize::try_from(origin).map_or(true, |set| self.supplied_by[set])
    }
}

impl MergePlan {
    /// `schema` is what is stored; `key` and `updated` (the date of last update, if rows have one) are columns of it;
    /// `sets` are the columns of each column set.
    pub fn new(schema: SchemaRef, key: &[&str], updated: Option<&str>, sets: &[SchemaRef]) -> Result<Self> {
        let key = key.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, ArrowError>>()?;
        let updated = updated.map(|name| schema.index_of(name)).transpose()?;
        let (mut groups, mut group_of) = (Vec::<Group>::new(), Vec::new());
        for field in schema.fields() {
            let supplied_by = sets.iter().map(|set| set.index_of(field.name()).is_ok()).collect();
            let group = Group { supplied_by };
            let at = groups.iter().position(|known| known == &group).unwrap_or_else(|| {
                groups.push(group);
                groups.len() - 1
            });
            group_of.push(at);
        }
        Ok(Self { schema, key, updated, groups, group_of, window: None })
    }

    /// The same for files that hold every row of `window`.
    pub fn within(self, window: Option<Window>) -> Self {
        Self { window, ..self }
    }
}

/// Merges sorted batches one after the other. Holds back the rows of the last key until the next one begins.
pub(super) struct Merger<'a> {
    plan: &'a MergePlan,
    open: Vec<RecordBatch>,
    counts: Counts,
}

impl<'a> Merger<'a> {
    pub fn new(plan: &'a MergePlan) -> Self {
        Self { plan, open: Vec::new(), counts: Counts::default() }
    }

    /// What has become of the keys so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes the next batch and returns the rows that are settled, in order.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let runs = partition(&self.key_of(batch))?.ranges();
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
            return Ok(Vec::new());
        };
        let mut settled = Vec::new();
        let mut done = 0;
        if self.continues_open_key(batch)? {
            self.open.push(batch.slice(0, first.end));
            done = 1;
            if runs.len() == 1 {
                return Ok(settled);
            }
        }
        settled.extend(self.settle_open()?);
        let whole = &runs[done..runs.len() - 1];
        if let (Some(from), Some(to)) = (whole.first(), whole.last()) {
            settled.push(self.settle(&batch.slice(from.start, to.end - from.start), whole)?);
        }
        self.open.push(batch.slice(last.start, last.len()));
        Ok(settled)
    }

    /// The rows of the last key.
    pub fn finish(&mut self) -> Result<Option<RecordBatch>> {
        self.settle_open()
    }

    fn key_of(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        self.plan.key.iter().map(|at| batch.column(*at).clone()).collect()
    }

    /// Whether the batch begins with the key that was held back.
    fn continues_open_key(&self, batch: &RecordBatch) -> Result<bool> {
        let Some(open) = self.open.last() else {
            return Ok(false);
        };
        for at in &self.plan.key {
            let (held, next) = (open.column(*at).slice(0, 1), batch.column(*at).slice(0, 1));
            if distinct(&held, &next)?.value(0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn settle_open(&mut self) -> Result<Option<RecordBatch>> {
        let open = std::mem::take(&mut self.open);
        let batch = match open.as_slice() {
            [] => return Ok(None),
            [one] => one.clone(),
            [first, ..] => concat_batches(&first.schema(), &open)?,
        };
        let all = 0..batch.num_rows();
        self.settle(&batch, &[all]).map(Some)
    }

    /// One row for each run of rows with the same key; `runs` may begin anywhere but have no gaps.
    fn settle(&mut self, batch: &RecordBatch, runs: &[Range<usize>]) -> Result<RecordBatch> {
        let origin = batch.column(self.plan.schema.fields().len()).as_primitive::<Int32Type>().values();
        let landed = origin.iter().filter(|origin| **origin != STORED).count() as u64;
        self.counts.landed += landed;
        if runs.len() == batch.num_rows() {
            // No key has two rows: what comes from a file is new.
            self.counts.inserted += landed;
            let columns = batch.columns()[..self.plan.schema.fields().len()].to_vec();
            let rows = RecordBatch::try_new(self.plan.schema.clone(), columns)?;
            return self.without_missing(rows, origin.iter().map(|origin| *origin == STORED));
        }
        let updated = self.plan.updated.map(|at| batch.column(at).as_primitive::<Date32Type>());
        let offset = runs.first().map_or(0, |run| run.start);
        let only_stored: Vec<bool> =
            runs.iter().map(|run| run.len() == 1 && origin[run.start - offset] == STORED).collect();
        let mut contest = Contest::new(self.plan, origin, updated);
        runs.iter().for_each(|run| contest.decide(run.start - offset..run.end - offset));
        self.counts.inserted += contest.inserted;
        let changed = contest.count_changed(batch)?;
        self.counts.updated += changed;
        self.counts.unchanged += contest.challenged.len() as u64 - changed;
        let rows = contest.winners(batch)?;
        self.without_missing(rows, only_stored.into_iter())
    }

    /// The rows without those that the window of the files covers and no file has.
    fn without_missing(
        &mut self,
        rows: RecordBatch,
        only_stored: impl ExactSizeIterator<Item = bool>,
    ) -> Result<RecordBatch> {
        let Some(window) = &self.plan.window else {
            return Ok(rows);
        };
        let covered = window.contains(&rows)?;
        let missing = only_stored.enumerate().map(|(at, stored)| stored && covered.is_valid(at) && covered.value(at));
        let keep: BooleanArray = missing.map(|missing| Some(!missing)).collect();
        self.counts.removed += (rows.num_rows() - keep.true_count()) as u64;
        Ok(filter_record_batch(&rows, &keep)?)
    }
}

/// Decides, key by key, from which row each group of columns is taken.
struct Contest<'a> {
    plan: &'a MergePlan,
    origin: &'a [i32],
    updated: Option<&'a Date32Array>,
    /// For each group, the row of each key.
    winners: Vec<Vec<u32>>,
    /// Keys that are stored and in a file: the position of the key, and its stored row.
    challenged: Vec<(usize, u32)>,
    inserted: u64,
}

impl<'a> Contest<'a> {
    fn new(plan: &'a MergePlan, origin: &'a [i32], updated: Option<&'a Date32Array>) -> Self {
        let winners = vec![Vec::with_capacity(origin.len()); plan.groups.len()];
        Self { plan, origin, updated, winners, challenged: Vec::new(), inserted: 0 }
    }

    fn updated_at(&self, row: usize) -> Option<i32> {
        self.updated.filter(|column| column.is_valid(row)).map(|column| column.value(row))
    }

    fn decide(&mut self, run: Range<usize>) {
        let first = run.start;
        match (self.origin[first], run.len()) {
            (STORED, 1) => {}
            (STORED, _) => self.challenged.push((self.winners[0].len(), first as u32)),
            _ => self.inserted += 1,
        }
        self.winners.iter_mut().for_each(|rows| rows.push(first as u32));
        let mut last_updated = self.updated_at(first);
        for row in run.skip(1) {
            let updated = self.updated_at(row);
            if matches!((last_updated, updated), (Some(last), Some(this)) if this < last) {
                continue;
            }
            for (group, rows) in self.plan.groups.iter().zip(&mut self.winners) {
                if let (true, Some(winner)) = (group.is_supplied_by(self.origin[row]), rows.last_mut()) {
                    *winner = row as u32;
                }
            }
            // The date itself is a column, which a file without it leaves as it is.
            if let Some(at) = self.plan.updated
                && self.plan.groups[self.plan.group_of[at]].is_supplied_by(self.origin[row])
            {
                last_updated = updated;
            }
        }
    }

    /// How many of the challenged keys have another value than before in some column.
    fn count_changed(&self, batch: &RecordBatch) -> Result<u64> {
        if self.challenged.is_empty() {
            return Ok(0);
        }
        let stored: UInt32Array = self.challenged.iter().map(|(_, row)| *row).collect();
        let mut changed = BooleanArray::from(vec![false; stored.len()]);
        for (group, rows) in self.winners.iter().enumerate() {
            let winners: UInt32Array = self.challenged.iter().map(|(key, _)| rows[*key]).collect();
            if winners == stored {
                continue;
            }
            let columns = self.plan.group_of.iter().enumerate().filter(|(_, of)| **of == group);
            for column in columns.map(|(at, _)| batch.column(at)) {
                let (before, after) = (take(column, &stored, None)?, take(column, &winners, None)?);
                changed = or(&changed, &distinct(&before, &after)?)?;
            }
        }
        Ok(changed.true_count() as u64)
    }

    /// One row per key.
    fn winners(self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows: Vec<UInt32Array> = self.winners.into_iter().map(UInt32Array::from).collect();
        let columns = self.plan.group_of.iter().zip(batch.columns());
        let columns = columns.map(|(group, column)| take(column, &rows[*group], None));
        let columns = columns.collect::<Result<Vec<_>, ArrowError>>()?;
        Ok(RecordBatch::try_new(self.plan.schema.clone(), columns)?)
    }
}

#[cfg(test)]
mod tests;
