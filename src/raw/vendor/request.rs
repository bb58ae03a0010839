//! What is asked of the vendor: a table and a window of its rows.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::raw::Window;

/// How many tickers are printed.
const PRINTED: usize = 5;

/// A window of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The table's name in lower case, as in the lake.
    pub table: String,
    /// Its rows.
    pub window: Window,
}

impl Request {
    /// A request for these rows of a table.
    pub fn new(table: &str, window: Window) -> Self {
        Self { table: table.to_ascii_lowercase(), window }
    }

    /// The table's name in the vendor's URLs.
    pub fn vendor_name(&self) -> String {
        self.table.to_ascii_uppercase()
    }

    /// The filter of the query string; `None` asks for everything.
    pub(super) fn filter(&self) -> Option<(String, String)> {
        match &self.window {
            Window::Everything => None,
            Window::Since { column, from } => Some((format!("{column}.gte"), from.to_string())),
            Window::Tickers(tickers) => Some(("ticker".to_owned(), listed(tickers, ",", usize::MAX))),
        }
    }

    /// A folder name that belongs to this request and no other.
    pub(super) fn folder(&self) -> PathBuf {
        let whole = format!("{}\n{:?}", self.table, self.filter());
        format!("{}-{}", self.table, &hex(&Sha256::digest(whole))[..16]).into()
    }
}

impl fmt::Display for Request {
    /// Such as `SEP lastupdated >= 2024-01-02`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.vendor_name())?;
        match &self.window {
            Window::Everything => write!(f, " everything"),
            Window::Since { column, from } => write!(f, " {column} >= {from}"),
            Window::Tickers(tickers) => {
                write!(f, " of {}", listed(tickers, ", ", PRINTED))?;
                match tickers.len().saturating_sub(PRINTED) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
        }
    }
}

/// The first names of a set.
fn listed(names: &BTreeSet<String>, separator: &str, most: usize) -> String {
    names.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(separator)
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn requests_are_printed_filtered_and_told_apart() {
        let from = NaiveDate::from_ymd_opt(2024, 1, 2).unwrap();
        let everything = Request::new("SEP", Window::Everything);
        let since = Request::new("sep", Window::Since { column: "lastupdated".into(), from });
        let few = Request::new("sep", Window::Tickers(["NA".into(), "BRK.B".into()].into()));
        let many = Request::new("sep", Window::Tickers((0..9).map(|i| format!("T{i}")).collect()));
        assert_eq!(everything.to_string(), "SEP everything");
        assert_eq!(since.to_string(), "SEP lastupdated >= 2024-01-02");
        assert_eq!(few.to_string(), "SEP of BRK.B, NA");
        assert_eq!(many.to_string(), "SEP of T0, T1, T2, T3, T4 and 4 more");
        assert_eq!(everything.filter(), None);
        assert_eq!(since.filter().unwrap(), ("lastupdated.gte".to_owned(), "2024-01-02".to_owned()));
        assert_eq!(few.filter().unwrap(), ("ticker".to_owned(), "BRK.B,NA".to_owned()));
        let mut folders: Vec<_> = [everything, since, few, many].iter().map(Request::folder).collect();
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), 4);
    }
}
