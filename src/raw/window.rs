//! The part of a table of which files say everything.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Date32Array, RecordBatch};
use datafusion::arrow::compute::kernels::cmp::gt_eq;
use serde::{Deserialize, Serialize};

use super::Result;
use super::stage::Year;

/// Rows of a table. Files that hold it completely, as the answer to a question does, also say what is gone: a stored
/// row in it that they do not have is one that the vendor no longer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The whole table.
    Everything,
    /// Rows whose date in `column` is `from` or later.
    Since {
        /// A column of dates.
        column: String,
        /// The first date, itself included.
        from: NaiveDate,
    },
    /// All rows of these tickers.
    Tickers(BTreeSet<String>),
}

impl Window {
    /// Which rows lie in it. A row without the value does not.
    ///
    /// # Errors
    /// If the rows lack the column.
    pub(super) fn contains(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        let column = |name: &str| Ok::<_, super::RawError>(rows.column(rows.schema().index_of(name)?).clone());
        Ok(match self {
            Window::Everything => BooleanArray::from(vec![true; rows.num_rows()]),
            Window::Since { column: name, from } => {
                gt_eq(&column(name)?, &Date32Array::new_scalar(from.to_epoch_days()))?
            }
            Window::Tickers(tickers) => {
                let column = column("ticker")?;
                let names = column.as_string::<i32>();
                (0..names.len()).map(|at| Some(names.is_valid(at) && tickers.contains(names.value(at)))).collect()
            }
        })
    }

    /// Whether rows of a year can lie in it, in a table that is kept by the year of `partition_date`.
    pub(super) fn reaches(&self, year: Year, partition_date: Option<&str>) -> bool {
        match (self, year) {
            (Window::Since { column, from }, Some(year)) if Some(column.as_str()) == partition_date => {
                year >= from.year()
            }
            _ => true,
        }
    }
}
