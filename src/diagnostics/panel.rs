//! The members of the universe, arranged by date.

use std::collections::{BTreeMap, HashMap};
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
    /// Arranges tickers with the dates, ascending, on which they are members.
    pub(super) fn new(members: BTreeMap<String, Vec<i32>>) -> Self {
        let mut panel = Self::default();
        for (date, count) in members_by_date(members.values()) {
            panel.dates.push(date);
            panel.starts.push(panel.places());
            panel.ticker_at.resize(panel.places() + count, 0);
        }
        let mut next = panel.starts.clone();
        panel.starts.push(panel.places());
        for (number, (ticker, dates)) in members.into_iter().enumerate() {
            let mut at = 0;
            let place = |date: i32| {
                at += panel.dates[at..].iter().take_while(|earlier| **earlier < date).count();
                let place = next[at];
                next[at] += 1;
                panel.ticker_at[place] = number as u32;
                (date, place as u32)
            };
            panel.histories.push(dates.into_iter().map(place).collect());
            panel.numbers.insert(ticker.clone(), number as u32);
            panel.tickers.push(ticker);
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

/// How many tickers are members on each date, by date. Histories ascend and most begin and end with the market's, so that
/// each is compared with the dates in step.
fn members_by_date<'a>(histories: impl Iterator<Item = &'a Vec<i32>>) -> Vec<(i32, usize)> {
    let mut dates: Vec<(i32, usize)> = Vec::new();
    for history in histories {
        let mut at = 0;
        for date in history {
            at += dates[at..].iter().take_while(|(earlier, _)| earlier < date).count();
            match dates.get_mut(at) {
                Some((known, count)) if known == date => *count += 1,
                _ => dates.insert(at, (*date, 1)),
            }
        }
    }
    dates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_by_date_and_rows_find_them_in_any_order() {
        let panel = Panel::new(BTreeMap::from([("A".to_owned(), vec![1, 3]), ("B".to_owned(), vec![1, 2, 3])]));
        assert_eq!(panel.dates(), [1, 2, 3]);
        assert_eq!((panel.cross_section(0), panel.cross_section(1), panel.cross_section(2)), (0..2, 2..3, 3..5));
        assert_eq!(panel.members(2), [0, 1]);
        let tickers = StringArray::from(vec!["B", "B", "A", "A", "A", "C", "B", "B"]);
        let dates = Date32Array::from(vec![1, 3, 1, 2, 3, 1, 3, 2]);
        assert_eq!(panel.places_of(&tickers, &dates), [1, 4, 0, NOWHERE, 3, NOWHERE, 4, 2]);
        assert_eq!(panel.key(2), ("B".to_owned(), "1970-01-03".to_owned()));
    }

    #[test]
    fn dates_are_counted_whatever_tickers_begin_and_end() {
        let histories = [vec![5, 7], vec![1, 2, 5, 6], vec![], vec![8, 9], vec![0, 9]];
        let counted = members_by_date(histories.iter());
        assert_eq!(counted, [(0, 1), (1, 1), (2, 1), (5, 2), (6, 1), (7, 1), (8, 1), (9, 2)]);
    }
}
