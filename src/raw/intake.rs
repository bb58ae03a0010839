//! Reads all files of a landing into the stage, and bad rows into the rejects.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};

use super::mapping::Mapping;
use super::progress::{OnProgress, Progress};
use super::reader::{Chunk, Sink, Source, read_file};
use super::rejects::Rejects;
use super::stage::{Stage, Staged};
use super::validate::Conversion;
use super::{RawError, RawTable, RejectedRow, Result};

/// Name of the temporary file with bad rows.
const REJECTS_FILE: &str = "rejected.parquet";

/// What was read.
pub(super) struct Taken {
    /// The good rows.
    pub staged: Staged,
    /// How many rows are bad.
    pub rejected: u64,
    /// The first bad rows.
    pub first_rejected: Vec<RejectedRow>,
    /// All bad rows as a Parquet file in the stage's folder, if they are to be kept and there are any.
    pub rejects_file: Option<PathBuf>,
}

/// Reads `files` in order, through a mapping if they are not in the vendor's form. Blocks; meant for a thread of its own.
///
/// # Errors
/// If a file cannot be read or does not fit the table. Bad rows are no error here.
pub(super) fn take_in(
    table: &'static RawTable,
    files: &[PathBuf],
    mapping: Option<&Mapping>,
    stored: Option<SchemaRef>,
    keep_rejects: bool,
    on_progress: &OnProgress,
) -> Result<Taken> {
    let stage = Stage::new(table)?;
    let rejects_path = keep_rejects.then(|| stage.folder().join(REJECTS_FILE));
    let rejects = Rejects::new(table.name, rejects_path.as_deref())?;
    let stored = stored.unwrap_or_else(|| Arc::new(Schema::empty()));
    let mut intake =
        Intake { table, stored, stage, rejects, open: None, on_progress, file: "", file_bytes: 0, rows: 0 };
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    for (path, name) in files.iter().zip(&names) {
        let size = std::fs::metadata(path).map_err(|source| RawError::Read { file: name.clone(), source })?.len();
        (intake.file, intake.file_bytes, intake.rows) = (name, size, 0);
        match mapping {
            Some(mapping) => read_file(path, &mut mapping.on(path, &mut intake))?,
            None => read_file(path, &mut intake)?,
        }
    }
    let rejects_file = intake.rejects.finish()?;
    let Rejects { total, first, .. } = intake.rejects;
    Ok(Taken { staged: intake.stage.finish()?, rejected: total, first_rejected: first, rejects_file })
}

struct Intake<'a> {
    table: &'static RawTable,
    /// Columns of the dataset as it is.
    stored: SchemaRef,
    stage: Stage,
    rejects: Rejects,
    open: Option<Open>,
    on_progress: &'a OnProgress,
    file: &'a str,
    file_bytes: u64,
    rows: u64,
}

/// The source that is being read.
struct Open {
    name: String,
    conversion: Conversion,
    set: usize,
}

impl Sink for Intake<'_> {
    fn begin(&mut self, source: &Source) -> Result<()> {
        // The first to have a column decides its type: the dataset, then earlier files.
        let columns = [&self.stored].into_iter().chain(self.stage.sets()).flat_map(|schema| schema.fields());
        let known = Schema::new(columns.cloned().collect::<Vec<_>>());
        let conversion = Conversion::new(self.table, &known, source)?;
        let set = self.stage.set(conversion.schema());
        self.open = Some(Open { name: source.name.clone(), conversion, set });
        Ok(())
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let converted = open.conversion.convert(&chunk.rows)?;
        if self.rejects.total == 0 || self.rejects.keeps_all() {
            self.stage.write(open.set, &converted.rows)?;
        }
        if self.rejects.only_counts() {
            self.rejects.count(converted.bad.len() + chunk.malformed.len());
        } else {
            let cells = converted.bad.into_iter();
            let cells = cells.map(|cell| RejectedRow::with_cell(&open.name, chunk.record(cell.row), cell));
            let records = chunk.malformed.iter().map(|malformed| RejectedRow::malformed(&open.name, malformed));
            let mut rows: Vec<RejectedRow> = cells.chain(records).collect();
            rows.sort_by_key(RejectedRow::line);
            rows.into_iter().try_for_each(|row| self.rejects.add(row))?;
        }
        self.rows += (chunk.rows.num_rows() + chunk.malformed.len()) as u64;
        let (file, total_bytes) = (self.file, self.file_bytes);
        let bytes = chunk.bytes.min(total_bytes);
        (self.on_progress)(Progress::Reading { file, bytes, total_bytes, rows: self.rows });
        Ok(())
    }
}
