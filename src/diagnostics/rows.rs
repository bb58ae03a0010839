//! Small tables made of columns.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray};

use super::Result;

/// A table of columns with their names.
pub(super) fn table(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch> {
    let nullable = columns.into_iter().map(|(name, column)| (name, column, true));
    Ok(RecordBatch::try_from_iter_with_nullable(nullable)?)
}

pub(super) fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

pub(super) fn counts(values: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(values.map(|value| i32::try_from(value).unwrap_or(i32::MAX)).collect::<Int32Array>())
}

/// Days since 1970.
pub(super) fn dates(values: impl Iterator<Item = i32>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values))
}

/// Numbers, of which those that are not finite are missing.
pub(super) fn numbers(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(values.map(|value| value.is_finite().then_some(value)).collect::<Float64Array>())
}
