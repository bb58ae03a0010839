//! The sessions of the synthetic market: those of the US stock exchanges, by rule.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::exchange;

/// Consecutive sessions. The first ones are a warm-up: prices exist there, but are not written.
pub struct Calendar {
    dates: Vec<NaiveDate>,
    first: usize,
}

impl Calendar {
    /// The `days` sessions up to and including `last`, after `warm_up` sessions that come before
    /// them.
    pub fn ending(last: NaiveDate, days: usize, warm_up: usize) -> Self {
        let backwards = last.iter_days().rev().filter(|&date| exchange::is_scheduled(date));
        let mut dates: Vec<NaiveDate> = backwards.take(days + warm_up).collect();
        dates.reverse();
        let first = dates.len().saturating_sub(days);
        Self { dates, first }
    }

    /// Number of sessions, warm-up included.
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// The first session that is written.
    pub fn first(&self) -> usize {
        self.first
    }

    /// The last session.
    pub fn last(&self) -> usize {
        self.dates.len().saturating_sub(1)
    }

    /// The date of a session.
    pub fn date(&self, session: usize) -> NaiveDate {
        self.dates[session]
    }

    /// The last session on or before `date`, if there is one.
    pub fn on_or_before(&self, date: NaiveDate) -> Option<usize> {
        self.dates.partition_point(|&session| session <= date).checked_sub(1)
    }
}

/// The last day of the month that `date` lies in.
pub fn month_end(date: NaiveDate) -> NaiveDate {
    let first_of_month = date - Days::new(u64::from(date.day0()));
    first_of_month + Months::new(1) - Days::new(1)
}

/// The end of the calendar quarter nearest to the end of the month that `date` lies in.
pub fn nearest_quarter_end(date: NaiveDate) -> NaiveDate {
    let end = month_end(date);
    month_end(match end.month() % 3 {
        1 => end - Months::new(1),
        2 => end + Months::new(1),
        _ => end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ends_on_or_before_the_last_date() {
        let calendar = Calendar::ending(date("2025-12-21"), 3, 2);
        assert_eq!((calendar.len(), calendar.first()), (5, 2));
        assert_eq!(calendar.date(calendar.last()), date("2025-12-19"));
        assert_eq!(calendar.date(calendar.first()), date("2025-12-17"));
        assert_eq!(calendar.on_or_before(date("2025-12-20")), Some(4));
        assert_eq!(calendar.on_or_before(date("2025-01-01")), None);
    }

    #[test]
    fn fiscal_quarters_map_to_the_nearest_calendar_quarter() {
        for (end, quarter) in [("2021-01-31", "2020-12-31"), ("2021-02-27", "2021-03-31"), ("2020-06-30", "2020-06-30")]
        {
            assert_eq!(nearest_quarter_end(date(end)), date(quarter));
        }
    }
}
