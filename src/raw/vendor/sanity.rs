//! Answers that look like success and are not.

use chrono::{NaiveDate, TimeDelta};

use super::{Pull, Result, TableFacts, VendorError};
use crate::raw::Window;

/// How old the newest row of a table with rows for every session may be. A fortnight covers any closing of the exchanges.
const STALE_AFTER: TimeDelta = TimeDelta::days(15);
/// The same for tables in which nothing may happen for a while; samples are older.
const SLOWLY_STALE_AFTER: TimeDelta = TimeDelta::days(365);

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
    let Some(stale_after) = stale_after(facts) else {
        return Ok(());
    };
    if newest.is_some_and(|newest| as_of - newest <= stale_after) {
        return Ok(());
    }
    let found = newest.map_or("has no row with a date".to_owned(), |newest| {
        format!("ends on {newest}, {} days before {as_of}", (as_of - newest).num_days())
    });
    Err(VendorError::SampleData { asked: manifest.request.to_string(), found })
}

/// After what time a table without a newer row is none; nothing for tables that may stand still for good.
fn stale_after(facts: &TableFacts) -> Option<TimeDelta> {
    match facts.name {
        "sf3" | "sp500" => None,
        "sep" | "daily" | "sfp" => Some(STALE_AFTER),
        _ => Some(SLOWLY_STALE_AFTER),
    }
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
