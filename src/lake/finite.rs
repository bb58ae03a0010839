//! Which float columns of a file have a value that is no finite number, found while its rows pass by.

use datafusion::arrow::array::{Array, AsArray, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::{Float64Type, Schema};

/// The columns of one file. Only `Float64` is looked at.
pub(super) struct NotFinite(Vec<bool>);

impl NotFinite {
    pub(super) fn new(schema: &Schema) -> Self {
        Self(vec![false; schema.fields().len()])
    }

    pub(super) fn observe(&mut self, batch: &RecordBatch) {
        for (found, column) in self.0.iter_mut().zip(batch.columns()) {
            *found = *found || column.as_primitive_opt::<Float64Type>().is_some_and(has_not_finite);
        }
    }

    /// The names of the columns with a NaN or an infinity.
    pub(super) fn names(&self, schema: &Schema) -> Vec<String> {
        let columns = self.0.iter().zip(schema.fields());
        columns.filter(|(found, _)| **found).map(|(_, field)| field.name().clone()).collect()
    }
}

fn has_not_finite(column: &Float64Array) -> bool {
    let values = column.values();
    match column.nulls().filter(|nulls| nulls.null_count() > 0) {
        // Under a NULL that a kernel made lies its NaN.
        Some(nulls) => nulls.valid_slices().any(|(start, end)| any_not_finite(&values[start..end])),
        None => any_not_finite(values),
    }
}

fn any_not_finite(values: &[f64]) -> bool {
    // Only of a NaN or an infinity are all bits of the exponent set: one more in its last place sets the sign. Integers and
    // no way out of the loop, so that it runs on vectors.
    const SIGN: u64 = 1 << 63;
    const EXPONENT: u64 = 1 << (f64::MANTISSA_DIGITS - 1);
    let bits = values.iter().fold(0, |bits, x| bits | ((x.to_bits() & !SIGN) + EXPONENT));
    bits & SIGN != 0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array};
    use datafusion::arrow::buffer::NullBuffer;

    use super::*;

    #[test]
    fn a_value_counts_and_what_lies_under_a_null_does_not() {
        let floats = |values: Vec<f64>, valid: Vec<bool>| -> ArrayRef {
            Arc::new(Float64Array::new(values.into(), Some(NullBuffer::from(valid))))
        };
        let batch = RecordBatch::try_from_iter([
            ("finite", floats(vec![1.0, -0.0], vec![true, true])),
            ("under", floats(vec![f64::NAN, 1.0], vec![false, true])),
            ("nan", floats(vec![f64::NAN, 1.0], vec![true, true])),
            ("infinite", floats(vec![1.0, f64::NEG_INFINITY], vec![false, true])),
            ("extreme", floats(vec![f64::MAX, f64::MIN], vec![true, true])),
            ("least", floats(vec![-f64::MIN_POSITIVE, f64::from_bits(1)], vec![true, true])),
            ("n", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef),
        ]);
        let batch = batch.unwrap();
        let mut found = NotFinite::new(&batch.schema());
        found.observe(&batch.slice(0, 1));
        assert_eq!(found.names(&batch.schema()), ["nan"]);
        found.observe(&batch.slice(1, 1));
        assert_eq!(found.names(&batch.schema()), ["nan", "infinite"]);
    }
}
