//! When a company's quarters end and when it reports them.

use std::collections::HashSet;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::calendar::{self, Calendar};
use super::random::{Purpose, chance, stream};
use super::security::Security;
use crate::exchange;

/// Quarters known before the first price: enough for a trailing year.
const EARLIER: u32 = 5;

/// A fiscal quarter.
#[derive(Clone, Copy, Debug)]
pub struct Quarter {
    /// Last day of the quarter.
    pub period: NaiveDate,
    /// True for the last quarter of a fiscal year.
    pub closes_year: bool,
    /// Day of the filing; `None` when the quarter was never reported.
    pub filed: Option<NaiveDate>,
    /// Day of a later filing with corrected numbers.
    pub restated: Option<NaiveDate>,
}

impl Quarter {
    /// The calendar quarter the fiscal quarter counts for.
    pub fn calendar_quarter(&self) -> NaiveDate {
        calendar::nearest_quarter_end(self.period)
    }

    /// The calendar year the fiscal year that ends with this quarter counts for, as its last day. A
    /// year that ends in January counts for the year before.
    pub fn calendar_year(&self) -> NaiveDate {
        let shifted = self.period - Months::new(1);
        NaiveDate::from_ymd_opt(shifted.year(), 12, 31).unwrap_or(shifted)
    }
}

/// The quarters of an issuer from before its listing to the last session, in order. Foreign issuers
/// file only the last one of each year.
pub fn schedule(seed: u64, security: &Security, calendar: &Calendar) -> Vec<Quarter> {
    let rng = &mut stream(seed, Purpose::Filings, security.issuer);
    let lifetime = &security.lifetime;
    let year_end_month = if chance(rng, 0.72) { 12 } else { rng.random_range(1..=11) };
    let ends_on_saturday = chance(rng, 0.06);
    let delay = rng.random_range(24..42);
    let last = calendar.date(lifetime.last);
    let mut month = first_month(calendar.date(lifetime.start), year_end_month);
    let mut used = HashSet::new();
    let mut quarters = Vec::new();
    while month <= last {
        let closes_year = month.month() == year_end_month;
        let period = if ends_on_saturday { last_saturday(month) } else { month };
        let (filed, restated) = filings(rng, period, delay + if closes_year { 25 } else { 0 });
        // A company files at most one report a day.
        let mut within_life = |date: NaiveDate| (date <= last).then(|| free_day(&mut used, date));
        let required = closes_year || security.kind.files_quarterly();
        let filed = filed.filter(|_| required).and_then(&mut within_life);
        let restated = filed.and(restated).and_then(&mut within_life);
        quarters.push(Quarter {
            period,
            closes_year,
            filed: filed.filter(|&date| date <= last),
            restated: restated.filter(|&date| date <= last),
        });
        month = calendar::month_end(month + Months::new(3));
    }
    quarters
}

/// The days of the filing and of its correction, `delay` days and more after the end of the period:
/// usually on time, sometimes late, sometimes never; rarely corrected.
fn filings(rng: &mut ChaCha8Rng, period: NaiveDate, delay: u64) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let late = if chance(rng, 0.03) { rng.random_range(20..120) } else { rng.random_range(0..8) };
    let filed = filing_day(rng, period + Days::new(delay + late));
    let after = Days::new(rng.random_range(60..420));
    let corrected = filing_day(rng, filed + after);
    let (reported, restated) = (!chance(rng, 0.012), chance(rng, 0.025));
    (reported.then_some(filed), restated.then_some(corrected))
}

/// A working day on or after `date`, or now and then the weekend itself.
fn filing_day(rng: &mut ChaCha8Rng, date: NaiveDate) -> NaiveDate {
    let weekend = exchange::is_weekend(date) && chance(rng, 0.06);
    if weekend { date } else { next_weekday(date) }
}

fn next_weekday(date: NaiveDate) -> NaiveDate {
    match date.weekday() {
        Weekday::Sat => date + Days::new(2),
        Weekday::Sun => date + Days::new(1),
        _ => date,
    }
}

/// The first working day from `date` on that has no filing yet, and takes it.
fn free_day(used: &mut HashSet<NaiveDate>, mut date: NaiveDate) -> NaiveDate {
    while !used.insert(date) {
        date = next_weekday(date + Days::new(1));
    }
    date
}

/// The end of the month of the first quarter to report, some quarters before `start`.
fn first_month(start: NaiveDate, year_end_month: u32) -> NaiveDate {
    let back = (start.month() + 12 - year_end_month) % 3;
    calendar::month_end(calendar::month_end(start) - Months::new(back + 3 * EARLIER))
}

/// The last Saturday of the month that `month_end` ends, the close of a 52/53-week year.
fn last_saturday(month_end: NaiveDate) -> NaiveDate {
    let days_since_saturday = (month_end.weekday().num_days_from_sunday() + 1) % 7;
    month_end - Days::new(days_since_saturday.into())
}
