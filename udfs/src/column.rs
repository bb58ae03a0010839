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
    let mut values = column.values().to_vec();
    let mut end = 0;
    for (start, next) in nulls.valid_slices() {
        values[end..start].fill(f64::NAN);
        end = next;
    }
    values[end..].fill(f64::NAN);
    Ok(Cow::Owned(values))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_becomes_nan_wherever_it_stands() {
        let rows = [None, Some(1.0), None, None, Some(f64::INFINITY), Some(-0.0), None];
        let column = Float64Array::from_iter(rows.iter().cycle().take(200).copied());
        for (from, len) in [(0, 200), (3, 70), (1, 1), (2, 2), (6, 1), (5, 0)] {
            let slice: ArrayRef = Arc::new(column.slice(from, len));
            let found: Vec<u64> = numbers(&slice).unwrap().iter().map(|x| x.to_bits()).collect();
            let expected = (from..from + len).map(|row| rows[row % 7].unwrap_or(f64::NAN).to_bits());
            assert_eq!(found, expected.collect::<Vec<_>>(), "{from}, {len}");
        }
        let whole: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
        assert!(matches!(numbers(&whole).unwrap(), Cow::Borrowed([1.0, _])));
    }
}
