//! Between Arrow columns and the slices of the kernels, in which NaN is missing.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;

/// The values of a Float64 column with NaN in place of NULL; borrowed if there is no NULL.
pub(crate) fn numbers(column: &ArrayRef) -> Result<Cow<'_, [f64]>> {
    let column = column.as_primitive_opt::<Float64Type>().ok_or_else(|| {
        // Type coercion at planning casts every numeric argument.
        internal_datafusion_err!("expected a Float64 column, found {}", column.data_type())
    })?;
    let Some(nulls) = column.nulls().filter(|nulls| nulls.null_count() > 0) else {
        return Ok(Cow::Borrowed(column.values()));
    };
    let pairs = column.values().iter().zip(nulls);
    Ok(Cow::Owned(pairs.map(|(&value, valid)| if valid { value } else { f64::NAN }).collect()))
}

/// The values of a Boolean column with false in place of NULL.
pub(crate) fn marks(column: &ArrayRef) -> Result<Vec<bool>> {
    let column = column
        .as_boolean_opt()
        .ok_or_else(|| internal_datafusion_err!("expected a Boolean column, found {}", column.data_type()))?;
    Ok(column.iter().map(|mark| mark == Some(true)).collect())
}

/// A Float64 column with NULL in place of every value that is not finite.
pub(crate) fn nullable(values: Vec<f64>) -> ArrayRef {
    let valid = BooleanBuffer::collect_bool(values.len(), |i| values[i].is_finite());
    let nulls = Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0);
    Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls))
}

/// Whether an argument of this type can be cast to Float64 without surprise. An untyped NULL can.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_null()
}
