//! Axes: a range of numbers and the places that have a label.

use std::ops::Range;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::number::{Unit, date};

/// Labels that an axis of values aims at.
const LABELS: f64 = 5.0;

/// An axis of a chart.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub range: Range<f64>,
    pub ticks: Vec<(f64, String)>,
}

/// Whether zero belongs on an axis of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The axis shows the values and no more.
    Free,
    /// Zero is on the axis.
    Zero,
}

impl Axis {
    /// An axis that holds the values, from one round number to another. Values that are not finite are left out.
    pub(super) fn of_values(values: impl Iterator<Item = f64>, unit: Unit, origin: Origin) -> Self {
        let zero = (origin == Origin::Zero).then_some(0.0);
        let (low, high) = extent(values.chain(zero)).unwrap_or((0.0, 1.0));
        // What varies in digits that nobody is shown does not vary.
        let varies = high - low > least_shown(unit) * 1e-3;
        let (low, high) = if varies { (low, high) } else { around(low, unit) };
        let step = round_step((high - low) / LABELS);
        // A value that is on a round number but for rounding does not need the next one.
        let first = (low / step + 1e-9).floor() as i64;
        let last = (high / step - 1e-9).ceil() as i64;
        let shown = with_decimals(unit, step);
        let ticks: Vec<_> = (first..=last).map(|n| n as f64 * step).map(|at| (at, shown.show(at))).collect();
        Self { range: first as f64 * step..last as f64 * step, ticks }
    }

    /// An axis of logarithms, labelled with the values themselves, which are above zero.
    pub(super) fn of_logarithms(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = extent(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 2.0));
        let (low, high) = (low * 0.97, high * 1.03);
        // From few to many labels a decade; the last that are not too many.
        let decades: [&[f64]; 5] = [
            &[1.0],
            &[1.0, 3.0],
            &[1.0, 2.0, 5.0],
            &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
        ];
        let inside = |digits: &[f64]| -> Vec<f64> {
            let all = (-6..9).flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)));
            all.filter(|value| (low..=high).contains(value)).collect()
        };
        let few = decades.iter().map(|digits| inside(digits)).rfind(|found| found.len() <= 7);
        let shown = |value: f64| with_decimals(Unit::Plain(0), value).show(value);
        let ticks = few.unwrap_or_default().into_iter().map(|value| (value.ln(), shown(value))).collect();
        Self { range: low.ln()..high.ln(), ticks }
    }

    /// An axis of days from one date to another, with at most `most` labels: every month, or every quarter, …
    pub(super) fn of_dates(first: NaiveDate, last: NaiveDate, most: usize) -> Self {
        let days = (last - first).num_days();
        let dates = (0..=days).filter_map(|day| first.checked_add_signed(TimeDelta::days(day)));
        let months: Vec<_> = dates.filter(|date| date.day() == 1).collect();
        let number = |month: &NaiveDate| month.year() * 12 + month.month0() as i32;
        let every = |step: i32| months.iter().copied().filter(|month| number(month) % step == 0).collect::<Vec<_>>();
        let found = [1, 3, 6, 12, 24, 60, 120].into_iter().map(every).find(|found| found.len() <= most);
        let (ticks, margin) = match found {
            Some(found) if found.len() > 1 => (named(found), 0.0),
            // Labels at both ends need room beyond them.
            _ if days > 0 => ([first, last].map(|at| (day(at), date(at))).to_vec(), days as f64 * 0.1),
            _ => (vec![(day(first), date(first))], 0.5),
        };
        Self { range: day(first) - margin..day(last) + margin, ticks }
    }

    /// An axis of `labels.len()` places, each of width one: place n reaches from n to n + 1.
    pub(super) fn of_places(labels: &[String]) -> Self {
        let ticks = labels.iter().enumerate().map(|(at, label)| (at as f64 + 0.5, label.clone())).collect();
        Self { range: 0.0..(labels.len().max(1) as f64), ticks }
    }

    /// The label of a place that has one.
    pub(super) fn label(&self, at: f64) -> String {
        let near = (self.range.end - self.range.start).abs() * 1e-9;
        let tick = self.ticks.iter().find(|(place, _)| (place - at).abs() <= near);
        tick.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

/// The place of a date on an axis: days since 1970.
pub(super) fn day(date: NaiveDate) -> f64 {
    (date - NaiveDate::default()).num_days() as f64
}

/// The lowest and the highest of the finite values.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// A range around a single value.
fn around(value: f64, unit: Unit) -> (f64, f64) {
    let margin = (value.abs() * 0.1).max(least_shown(unit));
    (value - margin, value + margin)
}

/// The last digit that is shown of a number.
fn least_shown(unit: Unit) -> f64 {
    10f64.powi(-(unit.precision() as i32))
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let digit = [1.0, 2.0, 2.5, 5.0].into_iter().find(|digit| digit * power >= step * (1.0 - 1e-9));
    digit.unwrap_or(10.0) * power
}

/// The unit with as many decimals as multiples of `step` have.
fn with_decimals(unit: Unit, step: f64) -> Unit {
    let decimals = |step: f64| (0..8).find(|n| whole(step * 10f64.powi(*n))).unwrap_or(8) as usize;
    match unit {
        Unit::Percent(_) => Unit::Percent(decimals(step * 100.0)),
        Unit::Plain(_) => Unit::Plain(decimals(step)),
    }
}

fn whole(value: f64) -> bool {
    (value - value.round()).abs() <= 1e-6 * value.abs() && value.round() != 0.0
}

/// Months with their names; the first one and Januaries say the year.
fn named(months: Vec<NaiveDate>) -> Vec<(f64, String)> {
    let name = |(at, month): (usize, NaiveDate)| match (at, month.month()) {
        (_, 1) => year_of(month),
        (0, _) => month.format("%b %Y").to_string(),
        _ => month.format("%b").to_string(),
    };
    months.into_iter().enumerate().map(|(at, month)| (day(month), name((at, month)))).collect()
}

fn year_of(date: NaiveDate) -> String {
    date.format("%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    fn values(values: &[f64], unit: Unit, origin: Origin) -> Axis {
        Axis::of_values(values.iter().copied(), unit, origin)
    }

    #[test]
    fn axes_end_on_round_numbers() {
        let axis = values(&[0.013, -0.172, f64::NAN], Unit::Percent(1), Origin::Free);
        assert_eq!(labels(&axis), ["−20%", "−15%", "−10%", "−5%", "0%", "5%"]);
        assert!((axis.range.start + 0.2).abs() < 1e-12 && (axis.range.end - 0.05).abs() < 1e-12);
        assert_eq!(
            labels(&values(&[0.2, 0.9], Unit::Plain(1), Origin::Zero)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(&values(&[0.0, 0.012], Unit::Percent(1), Origin::Zero)),
            ["0.00%", "0.25%", "0.50%", "0.75%", "1.00%", "1.25%"]
        );
    }

    #[test]
    fn one_value_or_none_has_an_axis_too() {
        for found in [values(&[0.0], Unit::Percent(1), Origin::Zero), values(&[], Unit::Plain(2), Origin::Free)] {
            assert!(found.range.end > found.range.start && found.ticks.len() >= 3, "{found:?}");
        }
        let flat = values(&[80.0, 80.0], Unit::Plain(0), Origin::Free);
        assert!(flat.range.start < 80.0 && flat.range.end > 80.0, "{flat:?}");
    }

    #[test]
    fn dates_have_few_labels() {
        let of = |first: &str, last: &str, most| Axis::of_dates(first.parse().unwrap(), last.parse().unwrap(), most);
        assert_eq!(labels(&of("2015-01-05", "2018-06-01", 5)), ["2016", "2017", "2018"]);
        assert_eq!(labels(&of("2023-02-01", "2024-02-10", 6)), ["Apr 2023", "Jul", "Oct", "2024"]);
        assert_eq!(labels(&of("2023-11-15", "2024-02-10", 6)), ["Dec 2023", "2024", "Feb"]);
        assert_eq!(labels(&of("2023-11-15", "2023-12-22", 6)), ["2023-11-15", "2023-12-22"]);
        assert_eq!(labels(&of("2023-11-15", "2023-11-15", 6)), ["2023-11-15"]);
        assert_eq!(
            labels(&of("1995-01-01", "2025-01-01", 8)),
            ["1995", "2000", "2005", "2010", "2015", "2020", "2025"]
        );
    }

    #[test]
    fn logarithms_are_labelled_with_values() {
        let axis = Axis::of_logarithms([0.8, 9.3].into_iter());
        assert_eq!(labels(&axis), ["1", "1.5", "2", "3", "5", "7"]);
        assert_eq!(labels(&Axis::of_logarithms([0.9, 400.0].into_iter())), ["1", "3", "10", "30", "100", "300"]);
        assert_eq!(axis.label(2f64.ln()), "2");
        assert_eq!(axis.label(0.123), "");
    }
}
