//! The keys of a batch, a ticker and a date per row, and how those of two batches compare.

use std::cmp::Ordering;

use datafusion::arrow::array::{Array, AsArray, Date32Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::Date32Type;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use super::gallop::end_of;

/// The ticker and the date of each row, ordered by both.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    tickers: StringArray,
    dates: Date32Array,
}

impl Keys {
    /// The keys in two columns of a batch.
    pub(super) fn of(batch: &RecordBatch, [ticker, date]: [usize; 2]) -> Result<Self> {
        let tickers = batch.column(ticker).as_string_opt::<i32>();
        let dates = batch.column(date).as_primitive_opt::<Date32Type>();
        match (tickers, dates) {
            (Some(tickers), Some(dates)) => Ok(Self { tickers: tickers.clone(), dates: dates.clone() }),
            _ => Err(exec_datafusion_err!("columns {ticker} and {date} are no ticker and date: {:?}", batch.schema())),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.dates.len()
    }

    /// Why the rows, which follow `last`, are not keyed one by one; `None` if they are.
    pub(super) fn fault(&self, last: Option<(&Keys, usize)>) -> Option<String> {
        if self.has_missing() {
            return Some("a row without ticker or date".to_owned());
        }
        let twice = |at: usize| Some(format!("two rows with the key {}", self.shown(at)));
        if let Some((last, row)) = last
            && self.len() > 0
            && last.compare(row, self, 0) != Ordering::Less
        {
            return twice(0);
        }
        let dates = self.dates.values();
        let ascends = |at: usize| {
            dates[at - 1] < dates[at] && self.tickers.value(at - 1) == self.tickers.value(at)
                || self.compare(at - 1, self, at) == Ordering::Less
        };
        (1..self.len()).find(|at| !ascends(*at)).and_then(twice)
    }

    /// Whether two rows, or any without a key, are alike. For rows in order.
    pub(super) fn repeats(&self) -> bool {
        let dates = self.dates.values();
        let same = |at: usize| dates[at - 1] == dates[at] && self.tickers.value(at - 1) == self.tickers.value(at);
        self.has_missing() || (1..self.len()).any(same)
    }

    /// How many rows from `at` have the keys of `other` from `from`.
    pub(super) fn common(&self, at: usize, other: &Keys, from: usize) -> usize {
        let (ours, theirs) = (&self.dates.values()[at..], &other.dates.values()[from..]);
        let mut equal = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
        if other.has_missing() {
            equal = (0..equal).take_while(|row| other.is_complete(from + row)).count();
        }
        if same_text(&self.tickers, at, &other.tickers, from, equal) {
            return equal;
        }
        (0..equal).take_while(|row| self.tickers.value(at + row) == other.tickers.value(from + row)).count()
    }

    /// By ticker, then date; missing ones are last.
    pub(super) fn compare(&self, at: usize, other: &Keys, from: usize) -> Ordering {
        let tickers = ordered(self.ticker(at), other.ticker(from));
        tickers.then_with(|| ordered(self.date(at), other.date(from)))
    }

    /// The first row after `at`, which is smaller, that is not smaller than a row of `other`. For rows in order.
    pub(super) fn first_from(&self, at: usize, other: &Keys, row: usize) -> usize {
        end_of(at, self.len(), |at| self.compare(at, other, row) == Ordering::Less)
    }

    fn ticker(&self, at: usize) -> Option<&str> {
        self.tickers.is_valid(at).then(|| self.tickers.value(at))
    }

    fn date(&self, at: usize) -> Option<i32> {
        self.dates.is_valid(at).then(|| self.dates.value(at))
    }

    fn has_missing(&self) -> bool {
        self.tickers.null_count() + self.dates.null_count() > 0
    }

    pub(super) fn is_complete(&self, at: usize) -> bool {
        self.tickers.is_valid(at) && self.dates.is_valid(at)
    }

    pub(super) fn shown_ticker(&self, at: usize) -> String {
        self.ticker(at).unwrap_or("NULL").to_owned()
    }

    pub(super) fn shown_date(&self, at: usize) -> String {
        let date = self.dates.is_valid(at).then(|| self.dates.value_as_date(at)).flatten();
        date.map_or("NULL".to_owned(), |date| date.to_string())
    }

    fn shown(&self, at: usize) -> String {
        format!("ticker {}, date {}", self.shown_ticker(at), self.shown_date(at))
    }
}

fn ordered<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// Whether two stretches of texts are equal, by their lengths and bytes as a whole.
fn same_text(a: &StringArray, at: usize, b: &StringArray, from: usize, len: usize) -> bool {
    let (ours, theirs) = (&a.value_offsets()[at..=at + len], &b.value_offsets()[from..=from + len]);
    let lengths = ours.iter().zip(theirs).all(|(x, y)| x - ours[0] == y - theirs[0]);
    let bytes = |offsets: &[i32]| offsets[0] as usize..offsets[len] as usize;
    lengths && a.value_data()[bytes(ours)] == b.value_data()[bytes(theirs)]
}
