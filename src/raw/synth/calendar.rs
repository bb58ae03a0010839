//! Sessions of the US stock exchanges, by rule.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// Consecutive sessions. The first ones are a warm-up: prices exist there, but are not written.
pub struct Calendar {
    dates: Vec<NaiveDate>,
    first: usize,
}

impl Calendar {
    /// The `days` sessions up to and including `last`, after `warm_up` sessions that come before
    /// them.
    pub fn ending(last: NaiveDate, days: usize, warm_up: usize) -> Self {
        let backwards = last.iter_days().rev().filter(|&date| is_session(date));
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

/// True for Monday to Friday without the market holidays.
pub fn is_session(date: NaiveDate) -> bool {
    !is_weekend(date) && !is_holiday(date)
}

/// True on Saturdays and Sundays.
pub fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
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

/// NYSE Rule 7.2: a holiday on a Saturday is kept on the Friday before, one on a Sunday on the
/// Monday after; New Year on a Saturday is not kept, because the Friday ends the year. Unscheduled
/// closings are left out.
fn is_holiday(date: NaiveDate) -> bool {
    let (month, day, weekday) = (date.month(), date.day(), date.weekday());
    let fixed = |holiday: u32| {
        day == holiday
            || (weekday == Weekday::Mon && day == holiday + 1)
            || (weekday == Weekday::Fri && day + 1 == holiday)
    };
    let nth_weekday = |wanted: Weekday, nth: u32| weekday == wanted && (day - 1) / 7 + 1 == nth;
    match month {
        1 => fixed(1) || nth_weekday(Weekday::Mon, 3),
        2 => nth_weekday(Weekday::Mon, 3),
        3 | 4 => date == easter_sunday(date.year()) - Days::new(2),
        5 => weekday == Weekday::Mon && day > 24,
        6 => date.year() >= 2022 && fixed(19),
        7 => fixed(4),
        9 => nth_weekday(Weekday::Mon, 1),
        11 => nth_weekday(Weekday::Thu, 4),
        12 => fixed(25),
        _ => false,
    }
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm of Nature 1876, see Meeus,
/// Astronomical Algorithms, chapter 8).
fn easter_sunday(year: i32) -> NaiveDate {
    let (golden, century, in_century) = (year % 19, year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let shift = (golden + 11 * epact + 22 * weekday) / 451;
    let days_from_march = epact + weekday - 7 * shift + 21;
    let first_of_march = NaiveDate::default().with_year(year).unwrap_or_default() + Months::new(2);
    first_of_march + Days::new(days_from_march.unsigned_abs().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn holidays_of_the_exchange() {
        let closed = [
            "2025-01-01",
            "2025-01-20",
            "2025-02-17",
            "2025-04-18",
            "2025-05-26",
            "2025-06-19",
            "2025-07-04",
            "2025-09-01",
            "2025-11-27",
            "2025-12-25",
            "2022-06-20",
            "2020-07-03",
            "2022-12-26",
            "2021-12-24",
            "2024-03-29",
            "2023-01-02",
        ];
        assert!(closed.iter().all(|day| !is_session(date(day))));
        // Juneteenth was no holiday before 2022, and a New Year on a Saturday is not kept.
        let open = ["2020-06-19", "2021-12-31", "2025-12-18", "2025-11-28"];
        assert!(open.iter().all(|day| is_session(date(day))));
    }

    #[test]
    fn sessions_per_year() {
        for (year, sessions) in [(2019, 252), (2022, 251), (2023, 250), (2024, 252)] {
            let days = date(&format!("{year}-01-01")).iter_days().take_while(|day| day.year() == year);
            assert_eq!(days.filter(|&day| is_session(day)).count(), sessions, "{year}");
        }
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
