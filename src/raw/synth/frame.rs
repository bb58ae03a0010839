//! Builds a record batch column by column.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Field, Schema};
use arrow::error::ArrowError;
use chrono::NaiveDate;

/// A table under construction; all columns must have the same length.
#[derive(Default)]
pub struct Frame {
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
}

impl Frame {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a text column.
    pub fn text<S: AsRef<str>>(self, name: &str, values: impl Iterator<Item = Option<S>>) -> Self {
        self.column(name, DataType::Utf8, Arc::new(values.collect::<StringArray>()))
    }

    /// Appends a column of dates.
    pub fn date(self, name: &str, values: impl Iterator<Item = Option<NaiveDate>>) -> Self {
        let days = values.map(|date| date.map(Date32Type::from_naive_date));
        self.column(name, DataType::Date32, Arc::new(days.collect::<Date32Array>()))
    }

    /// Appends a column of numbers. What is not finite becomes NULL: the vendor never sends NaN or
    /// infinity, nor a negative zero.
    pub fn number(self, name: &str, values: impl Iterator<Item = Option<f64>>) -> Self {
        let finite = values.map(|value| value.filter(|number| number.is_finite()).map(|number| number + 0.0));
        self.column(name, DataType::Float64, Arc::new(finite.collect::<Float64Array>()))
    }

    /// Appends a column of whole numbers.
    pub fn integer(self, name: &str, values: impl Iterator<Item = Option<i64>>) -> Self {
        self.column(name, DataType::Int64, Arc::new(values.collect::<Int64Array>()))
    }

    /// The finished batch; an error when columns differ in length.
    pub fn finish(self) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.columns)
    }

    fn column(mut self, name: &str, kind: DataType, values: ArrayRef) -> Self {
        self.fields.push(Field::new(name, kind, true));
        self.columns.push(values);
        self
    }
}

/// Rounds to a number of decimals.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let unit = 10.0_f64.powi(decimals);
    (value * unit).round() / unit
}
