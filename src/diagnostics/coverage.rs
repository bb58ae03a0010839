//! How many members have a value.

use super::panel::Panel;

/// The values of one feature on one date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coverage {
    pub feature: usize,
    pub date: usize,
    pub members: usize,
    /// Members whose history is long enough that some ticker has had a value by then.
    pub expected: usize,
    pub present: usize,
}

/// Counts per date. `row_numbers` are the tickers' own rows from 1: a column that first has a value on the tickers' n-th
/// row is not expected to have one before.
pub(super) fn coverage(panel: &Panel, columns: &[&[f64]], row_numbers: &[f64]) -> Vec<Coverage> {
    let mut found = Vec::with_capacity(columns.len() * panel.dates().len());
    for (feature, column) in columns.iter().enumerate() {
        let present = column.iter().zip(row_numbers).filter(|(value, _)| value.is_finite());
        let first_row = present.map(|(_, row)| *row).fold(f64::INFINITY, f64::min);
        // A column without any value is expected to have one on every row.
        let first_row = if first_row.is_finite() { first_row } else { 0.0 };
        for date in 0..panel.dates().len() {
            let slice = panel.cross_section(date);
            let expected = row_numbers[slice.clone()].iter().filter(|row| **row >= first_row).count();
            let present = column[slice.clone()].iter().filter(|value| value.is_finite()).count();
            found.push(Coverage { feature, date, members: slice.len(), expected, present });
        }
    }
    found
}
