//! Numbers as people read them: a true minus sign, a fixed number of digits, a dash for what is missing.

use chrono::NaiveDate;

/// What a number is, and with how many digits it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A fraction, shown as a percentage with so many decimals.
    Percent(usize),
    /// A plain number with so many decimals.
    Plain(usize),
}

pub(super) const MISSING: &str = "–";
const MINUS: char = '\u{2212}';

impl Unit {
    /// The number as text. Zero has no sign, whatever was rounded away.
    pub(super) fn show(self, value: f64) -> String {
        if !value.is_finite() {
            return MISSING.to_owned();
        }
        let (scaled, digits, suffix) = match self {
            Self::Percent(digits) => (value * 100.0, digits, "%"),
            Self::Plain(digits) => (value, digits, ""),
        };
        let magnitude = format!("{:.digits$}", scaled.abs());
        let negative = scaled < 0.0 && magnitude.contains(|c: char| c.is_ascii_digit() && c != '0');
        let (whole, decimals) = magnitude.split_once('.').map_or((magnitude.as_str(), ""), |(w, d)| (w, d));
        let point = if decimals.is_empty() { "" } else { "." };
        let sign = if negative { String::from(MINUS) } else { String::new() };
        format!("{sign}{}{point}{decimals}{suffix}", grouped(whole))
    }

    /// Decimals of the unrounded value that `show` can tell apart.
    pub(super) fn precision(self) -> usize {
        match self {
            Self::Percent(digits) => digits + 2,
            Self::Plain(digits) => digits,
        }
    }
}

/// Thousands are kept apart by a thin space that does not break.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

pub(super) fn count(value: usize) -> String {
    grouped(&value.to_string())
}

pub(super) fn date(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

/// `1 period`, `2 periods`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A name as it is written in code, for reading: `low_vol_bull` is `low vol bull`.
pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_true_minus_and_fixed_digits() {
        assert_eq!(Unit::Percent(1).show(-0.1234), "−12.3%");
        assert_eq!(Unit::Percent(2).show(0.5), "50.00%");
        assert_eq!(Unit::Plain(2).show(1.005), "1.00");
        assert_eq!(Unit::Plain(0).show(-3.0), "−3");
    }

    #[test]
    fn what_rounds_to_zero_has_no_sign() {
        assert_eq!(Unit::Percent(1).show(-0.0001), "0.0%");
        assert_eq!(Unit::Plain(2).show(-0.0), "0.00");
    }

    #[test]
    fn what_is_missing_is_a_dash() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Unit::Percent(1).show(value), MISSING);
            assert_eq!(Unit::Plain(1).show(value), MISSING);
        }
    }

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!(count(999), "999");
        assert_eq!(count(1999), "1999");
        assert_eq!(count(12_345_678), "12\u{202F}345\u{202F}678");
        assert_eq!(counted(1, "period"), "1 period");
        assert_eq!(counted(2, "period"), "2 periods");
    }
}
