//! When what was earned was earned.

use chrono::{NaiveDate, TimeDelta};

use super::data::Period;

/// Where periods begin and end in time.
pub(super) struct Timeline {
    /// The start of the first holding period.
    pub start: NaiveDate,
    /// Formation dates: where the state of the book belongs.
    pub formed: Vec<NaiveDate>,
    /// Ends of the holding periods: where their returns belong.
    pub ends: Vec<NaiveDate>,
}

impl Timeline {
    /// A period whose end was not recorded lasts until the next formation date, the last one as long as the one before
    /// it, or a week.
    pub(super) fn of(periods: &[Period]) -> Self {
        let formed: Vec<_> = periods.iter().map(|period| period.date).collect();
        let usual = match formed.as_slice() {
            [.., before, last] => *last - *before,
            _ => TimeDelta::days(7),
        };
        let end = |(at, period): (usize, &Period)| {
            let next = formed.get(at + 1).copied();
            period.date_end.or(next).unwrap_or(period.date + usual)
        };
        let ends = periods.iter().enumerate().map(end).collect();
        let start = periods.first().and_then(|period| period.exec_date.or(Some(period.date))).unwrap_or_default();
        Self { start, formed, ends }
    }

    /// The dates of the value of the book: the start, and the end of each period.
    pub(super) fn valued(&self) -> Vec<NaiveDate> {
        std::iter::once(self.start).chain(self.ends.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, day).unwrap()
    }

    fn formed(day: u32) -> Period {
        Period { date: date(day), ..Period::default() }
    }

    #[test]
    fn recorded_dates_come_first() {
        let period = Period { exec_date: Some(date(3)), date_end: Some(date(10)), ..formed(2) };
        assert_eq!(Timeline::of(&[period]).valued(), [date(3), date(10)]);
    }

    #[test]
    fn periods_without_an_end_last_until_the_next() {
        let time = Timeline::of(&[formed(2), formed(9), formed(19)]);
        assert_eq!(time.valued(), [date(2), date(9), date(19), date(29)]);
        assert_eq!(Timeline::of(&[formed(2)]).ends, [date(9)]);
    }
}
