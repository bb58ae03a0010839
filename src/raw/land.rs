//! Landing: files into a raw dataset, as one commit.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use datafusion::common::runtime::SpawnedTask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use futures::{StreamExt, TryStreamExt};

use super::grow::{ATTEMPTS, append, wait_after};
use super::intake::{Taken, take_in};
use super::mapping::Mapping;
use super::merge::Counts;
use super::progress::{OnProgress, Progress};
use super::rejects::REJECTED_SCHEMA;
use super::stage::Staged;
use super::upsert::{Merged, Upsert};
use super::{RawError, RawTable, RejectedRow, Result, Window};
use crate::lake::{CommitRecord, DataFile, Lake, LakeError, NewVersion};

/// The dataset of rows that were set aside: table, file, line, column, value, reason, time, and the record as it was.
pub const REJECTED_DATASET: &str = "raw/_rejected";

/// How many file names a commit records.
const NAMES_RECORDED: usize = 20;

/// How to land.
#[derive(Clone)]
pub struct LandOptions {
    /// Land the good rows of files with bad rows, and the bad ones into [`REJECTED_DATASET`]. Otherwise a bad row
    /// refuses everything.
    pub quarantine: bool,
    /// The part of the table that the files hold completely: stored rows in it that they do not have are removed. Not if
    /// a row of theirs is bad, since it might be the one that is missing, nor if they have no row at all.
    pub window: Option<Window>,
    /// Bytes that sorting may use before it goes to disk.
    pub memory_limit: usize,
    /// Years that are merged at the same time.
    pub threads: usize,
    /// How the files' columns become the table's; `None` if they are the vendor's.
    pub mapping: Option<Arc<Mapping>>,
    /// Identifies this run of the program in the commit.
    pub run_id: String,
    /// Is told how far the landing is.
    pub on_progress: Arc<OnProgress>,
}

impl Default for LandOptions {
    fn default() -> Self {
        Self {
            quarantine: false,
            window: None,
            mapping: None,
            memory_limit: 1 << 30,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            run_id: uuid::Uuid::now_v7().to_string(),
            on_progress: Arc::new(|_| {}),
        }
    }
}

/// What a landing did.
#[derive(Debug, Clone)]
pub struct LandSummary {
    /// The table.
    pub table: &'static str,
    /// The version that was committed; `None` if there was nothing new.
    pub version: Option<u64>,
    /// Files that were read.
    pub files: usize,
    /// Good rows in them.
    pub rows: u64,
    /// Keys that were not stored before.
    pub inserted: u64,
    /// Keys whose stored row changed.
    pub updated: u64,
    /// Keys that were stored with the same values, or with values that the vendor changed later.
    pub unchanged: u64,
    /// Stored rows that were removed.
    pub removed: u64,
    /// Rows that gave way to another row of the files with the same key.
    pub superseded: u64,
    /// Bad rows that were set aside.
    pub rejected: u64,
    /// The first of them.
    pub first_rejected: Vec<RejectedRow>,
    /// Wall time.
    pub seconds: f64,
}

/// Lands `files` into the dataset of `table`, in the given order, as one version. Rows are merged by the vendor's key:
/// a row replaces the stored one unless both have a date of last update and its own is older; columns that a file does
/// not have keep their values. If nothing is new, there is no new version, except for the first: files without rows
/// land an empty table.
///
/// # Errors
/// If a file cannot be read or lacks required columns, if rows are bad and may not be set aside, or if the lake
/// refuses. The dataset is then as it was.
pub async fn land(
    lake: &Lake,
    table: &'static RawTable,
    files: &[PathBuf],
    options: &LandOptions,
) -> Result<LandSummary> {
    match files {
        [] => Err(RawError::NoFiles { table: table.name }),
        files => land_files(lake, table, files, options).await,
    }
}

/// Says that there are no rows of `table`: commits its first version, which is empty and has the vendor's columns, so
/// that what reads the table can be built.
///
/// # Errors
/// [`RawError::Landed`] if the table is there already; or if the lake refuses.
pub async fn land_empty(lake: &Lake, table: &'static RawTable, options: &LandOptions) -> Result<LandSummary> {
    match lake.snapshot(&table.dataset()).await? {
        Some(snapshot) => Err(RawError::Landed { table: table.name, rows: snapshot.rows() }),
        None => land_files(lake, table, &[], options).await,
    }
}

async fn land_files(
    lake: &Lake,
    table: &'static RawTable,
    files: &[PathBuf],
    options: &LandOptions,
) -> Result<LandSummary> {
    let started = Instant::now();
    let taken = read(lake, table, files, options).await?;
    if taken.rejected > 0 && !options.quarantine {
        return Err(RawError::Rejected { table: table.name, total: taken.rejected, rows: taken.first_rejected });
    }
    let record = CommitRecord {
        run_id: options.run_id.clone(),
        operation: "land".into(),
        source: names_of(files),
        kairos_version: env!("CARGO_PKG_VERSION").into(),
        ..CommitRecord::default()
    };
    // Before the rows: whatever happens next, no file is landed in part without a trace of the rest.
    if let Some(rejects) = &taken.rejects_file {
        append_rejected(lake, rejects, &record, started).await?;
    }
    let window = options.window.clone().filter(|_| taken.rejected == 0 && taken.staged.rows > 0);
    let options = &LandOptions { window, ..options.clone() };
    let staged = Arc::new(taken.staged);
    // Files without rows are an empty table; files of bad rows are none.
    let (version, counts) = match staged.rows == 0 && taken.rejected > 0 {
        true => (None, Counts::default()),
        false => merge(lake, table, &staged, options, &record, started).await?,
    };
    Ok(LandSummary {
        table: table.name,
        version,
        files: files.len(),
        rows: staged.rows,
        inserted: counts.inserted,
        updated: counts.updated,
        unchanged: counts.unchanged,
        removed: counts.removed,
        superseded: counts.landed - counts.inserted - counts.updated - counts.unchanged,
        rejected: taken.rejected,
        first_rejected: taken.first_rejected,
        seconds: started.elapsed().as_secs_f64(),
    })
}

async fn read(lake: &Lake, table: &'static RawTable, files: &[PathBuf], options: &LandOptions) -> Result<Taken> {
    let stored = lake.snapshot(&table.dataset()).await?.map(|base| base.schema().clone());
    let (files, options) = (files.to_vec(), options.clone());
    let read = move || {
        let LandOptions { mapping, quarantine, on_progress, .. } = options;
        take_in(table, &files, mapping.as_deref(), stored, quarantine, on_progress.as_ref())
    };
    tokio::task::spawn_blocking(read).await?
}

/// Merges into the newest version and commits, again if another writer was faster.
async fn merge(
    lake: &Lake,
    table: &'static RawTable,
    staged: &Arc<Staged>,
    options: &LandOptions,
    record: &CommitRecord,
    started: Instant,
) -> Result<(Option<u64>, Counts)> {
    for attempt in 1..ATTEMPTS {
        let begun = Instant::now();
        match try_merge(lake, table, staged, options, record, started).await {
            Err(RawError::Lake(LakeError::Conflict { .. })) => wait_after(attempt, begun.elapsed()).await,
            result => return result,
        }
    }
    try_merge(lake, table, staged, options, record, started).await
}

async fn try_merge(
    lake: &Lake,
    table: &'static RawTable,
    staged: &Arc<Staged>,
    options: &LandOptions,
    record: &CommitRecord,
    started: Instant,
) -> Result<(Option<u64>, Counts)> {
    let dataset = table.dataset();
    let base = lake.snapshot(&dataset).await?.map(Arc::new);
    let upsert = Upsert::new(lake, table, staged.clone(), base.clone(), options.window.clone(), options.memory_limit)?;
    let upsert = Arc::new(upsert);
    let merged = merge_years(&upsert, options).await?;
    // The first landing counts even without a row: a table that is empty is not a table that is missing.
    if merged.counts.changes() == 0 && base.is_some() {
        return Ok((None, merged.counts));
    }
    let rows = |files: &[DataFile]| files.iter().map(DataFile::rows).sum::<u64>();
    let rows_before = base.as_ref().map_or(0, |base| base.rows());
    let new = NewVersion {
        base: base.as_deref(),
        schema: upsert.schema().clone(),
        layout: upsert.layout().clone(),
        record: CommitRecord {
            rows: rows_before - rows(&merged.remove) + rows(&merged.add),
            seconds: started.elapsed().as_secs_f64(),
            ..record.clone()
        },
        add: merged.add,
        remove: merged.remove,
    };
    Ok((Some(lake.commit(&dataset, new).await?), merged.counts))
}

/// Merges all years that can change, some at a time.
async fn merge_years(upsert: &Arc<Upsert>, options: &LandOptions) -> Result<Merged> {
    let years = upsert.years();
    let total = years.len();
    let tasks = years.into_iter().map(|year| {
        let upsert = upsert.clone();
        // Stops when dropped, so that nothing is written any more once one year has failed.
        async move { SpawnedTask::spawn(async move { upsert.merge_year(year).await }).join().await? }
    });
    let mut tasks = futures::stream::iter(tasks).buffer_unordered(options.threads.max(1));
    let (mut all, mut done) = (Merged::default(), 0);
    while let Some(year) = tasks.try_next().await? {
        all.counts += year.counts;
        all.add.extend(year.add);
        all.remove.extend(year.remove);
        done += 1;
        (options.on_progress)(Progress::Merging { done, total });
    }
    Ok(all)
}

/// Appends a Parquet file of bad rows to their dataset.
async fn append_rejected(lake: &Lake, rejects: &Path, record: &CommitRecord, started: Instant) -> Result<()> {
    let rows = ParquetRecordBatchReaderBuilder::try_new(File::open(rejects)?)?.build()?;
    let rows = rows.map(|batch| Ok(batch?));
    append(lake, REJECTED_DATASET, &REJECTED_SCHEMA, rows, record, started).await
}

fn names_of(files: &[PathBuf]) -> String {
    let names = files.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    if names.len() > NAMES_RECORDED {
        let more = names.len() - NAMES_RECORDED;
        names.truncate(NAMES_RECORDED);
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests;
