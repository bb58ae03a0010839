//! Answers that look like success and are not.

use chrono::{NaiveDate, TimeDelta};

use super::{Pull, Result, TableFacts, VendorError};
use crate::raw::Window;

/// How old the newest row of a live table may be. A fortnight covers any closing of the exchanges.
const STALE_AFTER: TimeDelta = TimeDelta::days(15);

/// Refuses a pull that ends long before `as_of`: with a key that the vendor does not know, or without a subscription,
/// it sends an old sample instead of an error. A pull of changes may bring nothing, so for it what is stored counts as
/// well (`watermark`). A pull of tickers is not judged: they may all be delisted.
///
/// # Errors
/// [`VendorError::SampleData`].
pub fn refuse_sample(pull: &Pull, facts: &TableFacts, watermark: Option<NaiveDate>, as_of: NaiveDate) -> Result<()> {
    let manifest = &pull.manifest;
    let brought = manifest.newest_updated.max(manifest.newest_date);
    let newest = match manifest.request.window {
        Window::Everything => brought,
        Window::Since { .. } => brought.max(watermark),
        Window::Tickers(_) => return Ok(()),
    };
    if slow(facts) || newest.is_some_and(|newest| as_of - newest <= STALE_AFTER) {
        return Ok(());
    }
    let found = newest.map_or("has no row with a date".to_owned(), |newest| {
        format!("ends on {newest}, {} days before {as_of}", (as_of - newest).num_days())
    });
    Err(VendorError::SampleData { asked: manifest.request.to_string(), found })
}

/// Tables in which nothing may happen for weeks.
fn slow(facts: &TableFacts) -> bool {
    matches!(facts.name, "sf3" | "sp500")
}

/// Refuses a complete answer with fewer than half of the rows that are stored in its window: landing it would retract
/// the others. `stored` is 0 for a first load.
///
/// # Errors
/// [`VendorError::Shrunk`].
pub fn refuse_shrunk(pull: &Pull, stored: u64) -> Result<()> {
    let rows = pull.manifest.rows();
    if rows.saturating_mul(2) >= stored {
        return Ok(());
    }
    Err(VendorError::Shrunk { asked: pull.manifest.request.to_string(), rows, stored })
}
