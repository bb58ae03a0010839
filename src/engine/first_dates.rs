//! The first date on which each column of a dataset has a value, found while its rows pass by.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Date32Type, Schema};
use datafusion::arrow::temporal_conversions::date32_to_datetime;

/// The column that says when a row is.
const DATE: &str = "date";

/// The first dates of the columns of one schema; all unknown if it has no dates.
pub(super) struct FirstDates {
    date: Option<usize>,
    days: Vec<i32>,
}

impl FirstDates {
    pub(super) fn new(schema: &Schema) -> Self {
        let date = schema.column_with_name(DATE).filter(|(_, field)| field.data_type() == &DataType::Date32);
        Self { date: date.map(|(at, _)| at), days: vec![i32::MAX; schema.fields().len()] }
    }

    pub(super) fn observe(&mut self, batch: &RecordBatch) {
        let dates = self.date.and_then(|at| batch.column(at).as_primitive_opt::<Date32Type>());
        let Some(dates) = dates.filter(|dates| dates.null_count() == 0) else {
            return;
        };
        let Some(&earliest) = dates.values().iter().min() else {
            return;
        };
        // Where dates start over, as they do with each ticker: between two of these places the first is the least.
        let restarts: Vec<usize> = (1..dates.len()).filter(|row| dates.value(*row) < dates.value(row - 1)).collect();
        for (first, column) in self.days.iter_mut().zip(batch.columns()) {
            if earliest >= *first {
                continue;
            }
            let Some(nulls) = column.logical_nulls().filter(|nulls| nulls.null_count() > 0) else {
                *first = earliest;
                continue;
            };
            for (start, end) in nulls.valid_slices() {
                let after = restarts.partition_point(|row| *row <= start);
                let within = restarts[after..].iter().copied().take_while(|row| *row < end);
                *first = within.chain([start]).map(|row| dates.value(row)).fold(*first, i32::min);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (first, theirs) in self.days.iter_mut().zip(&other.days) {
            *first = (*first).min(*theirs);
        }
    }

    /// The first date of each column that has one, by name, as `2024-01-31`.
    pub(super) fn by_name(&self, schema: &Schema) -> BTreeMap<String, String> {
        let known = self.days.iter().zip(schema.fields()).filter(|(days, _)| **days != i32::MAX);
        let shown = known.map(|(days, field)| {
            let date = date32_to_datetime(*days)?.date();
            Some((field.name().clone(), date.to_string()))
        });
        shown.flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Date32Array, Float64Array};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Dates that ascend ticker by ticker, and some in no order; values that begin late, end early or are missing here and there.
    #[test]
    fn the_first_date_is_the_least_one_with_a_value() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for round in 0..300 {
            let rows = rng.random_range(1..200);
            let session = rng.random_range(1..80);
            let start = rng.random_range(-50..50);
            let day = |row: i32, rng: &mut ChaCha8Rng| match round % 3 {
                0 => rng.random_range(0..30),
                _ => start + row % session,
            };
            let days: Vec<i32> = (0..rows).map(|row| day(row, &mut rng)).collect();
            let late = rng.random_range(0..=session);
            let missing = [0.0, 0.25, 0.5][round / 3 % 3];
            let valid: Vec<bool> = (0..rows).map(|row| row % session >= late && !rng.random_bool(missing)).collect();
            let naive = days.iter().zip(&valid).filter(|(_, valid)| **valid).map(|(day, _)| *day).min();
            let values: Float64Array = valid.iter().map(|valid| valid.then_some(1.0)).collect();
            let columns: [(_, ArrayRef); 2] = [(DATE, Arc::new(Date32Array::from(days))), ("value", Arc::new(values))];
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let mut found = FirstDates::new(&batch.schema());
            let cut = rng.random_range(0..=batch.num_rows());
            found.observe(&batch.slice(0, cut));
            found.observe(&batch.slice(cut, batch.num_rows() - cut));
            assert_eq!(found.days[1], naive.unwrap_or(i32::MAX), "round {round}");
        }
    }
}
