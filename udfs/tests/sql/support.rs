//! A session with the functions, small tables, and results as plain numbers.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};

/// A column with missing values.
pub type Column = Vec<Option<f64>>;

/// A session in which all functions are registered. Four partitions and small batches, so that a
/// ticker's rows arrive in pieces.
pub fn session() -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(4).with_batch_size(50);
    let context = SessionContext::new_with_config(config);
    kairos_udfs::register_all(&context).expect("all functions register");
    context
}

/// The session with one table of one ticker: `ticker` = 'A', `t` = 0, 1, 2, … and the given columns.
pub fn with_series(table: &str, columns: &[(&str, &[Option<f64>])]) -> SessionContext {
    let rows = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let tickers: ArrayRef = Arc::new(StringArray::from(vec!["A"; rows]));
    let t: ArrayRef = Arc::new((0..rows as i64).collect::<Int64Array>());
    let mut all = vec![("ticker", tickers), ("t", t)];
    for (name, values) in columns {
        all.push((name, Arc::new(Float64Array::from(values.to_vec()))));
    }
    let context = session();
    let batch = RecordBatch::try_from_iter(all).expect("columns of equal length");
    context.register_batch(table, batch).expect("a new table");
    context
}

/// Runs a query whose columns are all numbers.
pub async fn query(context: &SessionContext, sql: &str) -> Result<Vec<Column>> {
    let frame = context.sql(sql).await?;
    let schema = Arc::clone(frame.schema().inner());
    let batch = concat_batches(&schema, &frame.collect().await?)?;
    batch.columns().iter().map(numbers).collect()
}

/// Runs a query of one numeric column that must succeed.
pub async fn column(context: &SessionContext, sql: &str) -> Column {
    let mut columns = query(context, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(columns.len(), 1, "{sql}: one column");
    columns.remove(0)
}

fn numbers(column: &ArrayRef) -> Result<Column> {
    let column = cast(column, &DataType::Float64)?;
    let column = column.as_primitive::<Float64Type>();
    let found: Column = column.iter().collect();
    assert!(found.iter().flatten().all(|value| value.is_finite()), "NULL, never NaN or infinity");
    Ok(found)
}

/// Compares two columns to a tolerance relative to the larger of 1 and the expected value.
pub fn assert_close(what: &str, found: &[Option<f64>], expected: &[Option<f64>], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
    for (row, pair) in found.iter().zip(expected).enumerate() {
        let equal = match pair {
            (None, None) => true,
            (Some(found), Some(expected)) => (found - expected).abs() <= tolerance * expected.abs().max(1.0),
            _ => false,
        };
        assert!(equal, "{what}, row {row}: {:?}, expected {:?}", pair.0, pair.1);
    }
}

/// Checks one column of a query.
pub async fn assert_column(context: &SessionContext, sql: &str, expected: &[Option<f64>]) {
    assert_close(sql, &column(context, sql).await, expected, 1e-12);
}

/// `some([1, 2])` is `[Some(1), Some(2)]`.
pub fn some<const N: usize>(values: [f64; N]) -> Column {
    values.into_iter().map(Some).collect()
}

/// `n` missing values, then the given ones.
pub fn after<const N: usize>(missing: usize, values: [f64; N]) -> Column {
    let mut column = vec![None; missing];
    column.extend(some(values));
    column
}
