//! The figures of a run, to look up.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};

use super::Result;
use super::run::texts;

/// The scope of all periods.
pub const ALL: &str = "all";

/// Figures by book (portfolio, benchmark, active), scope (`all`, `year:2024`, `regime:low_vol_bull`) and name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    values: BTreeMap<(String, String, String), Option<f64>>,
}

impl Figures {
    /// Reads rows of book, scope, name, value.
    ///
    /// # Errors
    /// If the values are no numbers.
    pub fn of(rows: &RecordBatch) -> Result<Self> {
        let Some(values) = rows.column_by_name("value") else { return Ok(Self::default()) };
        let values = cast(values, &DataType::Float64)?;
        let values = values.as_primitive::<Float64Type>();
        let mut figures = Self::default();
        let keys = texts(rows, "book").into_iter().zip(texts(rows, "scope")).zip(texts(rows, "name"));
        for (row, ((book, scope), name)) in keys.enumerate() {
            if let (Some(book), Some(scope), Some(name)) = (book, scope, name) {
                let value = values.is_valid(row).then(|| values.value(row)).filter(|value| value.is_finite());
                figures.values.insert((book, scope, name), value);
            }
        }
        Ok(figures)
    }

    /// A figure; nothing if it is missing or could not be computed.
    pub fn get(&self, book: &str, scope: &str, name: &str) -> Option<f64> {
        self.values.get(&(book.to_owned(), scope.to_owned(), name.to_owned())).copied().flatten()
    }

    /// The scopes that begin with `kind`, such as `year:`, without it; in order.
    pub fn scopes(&self, kind: &str) -> Vec<String> {
        let mut found: Vec<String> =
            self.values.keys().filter_map(|(_, scope, _)| scope.strip_prefix(kind)).map(str::to_owned).collect();
        found.sort();
        found.dedup();
        found
    }

    /// As nested JSON objects: book, scope, name.
    pub fn to_json(&self) -> serde_json::Value {
        let mut books: BTreeMap<&str, BTreeMap<&str, BTreeMap<&str, Option<f64>>>> = BTreeMap::new();
        for ((book, scope, name), value) in &self.values {
            books.entry(book).or_default().entry(scope).or_default().insert(name, *value);
        }
        serde_json::json!(books)
    }
}
