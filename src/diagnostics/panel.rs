//! The members of the universe, arranged by date.

use std::collections::HashMap;
use std::ops::Range;

use datafusion::arrow::array::{Array, Date32Array, StringArray};

use super::load::date_text;

/// A row that belongs to no member.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Which ticker is a member on which date, and a place for each such pair: the places of a date lie side by side, by
/// ticker, so that a column laid out this way has each cross-section as one slice.
#[derive(Debug, Default)]
pub struct Panel {
    /// Dates, ascending, days since 1970.
    dates: Vec<i32>,
    /// The first place of each date, and the end.
    starts: Vec<usize>,
    /// Names, in the order of their numbers.
    tickers: Vec<String>,
    numbers: HashMap<String, u32>,
    /// The number of the ticker at each place.
    ticker_at: Vec<u32>,
    /// Dates and places of each ticker, by date.
    histories: Vec<Vec<(i32, u32)>>,
}

impl Panel {
    /// Arranges members that come ordered by ticker and date.
    pub(super) fn new(members: impl Iterator<Item = (String, Vec<i32>)>) -> Self {
        let mut panel = Self::default();
        let mut sizes: HashMap<i32, usize> = HashMap::new();
        for (ticker, dates) in members {
            dates.iter().for_each(|date| *sizes.entry(*date).or_default() += 1);
            panel.numbers.insert(ticker.clone(), panel.tickers.len() as u32);
            panel.tickers.push(ticker);
            panel.histories.push(dates.into_iter().map(|date| (date, NOWHERE)).collect());
        }
        panel.dates = sizes.keys().copied().collect();
        panel.dates.sort_unstable();
        let mut next: HashMap<i32, usize> = HashMap::new();
        let mut start = 0;
        for date in &panel.dates {
            panel.starts.push(start);
            next.insert(*date, start);
            start += sizes[date];
        }
        panel.starts.push(start);
        panel.ticker_at = vec![0; start];
        for (ticker, history) in panel.histories.iter_mut().enumerate() {
            for (date, place) in history {
                if let Some(next) = next.get_mut(date) {
                    *place = *next as u32;
                    panel.ticker_at[*next] = ticker as u32;
                    *next += 1;
                }
            }
        }
        panel
    }

    /// Dates, ascending, days since 1970.
    pub fn dates(&self) -> &[i32] {
        &self.dates
    }

    /// Number of members over all dates.
    pub fn places(&self) -> usize {
        self.ticker_at.len()
    }

    pub(super) fn tickers(&self) -> &[String] {
        &self.tickers
    }

    /// The places of a date.
    pub(super) fn cross_section(&self, date: usize) -> Range<usize> {
        self.starts[date]..self.starts[date + 1]
    }

    /// The number of the ticker at each place of a date.
    pub(super) fn members(&self, date: usize) -> &[u32] {
        &self.ticker_at[self.cross_section(date)]
    }

    /// Ticker and date of a place, for messages.
    pub(super) fn key(&self, place: u32) -> (String, String) {
        let date = self.starts.partition_point(|start| *start <= place as usize) - 1;
        (self.tickers[self.ticker_at[place as usize] as usize].clone(), date_text(self.dates[date]))
    }

    /// The place of each row; [`NOWHERE`] if its ticker is no member on its date.
    ///
    /// Rows in the order of ticker and date are found by going on from the row before.
    pub(super) fn places_of(&self, tickers: &StringArray, dates: &Date32Array) -> Vec<u32> {
        let mut places = Vec::with_capacity(tickers.len());
        let mut history: &[(i32, u32)] = &[];
        let (mut current, mut at) = (None, 0);
        for (ticker, date) in tickers.iter().zip(dates) {
            let (Some(ticker), Some(date)) = (ticker, date) else {
                places.push(NOWHERE);
                continue;
            };
            if current != Some(ticker) {
                current = Some(ticker);
                at = 0;
                history = self.numbers.get(ticker).map_or(&[], |number| &self.histories[*number as usize]);
            }
            if history.get(at).is_some_and(|(next, _)| *next > date) {
                at = history.partition_point(|(earlier, _)| *earlier < date);
            }
            while history.get(at).is_some_and(|(next, _)| *next < date) {
                at += 1;
            }
            places.push(history.get(at).filter(|(next, _)| *next == date).map_or(NOWHERE, |(_, place)| *place));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_by_date_and_rows_find_them_in_any_order() {
        let panel = Panel::new([("A".to_owned(), vec![1, 3]), ("B".to_owned(), vec![1, 2, 3])].into_iter());
        assert_eq!(panel.dates(), [1, 2, 3]);
        assert_eq!((panel.cross_section(0), panel.cross_section(1), panel.cross_section(2)), (0..2, 2..3, 3..5));
        assert_eq!(panel.members(2), [0, 1]);
        let tickers = StringArray::from(vec!["B", "B", "A", "A", "A", "C", "B", "B"]);
        let dates = Date32Array::from(vec![1, 3, 1, 2, 3, 1, 3, 2]);
        assert_eq!(panel.places_of(&tickers, &dates), [1, 4, 0, NOWHERE, 3, NOWHERE, 4, 2]);
        assert_eq!(panel.key(2), ("B".to_owned(), "1970-01-03".to_owned()));
    }
}
