//! The Delta log of a dataset: reading versions, committing new ones, and what they remember.
//!
//! The log is read and written by the `deltalake-core` crate; this file translates between its actions and ours.
//! Data files are scanned with DataFusion's own Parquet source (see [`super::scan`]).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use deltalake_core::DeltaTableError;
use deltalake_core::kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TableReference, TransactionError};
use deltalake_core::kernel::{Action, Add, Metadata, Remove, StructType, new_metadata};
use deltalake_core::logstore::LogStore;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use futures::FutureExt;
use object_store::path::Path;
use serde::Deserialize;
use serde_json::{Value, json};

use super::seal::{self, Entries};
use super::{
    Blocks, Bounds, Checksums, CommitRecord, DataFile, Lake, LakeError, Layout, Result, Snapshot, Tail, statistics,
};

/// Where the layout stands in the table's configuration.
const LAYOUT_KEY: &str = "kairos.layout";
/// Where the record stands in the commit's information.
const RECORD_KEY: &str = "kairos";

/// Where the entry of a file's tail stands among its tags.
const TAIL_KEY: &str = "kairos.tail";
/// Where the sums of all its blocks stand instead, if an earlier release wrote it.
const BLOCKS_KEY: &str = "kairos.crc32";

/// Where the bounds of a file's columns that are not among its statistics stand among its tags.
const BOUNDS_KEY: &str = "kairos.bounds";

/// Where the columns of a file that have a value which is no finite number stand among its tags.
const NOT_FINITE_KEY: &str = "kairos.not_finite";

/// How many versions a checkpoint sums up. Opening a dataset reads the newest checkpoint and each entry after it, one request
/// apiece in a bucket; a checkpoint costs about what reading two entries does.
const CHECKPOINT_INTERVAL: (&str, &str) = ("delta.checkpointInterval", "10");

/// What a commit changes.
#[derive(Debug)]
pub struct NewVersion<'a> {
    /// The version this one was made from; `None` creates the dataset.
    pub base: Option<&'a Snapshot>,
    /// Columns and types of the new version.
    pub schema: SchemaRef,
    /// Arrangement of the new version.
    pub layout: Layout,
    /// Files that join.
    pub add: Vec<DataFile>,
    /// Files of `base` that leave. They stay in storage for readers of older versions until vacuumed.
    pub remove: Vec<DataFile>,
    /// Where the rows come from.
    pub record: CommitRecord,
}

/// One line of a dataset's history.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// The version.
    pub version: u64,
    /// When it was committed.
    pub committed: Option<DateTime<Utc>>,
    /// Its provenance; `None` if another program committed it.
    pub record: Option<CommitRecord>,
}

/// When a version was committed and the files of the version before that it did without.
pub(super) struct Removals {
    pub committed: Option<DateTime<Utc>>,
    pub removed: Vec<String>,
}

/// The parts of a log entry's line that say so.
#[derive(Deserialize)]
struct LogLine {
    #[serde(rename = "commitInfo")]
    commit_info: Option<Value>,
    remove: Option<Remove>,
}

impl Lake {
    /// The newest version of a dataset, or `None` if it has none.
    ///
    /// # Errors
    /// If the log exists but cannot be read.
    pub async fn snapshot(&self, dataset: &str) -> Result<Option<Snapshot>> {
        self.load(dataset, None).await
    }

    /// A given version of a dataset, or `None` if the dataset does not exist.
    ///
    /// # Errors
    /// If the dataset exists but has no such version, or its log cannot be read.
    pub async fn snapshot_at(&self, dataset: &str, version: u64) -> Result<Option<Snapshot>> {
        // Not by way of the newest version, which may be damaged.
        let error = match self.load(dataset, Some(version)).await {
            Err(error @ LakeError::Log { .. }) => error,
            found => return found,
        };
        match self.load(dataset, None).await? {
            Some(newest) if version > newest.version() => {
                let (dataset, latest) = (dataset.to_owned(), newest.version());
                Err(LakeError::NoSuchVersion { dataset, version, latest })
            }
            _ => Err(error),
        }
    }

    async fn load(&self, dataset: &str, version: Option<u64>) -> Result<Option<Snapshot>> {
        let log = self.log_store(dataset)?;
        let state = match replay(log.as_ref(), version).await {
            Ok(state) => Ok(state),
            Err(_) if self.is_absent(dataset).await? => return Ok(None),
            // The log is there: it may have been created in between, so the failure counts only if it repeats.
            Err(_) => replay(log.as_ref(), version).await,
        };
        to_snapshot(dataset, state.map_err(|e| log_error(dataset, e))?).map(Some)
    }

    /// Whether there is no log at all, as against one that cannot be read.
    async fn is_absent(&self, dataset: &str) -> Result<bool> {
        let folder = self.child(dataset).join("_delta_log");
        let listing = self.store().list_with_delimiter(Some(&folder)).await;
        Ok(listing.map_err(|e| self.storage_error(&folder, e))?.objects.is_empty())
    }

    /// Commits a new version and returns its number.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if a version newer than `base` exists; nothing is changed then.
    pub async fn commit(&self, dataset: &str, new: NewVersion<'_>) -> Result<u64> {
        self.ensure_conditional_writes().await?;
        let log = self.log_store(dataset)?;
        let version = new.base.map_or(0, |base| base.version() + 1);
        let adds: Vec<Add> = new.add.iter().map(|file| to_add(&new.schema, file, version)).collect();
        let mut entries = new.base.map_or_else(Entries::default, |base| base.entries.clone());
        new.remove.iter().for_each(|file| entries.remove(&file.path));
        adds.iter().for_each(|add| entries.insert(add));
        let metadata = seal::close(to_metadata(dataset, &new)?, version, &entries);
        let mut actions = vec![Action::Metadata(metadata.map_err(|e| log_error(dataset, e))?)];
        if new.base.is_none() {
            actions.insert(0, first_protocol(dataset)?);
        }
        actions.extend(new.remove.iter().map(|file| Action::Remove(to_remove(file))));
        actions.extend(adds.into_iter().map(Action::Add));
        let record = serde_json::to_value(&new.record).map_err(|e| log_error(dataset, e.into()))?;
        let properties = CommitProperties::default()
            .with_metadata([(RECORD_KEY.to_owned(), record)])
            .with_max_retries(0)
            .with_create_checkpoint(true)
            // Old entries are the history; they are small.
            .with_cleanup_expired_logs(Some(false));
        let commit = CommitBuilder::from(properties).with_actions(actions).build(
            new.base.map(|base| &base.state as &dyn TableReference),
            log,
            operation(),
        );
        match commit.await {
            Ok(done) => Ok(done.version()),
            // A write can succeed and its answer be lost, then the one that came first is this one; and what can fail
            // after it is a checkpoint, which the next ones make up for.
            Err(_) if self.is_committed(dataset, version, &new.add).await => Ok(version),
            Err(DeltaTableError::Transaction { source }) if is_conflict(&source) => {
                let started_from = new.base.map_or("no version".into(), |base| format!("version {}", base.version()));
                Err(LakeError::Conflict { dataset: dataset.to_owned(), started_from })
            }
            Err(source) => Err(LakeError::Commit { dataset: dataset.to_owned(), source: Box::new(source) }),
        }
    }

    /// Whether a version has these files, whose names are those of one writer. It cannot be told of a version without any.
    async fn is_committed(&self, dataset: &str, version: u64, files: &[DataFile]) -> bool {
        let Ok(Some(found)) = self.snapshot_at(dataset, version).await else {
            return false;
        };
        let has = |file: &DataFile| found.files().iter().any(|other| other.path == file.path);
        !files.is_empty() && files.iter().all(has)
    }

    /// The provenance of one version; `None` if another program committed it or the entry has been cleaned up.
    ///
    /// # Errors
    /// If the log entry cannot be read.
    pub async fn record(&self, dataset: &str, version: u64) -> Result<Option<CommitRecord>> {
        Ok(self.entry(self.log_store(dataset)?.as_ref(), dataset, version).await?.and_then(|entry| entry.record))
    }

    /// The versions of a dataset that its log still describes, newest first.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn history(&self, snapshot: &Snapshot) -> Result<Vec<HistoryEntry>> {
        let log = self.log_store(&snapshot.dataset)?;
        let mut entries = Vec::new();
        for version in (0..=snapshot.version()).rev() {
            match self.entry(log.as_ref(), &snapshot.dataset, version).await? {
                Some(entry) => entries.push(entry),
                None => break,
            }
        }
        Ok(entries)
    }

    /// What one commit removed; `None` if its entry has been cleaned up.
    ///
    /// # Errors
    /// If the entry cannot be read in full.
    pub(super) async fn removals(&self, dataset: &str, version: u64) -> Result<Option<Removals>> {
        let bytes = self.log_store(dataset)?.read_commit_entry(version).await.map_err(|e| log_error(dataset, e))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let mut removals = Removals { committed: None, removed: Vec::new() };
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line).map_err(|e| log_error(dataset, e.into()))? {
                LogLine { commit_info: Some(info), .. } => {
                    removals.committed = info["timestamp"].as_i64().and_then(DateTime::from_timestamp_millis);
                }
                LogLine { remove: Some(remove), .. } => {
                    let path = Path::from_url_path(&remove.path)
                        .map_err(|e| log_error(dataset, object_store::Error::from(e).into()))?;
                    removals.removed.push(path.to_string());
                }
                LogLine { .. } => {}
            }
        }
        Ok(Some(removals))
    }

    async fn entry(&self, log: &dyn LogStore, dataset: &str, version: u64) -> Result<Option<HistoryEntry>> {
        let bytes = log.read_commit_entry(version).await.map_err(|e| log_error(dataset, e))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let info = lines.filter_map(|line| line.get("commitInfo").cloned()).next().unwrap_or_default();
        let record = info.get(RECORD_KEY).and_then(|record| serde_json::from_value(record.clone()).ok());
        let committed = info["timestamp"].as_i64().and_then(DateTime::from_timestamp_millis);
        Ok(Some(HistoryEntry { version, committed, record }))
    }
}

/// Reads a log. Of damaged checkpoints some make the Parquet reader behind it panic, which is an error like any other.
async fn replay(log: &dyn LogStore, version: Option<u64>) -> Result<DeltaTableState, DeltaTableError> {
    let reading = AssertUnwindSafe(DeltaTableState::try_new(log, version)).catch_unwind().await;
    reading.unwrap_or_else(|_| Err(DeltaTableError::generic("its newest checkpoint is damaged")))
}

fn to_snapshot(dataset: &str, state: DeltaTableState) -> Result<Snapshot> {
    let version = state.version();
    let unsupported = |reason: String| LakeError::Unsupported { dataset: dataset.to_owned(), version, reason };
    let schema: Schema =
        state.schema().as_ref().try_into_arrow().map_err(|e: ArrowError| log_error(dataset, e.into()))?;
    let schema = Arc::new(schema);
    let layout = match state.metadata().configuration().get(LAYOUT_KEY) {
        Some(text) => {
            serde_json::from_str(text).map_err(|e| unsupported(format!("its layout is not readable: {e}")))?
        }
        None => Layout::default(),
    };
    let (mut files, mut entries) = (Vec::new(), Entries::default());
    for view in state.log_data().iter() {
        if view.deletion_vector_descriptor().is_some() {
            return Err(unsupported("it was changed by a program that uses deletion vectors".into()));
        }
        let size = view.size().max(0) as u64;
        let path = view.object_store_path().to_string();
        let modified = view.modification_time();
        #[expect(deprecated, reason = "the only way to a file's tags")]
        let add = Add { path: path.clone(), ..view.add_action() };
        entries.insert(&add);
        let statistics = statistics::from_json(&schema, add.stats.as_deref());
        let checksums = checksums(&add, size);
        let checksums = checksums
            .map_err(|e| unsupported(format!("the checksums of '{path}' in its log are not readable: {e}")))?;
        let statistics = Arc::new(statistics);
        // Without it the file is read as any other: the columns are not known to be finite.
        let not_finite =
            seal::tag(&add, NOT_FINITE_KEY).and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
        let not_finite = not_finite.map(Into::into);
        let bounds = seal::tag(&add, BOUNDS_KEY).map(|text| Arc::new(Bounds::from_log(text)));
        files.push(DataFile { path, size, modified, statistics, bounds, checksums, not_finite });
    }
    if !seal::holds(state.metadata(), version, &entries).map_err(|e| log_error(dataset, e))? {
        return Err(LakeError::DamagedLog { dataset: dataset.to_owned(), version });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Snapshot { dataset: dataset.to_owned(), state, schema, layout, files, entries })
}

/// What the tags say that the bytes of a file of `size` bytes must be.
fn checksums(add: &Add, size: u64) -> Result<Option<Checksums>, String> {
    let tail = seal::tag(add, TAIL_KEY).map(|text| Tail::from_log(text, size).map(Checksums::InFile));
    let blocks = || seal::tag(add, BLOCKS_KEY).map(|text| Blocks::from_log(text, size));
    let blocks = || blocks().map(|blocks| blocks.map(|blocks| Checksums::InLog(Arc::new(blocks))));
    tail.or_else(blocks).transpose()
}

/// The new version's metadata; the table keeps its identity over all its versions.
fn to_metadata(dataset: &str, new: &NewVersion<'_>) -> Result<Metadata> {
    use deltalake_core::kernel::MetadataExt;
    let schema: StructType = new.schema.as_ref().try_into_kernel()?;
    let layout = serde_json::to_string(&new.layout).map_err(|e| log_error(dataset, e.into()))?;
    let (interval, versions) = CHECKPOINT_INTERVAL;
    let configuration = [(LAYOUT_KEY, layout), (interval, versions.to_owned())];
    let metadata = new_metadata(&schema, Vec::<String>::new(), configuration);
    let metadata = metadata.map_err(|e| log_error(dataset, e.into()))?;
    let Some(base) = new.base else {
        return Ok(metadata);
    };
    let id = base.state.metadata().id().to_owned();
    metadata.with_table_id(id).map_err(|e| log_error(dataset, e.into()))
}

/// Reader 1 and writer 2 are what every Delta reader understands.
fn first_protocol(dataset: &str) -> Result<Action> {
    let protocol = serde_json::from_value(json!({"minReaderVersion": 1, "minWriterVersion": 2}));
    Ok(Action::Protocol(protocol.map_err(|e| log_error(dataset, e.into()))?))
}

fn to_add(schema: &Schema, file: &DataFile, version: u64) -> Add {
    let checksums = file.checksums.as_ref().map(|checksums| match checksums {
        Checksums::InFile(tail) => (TAIL_KEY.to_owned(), Some(tail.to_log())),
        Checksums::InLog(blocks) => (BLOCKS_KEY.to_owned(), Some(blocks.to_log())),
    });
    let not_finite = file.not_finite.as_ref().map(|names| (NOT_FINITE_KEY.to_owned(), Some(json!(names).to_string())));
    let bounds = file.bounds.as_ref().map(|bounds| (BOUNDS_KEY.to_owned(), Some(bounds.as_str().to_owned())));
    let version = Some((seal::VERSION_KEY.to_owned(), Some(version.to_string())));
    Add {
        path: file.path.clone(),
        size: file.size as i64,
        modification_time: file.modified,
        data_change: true,
        stats: Some(statistics::to_json(schema, &file.statistics)),
        tags: Some([checksums, not_finite, bounds, version].into_iter().flatten().collect()),
        ..Default::default()
    }
}

fn to_remove(file: &DataFile) -> Remove {
    Remove {
        path: file.path.clone(),
        data_change: true,
        deletion_timestamp: Some(Utc::now().timestamp_millis()),
        size: Some(file.size as i64),
        ..Default::default()
    }
}

fn operation() -> DeltaOperation {
    DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None }
}

fn is_conflict(error: &TransactionError) -> bool {
    matches!(
        error,
        TransactionError::VersionAlreadyExists(_)
            | TransactionError::MaxCommitAttempts(_)
            | TransactionError::CommitConflict(_)
    )
}

fn log_error(dataset: &str, source: DeltaTableError) -> LakeError {
    LakeError::Log { dataset: dataset.to_owned(), source: Box::new(source) }
}
