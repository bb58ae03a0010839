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
        for (first, column) in self.days.iter_mut().zip(batch.columns()) {
            if earliest >= *first {
                continue;
            }
            let Some(nulls) = column.logical_nulls().filter(|nulls| nulls.null_count() > 0) else {
                *first = earliest;
                continue;
            };
            let days = nulls.valid_slices().filter_map(|(start, end)| dates.values()[start..end].iter().min());
            *first = days.copied().fold(*first, i32::min);
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
