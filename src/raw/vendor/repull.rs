//! Which tickers need their whole history again (spec 01 §3 [D] 6, §4 row 14).
//!
//! A split, a dividend or a spin-off rewrites every older price of a ticker, and a new symbol rewrites the ticker in all
//! tables. Pulling by date of change brings the rewritten rows; only the whole history of the ticker shows which rows
//! are gone, and that the vendor was done with rewriting.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};

use super::tally::parse;
use super::{Method, Pull, Request, Result, Step, TableFacts};
use crate::raw::Window;

/// The longest list of tickers in a URL, in characters.
const LIST_LENGTH: usize = 1500;
/// How much later than its day the vendor publishes a row that is new and not corrected.
const USUAL_DELAY: TimeDelta = TimeDelta::days(5);

/// What was stored before a pull.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// The newest change, from the column `lastupdated`.
    pub updated: NaiveDate,
    /// The newest day.
    pub date: NaiveDate,
}

/// Tickers by what happened to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restated {
    /// Their prices were rewritten: pull `sep` or `sfp` again.
    pub prices: BTreeSet<String>,
    /// They got or lost a symbol: pull every table again. Old and new symbols.
    pub renamed: BTreeSet<String>,
}

impl Restated {
    /// What the corporate actions tell that happened after `stored` and until `today`.
    ///
    /// # Errors
    /// If the files of the pull cannot be read, or lack a column.
    pub fn from_actions(actions: &Pull, stored: NaiveDate, today: NaiveDate) -> Result<Self> {
        let mut found = Self::default();
        actions.for_each_row(&["date", "action", "ticker", "contraticker"], |row| {
            let [date, action, ticker, contra] = row else { return };
            // What is announced for later is found on the day that it happens.
            if !parse(date).is_some_and(|date| date > stored && date <= today) {
                return;
            }
            let (action, symbols) = (String::from_utf8_lossy(action).to_ascii_lowercase(), [ticker, contra]);
            if action.starts_with("tickerchange") {
                found.renamed.extend(symbols.into_iter().filter_map(|symbol| self::symbol(symbol)));
            } else if ["split", "dividend", "spinoff", "spunoff"].iter().any(|kind| action.contains(kind)) {
                found.prices.extend(self::symbol(ticker));
            }
        })?;
        Ok(found)
    }

    /// Adds the tickers of a pull of prices that have a row of a day that was stored, changed after that.
    ///
    /// # Errors
    /// If the files of the pull cannot be read, or lack a column.
    pub fn add_prices(&mut self, prices: &Pull, stored: Stored) -> Result<()> {
        prices.for_each_row(&["ticker", "date", "lastupdated"], |row| {
            let [ticker, date, updated] = row else { return };
            let (Some(date), Some(updated)) = (parse(date), parse(updated)) else { return };
            // On the day of the newest change the vendor may have been half-way through the history of a ticker.
            let was_changing = updated == stored.updated && updated - date > USUAL_DELAY;
            if date <= stored.date && (updated > stored.updated || was_changing) && !self.has_price(ticker) {
                self.prices.extend(symbol(ticker));
            }
        })
    }

    /// Adds the symbols of securities that have other symbols in one snapshot of the table of tickers than in the next,
    /// each given as (permaticker, ticker). This finds what no corporate action tells: a dead company whose symbol was
    /// given to another.
    pub fn add_symbol_changes<'a>(
        &mut self,
        before: impl IntoIterator<Item = (&'a str, &'a str)>,
        after: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.into_iter().collect(), after.into_iter().collect());
        let known: BTreeSet<&str> = before.iter().map(|(security, _)| *security).collect();
        let changed = before.symmetric_difference(&after).filter(|(security, _)| known.contains(security));
        self.renamed.extend(changed.filter_map(|(_, ticker)| symbol(ticker.as_bytes())));
    }

    fn has_price(&self, ticker: &[u8]) -> bool {
        std::str::from_utf8(ticker).is_ok_and(|ticker| self.prices.contains(ticker))
    }

    /// The requests that bring the whole history of the tickers concerned. Each is complete, so that stored rows of
    /// these tickers that do not come are retracted. Call it for each table, before the pulls that were made by date of
    /// change advance any watermark.
    pub fn steps(&self, facts: &TableFacts) -> Vec<Step> {
        if !facts.key.contains(&"ticker") || matches!(facts.name, "tickers" | "sp500") {
            return Vec::new(); // pulled whole each time
        }
        let prices = matches!(facts.name, "sep" | "sfp").then_some(&self.prices);
        let tickers: BTreeSet<&String> = self.renamed.iter().chain(prices.into_iter().flatten()).collect();
        let step = |tickers: Vec<String>| Step {
            request: Request::new(facts.name, Window::Tickers(tickers.into_iter().collect())),
            method: Method::Pages,
            complete: true,
        };
        groups(tickers).into_iter().map(step).collect()
    }
}

/// A symbol; the vendor writes `N/A` where there is none.
fn symbol(field: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(field).ok()?;
    // A comma would make it two in a list of tickers.
    (!text.is_empty() && text != "N/A" && !text.contains(',')).then(|| text.to_owned())
}

/// Splits tickers into lists that a URL can hold.
fn groups<'a>(tickers: impl IntoIterator<Item = &'a String>) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut length = usize::MAX;
    for ticker in tickers {
        // A separator becomes three characters in a URL.
        let more = ticker.len() + 3;
        match groups.last_mut() {
            Some(group) if length + more <= LIST_LENGTH => group.push(ticker.clone()),
            _ => {
                groups.push(vec![ticker.clone()]);
                length = 0;
            }
        }
        length += more;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tickers_fit_into_a_url_and_lose_none() {
        let tickers: Vec<String> = (0..2000).map(|number| format!("T{number}")).collect();
        let groups = groups(&tickers);
        assert!(groups.len() > 5 && groups.iter().all(|group| group.join("%2C").len() <= LIST_LENGTH));
        assert_eq!(groups.concat(), tickers);
        assert!(super::groups(&[]).is_empty());
    }

    #[test]
    fn a_symbol_that_moved_concerns_both_companies() {
        let mut found = Restated::default();
        let before = [("1", "ABC"), ("2", "XYZ"), ("3", "N/A")];
        let after = [("1", "ABC1"), ("2", "XYZ"), ("9", "ABC"), ("3", "N/A"), ("10", "NEW")];
        found.add_symbol_changes(before, after);
        assert_eq!(found.renamed.iter().collect::<Vec<_>>(), ["ABC", "ABC1"]);
    }

    #[test]
    fn renamed_tickers_are_pulled_everywhere_and_restated_prices_only_as_prices() {
        let found = Restated { prices: ["AAPL".into()].into(), renamed: ["FB".into(), "META".into()].into() };
        let asked = |name, key| {
            let steps = found.steps(&TableFacts { name, key, date: Some("date"), updated: None });
            steps.iter().map(|step| (step.request.to_string(), step.complete)).collect::<Vec<_>>()
        };
        assert_eq!(asked("sep", &["ticker", "date"]), [("SEP of AAPL, FB, META".to_owned(), true)]);
        assert_eq!(asked("sf2", &["ticker", "filingdate"]), [("SF2 of FB, META".to_owned(), true)]);
        assert!(asked("tickers", &["ticker"]).is_empty());
    }
}
