//! Keeping runs in the lake.
//!
//! Each of the four datasets holds all saved runs, keyed by `run_id`. A run's rows are added in one commit per dataset,
//! the list of runs last: a run that is listed is there as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::{Result, Run};
use crate::engine::{Built, Engine, Outcome};
use crate::lake::CommitRecord;

/// The dataset of runs: run_id, strategy, alpha, command, parameters and inputs as JSON, code, started_at, periods, seconds.
pub const RUNS: &str = "backtest_run";
/// The dataset of periods: run_id and the columns of `accounting.sql`.
pub const PERIODS: &str = "backtest_period";
/// The dataset of positions: run_id, date, ticker, sector, z, rank, target, weight, before, bound, status.
pub const WEIGHTS: &str = "backtest_weight";
/// The dataset of figures: run_id, book, scope, name, value.
pub const METRICS: &str = "backtest_metric";

/// The columns of `accounting.sql`. A run that lacks some, such as a blend of others, has NULL there.
const PERIOD_COLUMNS: [(&str, DataType); 25] = [
    ("date", DataType::Date32),
    ("exec_date", DataType::Date32),
    ("date_end", DataType::Date32),
    ("regime", DataType::Utf8),
    ("status", DataType::Utf8),
    ("n_universe", DataType::Int64),
    ("n_long", DataType::Int64),
    ("n_short", DataType::Int64),
    ("port_ret_raw", DataType::Float64),
    ("bench_ret_raw", DataType::Float64),
    ("beta_port_raw", DataType::Float64),
    ("leverage", DataType::Float64),
    ("cost_trading", DataType::Float64),
    ("cost_borrow", DataType::Float64),
    ("cost_financing", DataType::Float64),
    ("port_ret", DataType::Float64),
    ("bench_ret", DataType::Float64),
    ("active_ret", DataType::Float64),
    ("beta_port", DataType::Float64),
    ("gross", DataType::Float64),
    ("net", DataType::Float64),
    ("turnover", DataType::Float64),
    ("invested", DataType::Float64),
    ("effective_n", DataType::Float64),
    ("at_name_cap", DataType::Float64),
];

const WEIGHT_COLUMNS: [(&str, DataType); 10] = [
    ("date", DataType::Date32),
    ("ticker", DataType::Utf8),
    ("sector", DataType::Utf8),
    ("z", DataType::Float64),
    ("rank", DataType::Int32),
    ("target", DataType::Float64),
    ("weight", DataType::Float64),
    ("before", DataType::Float64),
    ("bound", DataType::Utf8),
    ("status", DataType::Utf8),
];

const METRIC_COLUMNS: [(&str, DataType); 4] =
    [("book", DataType::Utf8), ("scope", DataType::Utf8), ("name", DataType::Utf8), ("value", DataType::Float64)];

/// Who ran what, for the list of runs.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// Identifies the run.
    pub run_id: String,
    /// The command line.
    pub command: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// Commits a run: its positions, periods and figures, the tables of its strategy, and its line in the list of runs.
///
/// # Errors
/// If a commit fails. What was committed before stays, but the run is not listed.
pub async fn save(engine: &Engine, run: &Run, of: &Provenance) -> Result<Vec<Built>> {
    let mut built = Vec::new();
    if let Some(weights) = &run.weights {
        let rows = identified(&of.run_id, &conformed(weights, &WEIGHT_COLUMNS)?)?;
        built.push(append(engine, WEIGHTS, rows, "run_id, date, ticker", run, of).await?);
    }
    let periods = identified(&of.run_id, &conformed(&run.periods, &PERIOD_COLUMNS)?)?;
    built.push(append(engine, PERIODS, periods, "run_id, date", run, of).await?);
    for (dataset, rows) in &run.results {
        built.push(replace(engine, dataset, rows.clone(), "date", run, of).await?);
    }
    built.extend(save_metrics(engine, run, of).await?);
    Ok(built)
}

/// Commits the figures of a run and its line in the list of runs, and nothing more: what a sweep keeps of each.
///
/// # Errors
/// As [`save`].
pub async fn save_metrics(engine: &Engine, run: &Run, of: &Provenance) -> Result<Vec<Built>> {
    let metrics = identified(&of.run_id, &conformed(&run.metrics, &METRIC_COLUMNS)?)?;
    let metrics = append(engine, METRICS, metrics, "run_id, scope, book, name", run, of).await?;
    let listed = append(engine, RUNS, line(run, of)?, "run_id", run, of).await?;
    Ok(vec![metrics, listed])
}

fn line(run: &Run, of: &Provenance) -> Result<RecordBatch> {
    let json = |value: &serde_json::Value| value.to_string();
    let alpha = run.parameters.get("alpha").and_then(|alpha| alpha.as_str()).map(str::to_owned);
    let columns: Vec<(&str, Option<String>)> = vec![
        ("run_id", Some(of.run_id.clone())),
        ("strategy", Some(run.strategy.clone())),
        ("alpha", alpha),
        ("command", Some(of.command.clone())),
        ("parameters", Some(json(&serde_json::json!(run.parameters)))),
        ("inputs", Some(json(&serde_json::json!(run.inputs)))),
        ("code", Some(format!("kairos {}", env!("CARGO_PKG_VERSION")))),
        ("started_at", Some(of.started_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
    ];
    let texts = columns.into_iter().map(|(name, text)| (name, Arc::new(StringArray::from(vec![text])) as ArrayRef));
    let periods: ArrayRef = Arc::new(datafusion::arrow::array::Int64Array::from(vec![run.periods.num_rows() as i64]));
    let seconds: ArrayRef = Arc::new(datafusion::arrow::array::Float64Array::from(vec![run.seconds]));
    let numbers = [("periods", periods), ("seconds", seconds)];
    Ok(RecordBatch::try_from_iter_with_nullable(texts.chain(numbers).map(|(name, column)| (name, column, true)))?)
}

/// The columns in their order and types; one that is not there is NULL.
fn conformed(rows: &RecordBatch, columns: &[(&str, DataType)]) -> Result<RecordBatch> {
    let column = |(name, of): &(&str, DataType)| -> Result<ArrayRef> {
        match rows.column_by_name(name) {
            Some(values) => Ok(cast(values, of)?),
            None => Ok(new_null_array(of, rows.num_rows())),
        }
    };
    let fields: Vec<Field> = columns.iter().map(|(name, of)| Field::new(*name, of.clone(), true)).collect();
    let arrays = columns.iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// The rows with the run's id before them.
fn identified(run_id: &str, rows: &RecordBatch) -> Result<RecordBatch> {
    let id: ArrayRef = Arc::new(StringArray::from(vec![run_id; rows.num_rows()]));
    let schema = rows.schema();
    let others =
        schema.fields().iter().zip(rows.columns()).map(|(field, column)| (field.name().as_str(), column.clone()));
    let columns = [("run_id", id)].into_iter().chain(others).map(|(name, column)| (name, column, true));
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

/// Adds rows to a dataset, in place of those of the same run.
async fn append(
    engine: &Engine,
    dataset: &str,
    rows: RecordBatch,
    order: &str,
    run: &Run,
    of: &Provenance,
) -> Result<Built> {
    let kept = match engine.lake().snapshot(dataset).await? {
        Some(_) => {
            format!("select * from {dataset} where run_id <> '{}' union all by name ", of.run_id.replace('\'', "''"))
        }
        None => String::new(),
    };
    let sql =
        format!("create or replace table {dataset} as select * from ({kept}select * from new_rows) order by {order}");
    commit(&engine.clone().with_rows("new_rows", rows)?, &sql, run, of).await
}

/// Commits rows as a dataset.
async fn replace(
    engine: &Engine,
    dataset: &str,
    rows: RecordBatch,
    order: &str,
    run: &Run,
    of: &Provenance,
) -> Result<Built> {
    let sql = format!("create or replace table {dataset} as select * from new_rows order by {order}");
    commit(&engine.clone().with_rows("new_rows", rows)?, &sql, run, of).await
}

async fn commit(engine: &Engine, sql: &str, run: &Run, of: &Provenance) -> Result<Built> {
    let statement = engine.parse(sql)?.pop().ok_or(crate::engine::EngineError::Empty)?;
    let record = CommitRecord {
        run_id: of.run_id.clone(),
        source: of.command.clone(),
        about: format!("Saved runs of kairos backtest; the last is of {}.", run.strategy),
        parameters: run.parameters.clone(),
        inputs: run.inputs.clone().into_iter().collect::<BTreeMap<_, _>>(),
        functions: Some(kairos_udfs::FINGERPRINT.to_owned()),
        ..CommitRecord::default()
    };
    let planned = engine.plan(statement).await?;
    match engine.run(planned, record).await? {
        Outcome::Built(built) => Ok(built),
        Outcome::Rows(_) => Err(crate::engine::EngineError::Empty.into()),
    }
}
