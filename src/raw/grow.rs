//! Datasets that only grow: rows that were set aside, and the record of pulls.

use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

use super::{RawError, Result};
use crate::lake::{CommitRecord, DataFile, DatasetWriter, Lake, LakeError, Layout, NewVersion};

/// How often a commit starts over when other writers commit first. Each time one of them has got on, so this bounds how
/// many may be faster, not how long it may take. Of 32 writers each comes first once in 32 tries: one in 25 would lose 100
/// times in a row, one in 10¹³ a thousand times.
pub(super) const ATTEMPTS: usize = 1000;
/// How often the wait before another attempt doubles. Among 64 writers of whom each waits 64 times as long as it works, one is at
/// work.
const DOUBLINGS: usize = 6;
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Waits before another attempt to commit, so that writers who meet do not keep meeting (Brooker, "Exponential Backoff And
/// Jitter", 2015: full jitter). The measure is the time that the attempt took: milliseconds on a disk, seconds in a bucket.
pub(super) async fn wait_after(attempt: usize, took: Duration) {
    let longest = took.saturating_mul(1 << attempt.min(DOUBLINGS)).min(LONGEST_WAIT);
    tokio::time::sleep(longest.mul_f64(rand::random())).await;
}

/// Appends rows to a dataset as one version, also when others append at the same time.
pub(super) async fn append(
    lake: &Lake,
    dataset: &str,
    schema: &SchemaRef,
    rows: impl IntoIterator<Item = Result<RecordBatch>>,
    record: &CommitRecord,
    started: Instant,
) -> Result<()> {
    let stem = format!("part-{}", uuid::Uuid::new_v4().simple());
    let layout = Layout::default();
    let mut writer = DatasetWriter::new(lake, dataset, "", &stem, schema.clone(), &layout)?;
    for batch in rows {
        writer.write(&batch?).await?;
    }
    let files = writer.finish().await?.files;
    let added: u64 = files.iter().map(DataFile::rows).sum();
    for attempt in 1..=ATTEMPTS {
        let begun = Instant::now();
        let base = lake.snapshot(dataset).await?;
        let record = CommitRecord {
            rows: base.as_ref().map_or(0, |base| base.rows()) + added,
            seconds: started.elapsed().as_secs_f64(),
            ..record.clone()
        };
        let (schema, layout) = (schema.clone(), layout.clone());
        let new = NewVersion { base: base.as_ref(), schema, layout, add: files.clone(), remove: vec![], record };
        match lake.commit(dataset, new).await {
            Err(LakeError::Conflict { .. }) if attempt < ATTEMPTS => wait_after(attempt, begun.elapsed()).await,
            result => return result.map(drop).map_err(RawError::from),
        }
    }
    Ok(())
}
