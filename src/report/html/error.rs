//! What can be wrong with what a report is made of.

use chrono::NaiveDate;
use thiserror::Error;

/// Errors of reports.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A table lacks a column.
    #[error("the {table} of a report need a column '{column}'\nhelp: the table given has {}", .found.join(", "))]
    MissingColumn {
        /// What the table holds.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The columns that it has.
        found: Vec<String>,
    },
    /// A column has a type that cannot be read.
    #[error("column '{column}' of the {table} of a report must be {expected}, but is {found}")]
    WrongType {
        /// What the table holds.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What was expected.
        expected: &'static str,
        /// The type of the column.
        found: String,
    },
    /// A value is missing that no row can do without.
    #[error("column '{column}' of the {table} of a report is NULL in row {row}; every row needs one")]
    MissingValue {
        /// What the table holds.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row, counted from 1.
        row: usize,
    },
    /// A text is none of those that are known.
    #[error("column '{column}' of the {table} of a report holds '{found}', expected {expected}")]
    UnknownValue {
        /// What the table holds.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The text.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// There is nothing to report.
    #[error("run {0} has no periods\nhelp: a report needs a run with at least one rebalance date")]
    NoPeriods(String),
    /// Periods are out of order, or two have one date.
    #[error("the periods of a report must be in the order of their dates; {date} comes after {before}")]
    Unordered {
        /// The date out of place.
        date: NaiveDate,
        /// The one before it.
        before: NaiveDate,
    },
    /// The chart could not be drawn.
    #[error("the chart '{chart}' could not be drawn: {reason}")]
    Chart {
        /// What it shows.
        chart: String,
        /// What the plotting library said.
        reason: String,
    },
}
