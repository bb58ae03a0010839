//! What to ask for: the rules of spec 01 §3 [D] 3, as requests.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::{Method, Request, TableFacts, Window};

/// Days that a pull by date of change reaches back behind the newest change that is stored.
const OVERLAP_DAYS: u64 = 3;
/// Days that a pull by date reaches back: late and corrected filings come within them.
const TRAILING_DAYS: u64 = 30;
/// Quarters that a pull of holdings reaches back: 13F filings come up to 45 days late, and are amended after that.
const QUARTERS: u32 = 3;

/// How a table is kept up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The vendor says when it changed a row: ask for what changed.
    Changed {
        /// The column that says so.
        column: &'static str,
    },
    /// It does not: ask for the last days again.
    Trailing {
        /// The column of the day.
        column: &'static str,
    },
    /// Quarters fill slowly: ask for the last ones again.
    Quarters {
        /// The column of the quarter's end.
        column: &'static str,
    },
    /// Ask for the whole table each time.
    Snapshot,
}

/// What decides about a request, besides the table.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// The watermark of the last complete pull that was landed; `None` if nothing is stored yet.
    pub watermark: Option<NaiveDate>,
    /// Today's date.
    pub today: NaiveDate,
    /// Reach back to this date at least.
    pub since: Option<NaiveDate>,
    /// Load the whole table again.
    pub full: bool,
}

/// A request, how to make it, and what its answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to ask for.
    pub request: Request,
    /// How to ask.
    pub method: Method,
    /// Whether the answer is all that there is in the request's window, so that stored rows of the window that are not
    /// in the answer were removed by the vendor and are to be retracted.
    pub complete: bool,
}

impl Rule {
    /// The rule for a table. `tickers` and `sp500` are small and change without a trace; `sf3` is kept by quarters.
    pub fn of(facts: &TableFacts) -> Self {
        match (facts.name, facts.updated, facts.date) {
            ("tickers" | "sp500", _, _) => Self::Snapshot,
            ("sf3", _, Some(column)) => Self::Quarters { column },
            (_, Some(column), _) => Self::Changed { column },
            (_, None, Some(column)) => Self::Trailing { column },
            (_, None, None) => Self::Snapshot,
        }
    }

    /// The column to filter by and the first date to ask for, when rows up to `newest` are stored.
    fn window(self, newest: NaiveDate) -> Option<(&'static str, NaiveDate)> {
        match self {
            Self::Changed { column } => Some((column, newest - Days::new(OVERLAP_DAYS))),
            Self::Trailing { column } => Some((column, newest - Days::new(TRAILING_DAYS))),
            Self::Quarters { column } => Some((column, quarter_ends_back(newest, QUARTERS))),
            Self::Snapshot => None,
        }
    }
}

impl Step {
    /// What brings a table up to date. `since` reaches further back and never less, and does not stand in for the first
    /// load: there would be a hole that no later pull fills.
    pub fn for_table(facts: &TableFacts, situation: &Situation) -> Self {
        let everything =
            |method| Self { request: Request::new(facts.name, Window::Everything), method, complete: true };
        let rule = Rule::of(facts);
        // A row that is dated in the future must not push the window past today.
        let newest = situation.watermark.map_or(situation.today, |watermark| watermark.min(situation.today));
        // A snapshot is a few pages; a bulk file of it would take longer to prepare than to fetch.
        let Some((column, usual)) = rule.window(newest) else { return everything(Method::Pages) };
        if situation.full || situation.watermark.is_none() {
            return everything(Method::Bulk);
        }
        let from = situation.since.map_or(usual, |since| since.min(usual));
        let window = Window::Since { column: column.to_owned(), from };
        let complete = !matches!(rule, Rule::Changed { .. });
        Self { request: Request::new(facts.name, window), method: Method::Pages, complete }
    }
}

/// The `count`-th last end of a quarter, counted from `day`, which may be one itself.
fn quarter_ends_back(day: NaiveDate, count: u32) -> NaiveDate {
    // The day after a quarter's end is the first of a month, which is easier to step by.
    let next = day + Days::new(1);
    let first = next.with_day(1).unwrap_or(next) - Months::new((next.month() - 1) % 3);
    first - Months::new(3 * (count - 1)) - Days::new(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn facts(name: &'static str, date: Option<&'static str>, updated: Option<&'static str>) -> TableFacts {
        TableFacts { name, key: &[], date, updated }
    }

    const TABLES: [TableFacts; 10] = [
        facts("sep", Some("date"), Some("lastupdated")),
        facts("daily", Some("date"), Some("lastupdated")),
        facts("sfp", Some("date"), Some("lastupdated")),
        facts("metrics", Some("date"), Some("lastupdated")),
        facts("sf1", Some("datekey"), Some("lastupdated")),
        facts("sf2", Some("filingdate"), None),
        facts("actions", Some("date"), None),
        facts("sf3", Some("calendardate"), None),
        facts("tickers", None, Some("lastupdated")),
        facts("sp500", Some("date"), None),
    ];

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn asked(watermark: Option<&str>, since: Option<&str>, full: bool) -> Vec<String> {
        let situation =
            Situation { watermark: watermark.map(day), today: day("2025-03-14"), since: since.map(day), full };
        let steps = TABLES.iter().map(|facts| Step::for_table(facts, &situation));
        steps.map(|step| format!("{} {:?} {}", step.request, step.method, step.complete)).collect()
    }

    #[test]
    fn an_update_asks_for_what_may_have_changed() {
        let expected = [
            "SEP lastupdated >= 2025-03-10 Pages false",
            "DAILY lastupdated >= 2025-03-10 Pages false",
            "SFP lastupdated >= 2025-03-10 Pages false",
            "METRICS lastupdated >= 2025-03-10 Pages false",
            "SF1 lastupdated >= 2025-03-10 Pages false",
            "SF2 filingdate >= 2025-02-11 Pages true",
            "ACTIONS date >= 2025-02-11 Pages true",
            "SF3 calendardate >= 2024-06-30 Pages true",
            "TICKERS everything Pages true",
            "SP500 everything Pages true",
        ];
        assert_eq!(asked(Some("2025-03-13"), None, false), expected);
        // A later date than usual leaves no hole.
        assert_eq!(asked(Some("2025-03-13"), Some("2025-03-12"), false), expected);
    }

    #[test]
    fn the_first_load_and_a_full_one_are_everything() {
        let first = asked(None, None, false);
        assert!(first.iter().all(|step| step.contains("everything") && step.ends_with("true")), "{first:?}");
        assert_eq!(first.iter().filter(|step| step.contains("Bulk")).count(), 8);
        assert_eq!(asked(Some("2025-03-13"), None, true), first);
        assert_eq!(asked(None, Some("2025-01-01"), false), first);
    }

    #[test]
    fn since_reaches_back_and_a_future_date_does_not_reach_forward() {
        let back = asked(Some("2025-03-13"), Some("2020-01-01"), false);
        assert_eq!(back[0], "SEP lastupdated >= 2020-01-01 Pages false");
        assert_eq!(back[7], "SF3 calendardate >= 2020-01-01 Pages true");
        assert_eq!(asked(Some("2031-01-01"), None, false)[6], "ACTIONS date >= 2025-02-12 Pages true");
        // After a long pause everything since then is asked for.
        assert_eq!(asked(Some("2024-03-13"), None, false)[5], "SF2 filingdate >= 2024-02-12 Pages true");
    }

    #[test]
    fn ends_of_quarters() {
        let back = |text, count| quarter_ends_back(day(text), count).to_string();
        assert_eq!(back("2025-03-14", 1), "2024-12-31");
        assert_eq!(back("2025-03-31", 1), "2025-03-31");
        assert_eq!(back("2025-03-30", 3), "2024-06-30");
        assert_eq!(back("2025-12-31", 4), "2025-03-31");
    }
}
