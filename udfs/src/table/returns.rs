//! The relation `returns` from which covariances are estimated.

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::Date32Type;
use datafusion::error::Result;

use super::candidates::texts;
use super::declaration::{ColumnKind, ColumnSpec, RelationSpec};
use crate::column::numbers;
use crate::kernels::optimize::{Return, Returns};

/// Its declaration.
pub(super) const RETURNS: RelationSpec = RelationSpec {
    name: "returns",
    columns: &[
        ColumnSpec { name: "ticker", kind: ColumnKind::Text, required: true, meaning: "the name" },
        ColumnSpec { name: "date", kind: ColumnKind::Date, required: true, meaning: "the day of the price" },
        ColumnSpec {
            name: "ret",
            kind: ColumnKind::Number,
            required: true,
            meaning: "the simple return from the price before",
        },
        ColumnSpec {
            name: "since",
            kind: ColumnKind::Date,
            required: false,
            meaning: "the day of the price before; without it, that of the row before",
        },
    ],
    keeps_others: false,
    key: &["ticker", "date"],
};

/// The returns of some tickers, which are in order, by their places; the dates of all.
pub(super) fn of_tickers(rows: &RecordBatch, tickers: &[String]) -> Result<Returns> {
    let (names, days) = (texts(rows.column(0))?, rows.column(1).as_primitive::<Date32Type>().values());
    let (values, since) = (numbers(rows.column(2))?, rows.column(3).as_primitive::<Date32Type>());
    let mut dates: Vec<i32> = days.to_vec();
    dates.sort_unstable();
    dates.dedup();
    let mut of_names = vec![Vec::new(); tickers.len()];
    let mut row = 0;
    while row < names.len() {
        let name = names.value(row);
        let end = (row..names.len()).find(|next| names.value(*next) != name).unwrap_or(names.len());
        if let Ok(number) = tickers.binary_search_by(|ticker| ticker.as_str().cmp(name)) {
            of_names[number] = (row..end)
                .map(|at| {
                    let before = if at > row { days[at - 1] } else { days[at] };
                    let since = if since.is_valid(at) { since.value(at) } else { before };
                    Return { day: days[at], since, value: values[at] }
                })
                .collect();
        }
        row = end;
    }
    Ok(Returns { dates, names: of_names })
}
