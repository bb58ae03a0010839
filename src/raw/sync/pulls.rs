//! The record of pulls, and the pages as they came.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use chrono::{DateTime, NaiveDate, Utc};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef, TimeUnit};

use super::super::grow::append;
use super::super::vendor::{MANIFEST, Method, Pull, PullRecord};
use super::super::{RawError, Result};
use super::stored::open;
use crate::lake::{CommitRecord, Lake};

/// The dataset of pulls that were landed to the end, one row each.
pub const PULLS_DATASET: &str = "raw/_pulls";
/// Where the pages lie as they came, below the lake.
const RECEIVED: &str = "_received";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let date = |name: &str| Field::new(name, DataType::Date32, true);
    let time = |name: &str| Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true);
    Arc::new(Schema::new(vec![
        text("pull_id"),
        text("run_id"),
        text("table"),
        text("requested"),
        text("method"),
        time("started_at"),
        time("finished_at"),
        number("pages"),
        number("rows"),
        text("sha256"),
        date("watermark"),
        date("newest_date"),
        number("version"),
    ]))
});

/// A pull that was landed.
pub(super) struct Kept {
    pub record: PullRecord,
    /// Whether it says how far the table is known.
    pub advances: bool,
    /// The version that it led to, if there was anything new.
    pub version: Option<u64>,
}

/// The dataset of pulls.
pub(super) struct Pulls;

impl Pulls {
    /// The newest change up to which each table was pulled.
    pub async fn watermarks(lake: &Lake) -> Result<BTreeMap<String, NaiveDate>> {
        let mut watermarks = BTreeMap::new();
        let Some(snapshot) = lake.snapshot(PULLS_DATASET).await? else {
            return Ok(watermarks);
        };
        let rows = open(lake, &Arc::new(snapshot))?.select_columns(&["table", "watermark"])?;
        for batch in rows.collect().await? {
            let tables = cast(batch.column(0), &DataType::Utf8)?;
            let (tables, days) = (tables.as_string::<i32>(), batch.column(1).as_primitive::<Date32Type>());
            for at in (0..batch.num_rows()).filter(|at| tables.is_valid(*at) && days.is_valid(*at)) {
                if let Some(day) = NaiveDate::from_epoch_days(days.value(at)) {
                    let newest: &mut NaiveDate = watermarks.entry(tables.value(at).to_owned()).or_insert(day);
                    *newest = day.max(*newest);
                }
            }
        }
        Ok(watermarks)
    }

    /// Adds pulls of one table, together.
    pub async fn append(lake: &Lake, pulls: &[Kept], run_id: &str, started: Instant) -> Result<()> {
        let record = CommitRecord {
            run_id: run_id.to_owned(),
            operation: "sync".into(),
            source: pulls.first().map_or_else(String::new, |first| first.record.table.clone()),
            kairos_version: env!("CARGO_PKG_VERSION").into(),
            ..CommitRecord::default()
        };
        append(lake, PULLS_DATASET, &SCHEMA, [to_batch(pulls, run_id)], &record, started).await
    }
}

fn to_batch(pulls: &[Kept], run_id: &str) -> Result<RecordBatch> {
    fn text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
        Arc::new(values.map(Some).collect::<StringArray>())
    }
    let records = || pulls.iter().map(|pull| &pull.record);
    let time = |of: fn(&PullRecord) -> DateTime<Utc>| -> ArrayRef {
        let times = TimestampMicrosecondArray::from_iter_values(records().map(|record| of(record).timestamp_micros()));
        Arc::new(times.with_timezone("UTC"))
    };
    let date = |days: &mut dyn Iterator<Item = Option<NaiveDate>>| -> ArrayRef {
        Arc::new(days.map(|day| day.map(|day| day.to_epoch_days())).collect::<Date32Array>())
    };
    let number = |values: &mut dyn Iterator<Item = Option<u64>>| -> ArrayRef {
        Arc::new(values.map(|value| value.map(|value| value as i64)).collect::<Int64Array>())
    };
    let method = |record: &PullRecord| match record.method {
        Method::Pages => "pages",
        Method::Bulk => "bulk",
    };
    let columns = vec![
        text(records().map(|record| record.pull_id.as_str())),
        text(records().map(|_| run_id)),
        text(records().map(|record| record.table.as_str())),
        text(records().map(|record| record.requested.as_str())),
        text(records().map(method)),
        time(|record| record.started_at),
        time(|record| record.finished_at),
        number(&mut records().map(|record| Some(record.pages))),
        number(&mut records().map(|record| Some(record.rows))),
        text(records().map(|record| record.sha256.as_str())),
        date(&mut pulls.iter().map(|pull| pull.record.watermark.filter(|_| pull.advances))),
        date(&mut records().map(|record| record.newest_date)),
        number(&mut pulls.iter().map(|pull| pull.version)),
    ];
    Ok(RecordBatch::try_new(SCHEMA.clone(), columns)?)
}

/// Keeps the pages of a pull as they came. A bulk file is not kept: the version that it makes has the same rows.
pub(super) async fn keep(lake: &Lake, pull: &Pull) -> Result<()> {
    let folder = format!("{RECEIVED}/{}/{}", pull.manifest.request.table, pull.manifest.pull_id);
    for file in pull.files().into_iter().chain([pull.folder.join(MANIFEST)]) {
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        lake.put_file(&format!("{folder}/{name}"), &file).await?;
    }
    Ok(())
}

/// Removes the collected files of a pull that is landed and recorded.
pub(super) fn discard(pull: &Pull) -> Result<()> {
    let file = pull.folder.display().to_string();
    std::fs::remove_dir_all(&pull.folder).map_err(|source| RawError::Read { file, source })
}
