//! The calendar of the US stock exchanges.
//!
//! Scheduled holidays follow from rules; days on which the exchanges were closed all the same are a list.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc, Weekday};

/// Hours of a UTC day after which a session of that day is over and its prices are published: 18:00 in New York in
/// winter, 19:00 in summer.
const EVENING: i64 = 23;

/// Closed without being scheduled: hurricanes, attacks, days of mourning.
const CLOSED: [(i32, u32, u32); 12] = [
    (1985, 9, 27),
    (1994, 4, 27),
    (2001, 9, 11),
    (2001, 9, 12),
    (2001, 9, 13),
    (2001, 9, 14),
    (2004, 6, 11),
    (2007, 1, 2),
    (2012, 10, 29),
    (2012, 10, 30),
    (2018, 12, 5),
    (2025, 1, 9),
];

/// Whether the exchanges are open on a day.
pub fn is_session(date: NaiveDate) -> bool {
    is_scheduled(date) && !CLOSED.contains(&(date.year(), date.month(), date.day()))
}

/// The last session on or before a day.
pub fn last_session(date: NaiveDate) -> NaiveDate {
    date.iter_days().rev().find(|&day| is_session(day)).unwrap_or(date)
}

/// The last session whose prices are published at `now`.
pub fn last_published(now: DateTime<Utc>) -> NaiveDate {
    last_session((now - TimeDelta::hours(EVENING)).date_naive())
}

/// The sessions after a day, up to and including another.
pub fn sessions_between(after: NaiveDate, until: NaiveDate) -> Vec<NaiveDate> {
    after.iter_days().skip(1).take_while(|&day| day <= until).filter(|&day| is_session(day)).collect()
}

/// True for Monday to Friday without the scheduled holidays.
pub fn is_scheduled(date: NaiveDate) -> bool {
    !is_weekend(date) && !is_holiday(date)
}

/// True on Saturdays and Sundays.
pub fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// NYSE Rule 7.2: a holiday on a Saturday is kept on the Friday before, one on a Sunday on the
/// Monday after; New Year on a Saturday is not kept, because the Friday ends the year.
fn is_holiday(date: NaiveDate) -> bool {
    let (month, day, weekday) = (date.month(), date.day(), date.weekday());
    let fixed = |holiday: u32| {
        day == holiday
            || (weekday == Weekday::Mon && day == holiday + 1)
            || (weekday == Weekday::Fri && day + 1 == holiday)
    };
    let nth_weekday = |wanted: Weekday, nth: u32| weekday == wanted && (day - 1) / 7 + 1 == nth;
    match month {
        1 => fixed(1) || (date.year() >= 1998 && nth_weekday(Weekday::Mon, 3)),
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
        for (year, sessions) in
            [(2001, 248), (2012, 250), (2018, 251), (2019, 252), (2022, 251), (2024, 252), (2025, 250)]
        {
            let days = date(&format!("{year}-01-01")).iter_days().take_while(|day| day.year() == year);
            assert_eq!(days.filter(|&day| is_session(day)).count(), sessions, "{year}");
        }
    }

    /// Spec 07 §12 E1 and row P-23.
    #[test]
    fn unscheduled_closings_and_moved_holidays() {
        for closed in ["2025-01-09", "2018-12-05", "2001-09-14", "2026-04-03", "2027-07-05", "2026-07-03"] {
            assert!(!is_session(date(closed)), "{closed}");
        }
        assert!(is_scheduled(date("2025-01-09")) && is_session(date("1997-01-20")));
    }

    #[test]
    fn the_last_published_session() {
        let at = |text: &str| last_published(text.parse().unwrap()).to_string();
        assert_eq!(at("2026-11-25T22:59:00Z"), "2026-11-24");
        assert_eq!(at("2026-11-25T23:00:00Z"), "2026-11-25");
        // Thanksgiving, then the half day after it.
        assert_eq!(at("2026-11-27T12:00:00Z"), "2026-11-25");
        assert_eq!(at("2026-11-29T23:30:00Z"), "2026-11-27");
    }

    #[test]
    fn sessions_between_days() {
        let sessions = sessions_between(date("2026-11-25"), date("2026-12-01"));
        assert_eq!(sessions, [date("2026-11-27"), date("2026-11-30"), date("2026-12-01")]);
        assert!(sessions_between(date("2026-11-25"), date("2026-11-26")).is_empty());
        assert!(sessions_between(date("2026-11-27"), date("2026-11-25")).is_empty());
    }
}
