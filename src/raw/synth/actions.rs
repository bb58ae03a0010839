//! Rows of `actions`: splits, dividends, listings and delistings.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::NaiveDate;

use super::calendar::Calendar;
use super::frame::{Frame, rounded};
use super::path::Path;
use super::security::Security;

/// The vendor's text for "nobody".
const NOBODY: &str = "N/A";

struct Action<'a> {
    date: NaiveDate,
    action: &'static str,
    party: Party<'a>,
    value: Option<f64>,
    contra: Party<'a>,
}

/// Symbol and name.
type Party<'a> = (&'a str, &'a str);

/// The actions of one security, and that of its buyer. The value is the ratio of a split, the
/// dividend per share in shares of the latest row, or the market capitalisation at the end in
/// millions of USD.
pub fn rows(calendar: &Calendar, security: &Security, path: &Path) -> Result<RecordBatch, ArrowError> {
    let (bars, adjustments) = path.written(calendar);
    let party = (security.ticker.as_str(), security.name.as_str());
    let nobody = (NOBODY, NOBODY);
    let mut actions = Vec::new();
    if let Some(bar) = bars.first().filter(|_| security.lifetime.start > 0) {
        let date = calendar.date(bar.session);
        actions.push(Action { date, action: "listed", party, value: None, contra: nobody });
    }
    // What happens on the first row changes no row.
    for (bar, adjustment) in bars.iter().zip(adjustments).skip(1) {
        let date = calendar.date(bar.session);
        if bar.split != 1.0 {
            actions.push(Action { date, action: "split", party, value: Some(bar.split), contra: nobody });
        }
        if bar.dividend > 0.0 {
            let value = Some(rounded(bar.dividend / adjustment.split, 6));
            actions.push(Action { date, action: "dividend", party, value, contra: nobody });
        }
    }
    if let (Some(delisting), Some(bar)) = (security.delisting(), bars.last()) {
        let date = calendar.date(bar.session);
        let value = Some(rounded(bar.market_cap() / 1e6, 1));
        let buyer = delisting.acquirer.as_ref().map(|(ticker, name)| (ticker.as_str(), name.as_str()));
        let contra = buyer.unwrap_or(nobody);
        actions.push(Action { date, action: "delisted", party, value, contra: nobody });
        actions.push(Action { date, action: delisting.exit.action(), party, value, contra });
        if let Some(buyer) = buyer {
            actions.push(Action { date, action: "acquisitionof", party: buyer, value, contra: party });
        }
    }
    batch(&actions)
}

fn batch(actions: &[Action]) -> Result<RecordBatch, ArrowError> {
    Frame::new()
        .date("date", actions.iter().map(|row| Some(row.date)))
        .text("action", actions.iter().map(|row| Some(row.action)))
        .text("ticker", actions.iter().map(|row| Some(row.party.0)))
        .text("name", actions.iter().map(|row| Some(row.party.1)))
        .number("value", actions.iter().map(|row| row.value))
        .text("contraticker", actions.iter().map(|row| Some(row.contra.0)))
        .text("contraname", actions.iter().map(|row| Some(row.contra.1)))
        .finish()
}
