//! From rows, range by range, to the files of a version.

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::task::JoinSet;

use super::Result;
use super::first_dates::FirstDates;
use crate::lake::{DataFile, DatasetWriter, Layout, Snapshot, SpliceWriter, Written, to_stored};

/// The folder of the version after `base`. The suffix keeps it clear of what a crashed or losing writer of the same version
/// left behind.
pub(super) fn folder(base: Option<&Snapshot>) -> String {
    let next = base.map_or(0, |base| base.version() + 1);
    let unique = uuid::Uuid::new_v4().simple().to_string();
    format!("v{next:08}-{}", &unique[..8])
}

/// What the names of a partition's files begin with.
pub(super) fn stem(part: usize) -> String {
    format!("part-{part:03}")
}

/// What was written: files, the layout they ended up in, and the first date of each column.
pub(super) struct Stored {
    pub files: Vec<DataFile>,
    pub layout: Layout,
    pub first_dates: BTreeMap<String, String>,
    /// Columns that were copied as they are encoded.
    pub copied: usize,
}

/// What takes the rows of a partition.
pub(super) enum Writer {
    Rows(DatasetWriter),
    Splice(SpliceWriter),
}

/// Writes all partitions at once, each by its own task.
pub(super) async fn store(
    parts: impl Iterator<Item = (SendableRecordBatchStream, Writer)>,
    schema: &SchemaRef,
    layout: &Layout,
) -> Result<Stored> {
    let mut tasks = JoinSet::new();
    for (part, (stream, writer)) in parts.enumerate() {
        let schema = schema.clone();
        tasks.spawn(async move { (part, drain(stream, writer, schema).await) });
    }
    let mut parts = BTreeMap::new();
    while let Some(finished) = tasks.join_next().await {
        let (part, written) = finished.map_err(|e| DataFusionError::External(Box::new(e)))?;
        parts.insert(part, written?);
    }
    let mut layout = layout.clone();
    let (mut files, mut starts) = (Vec::new(), Vec::new());
    let mut first_dates = FirstDates::new(schema);
    for (written, first) in parts.into_values() {
        first_dates.merge(&first);
        files.extend(written.files);
        starts.extend(written.starts);
    }
    if layout.splits.is_empty() {
        layout.splits = starts.into_iter().skip(1).collect();
    }
    Ok(Stored { files, layout, first_dates: first_dates.by_name(schema), copied: 0 })
}

async fn drain(
    mut stream: SendableRecordBatchStream,
    mut writer: Writer,
    schema: SchemaRef,
) -> Result<(Written, FirstDates)> {
    let mut first_dates = FirstDates::new(&schema);
    while let Some(batch) = stream.next().await {
        let batch = to_stored(&batch?, &schema)?;
        first_dates.observe(&batch);
        match &mut writer {
            Writer::Rows(writer) => writer.write(&batch).await?,
            Writer::Splice(writer) => writer.write(&batch).await?,
        }
    }
    let written = match writer {
        Writer::Rows(writer) => writer.finish().await?,
        Writer::Splice(writer) => writer.finish()?,
    };
    Ok((written, first_dates))
}
