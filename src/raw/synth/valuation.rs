//! Rows of `daily`: size and valuation ratios, session by session.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::calendar::Calendar;
use super::frame::{Frame, rounded};
use super::path::{Bar, Path};
use super::statement::Statement;

/// What a session's valuation rests on: the balance sheet filed last and the flows of the trailing
/// year.
struct Basis {
    equity: f64,
    net_debt: f64,
    trailing: Statement,
}

impl Basis {
    /// One basis per number of quarters reported; `None` before a whole year is known.
    fn history(path: &Path) -> Vec<Option<Self>> {
        let basis = |reported: usize| {
            let trailing = Statement::total(path.statements.get(reported.checked_sub(4)?..reported)?)?;
            let net_debt = trailing.debt() - trailing.cash;
            Some(Self { equity: trailing.equity(), net_debt, trailing })
        };
        (0..=path.statements.len()).map(basis).collect()
    }
}

/// The valuation rows of one security: market capitalisation and enterprise value in millions of
/// USD, ratios on the trailing year as filed by that day, NULL where the denominator is zero.
pub fn rows(calendar: &Calendar, ticker: &str, path: &Path) -> Result<RecordBatch, ArrowError> {
    let history = Basis::history(path);
    let (bars, _) = path.written(calendar);
    let bars: Vec<(&Bar, &Basis)> =
        bars.iter().filter_map(|bar| Some((bar, history.get(bar.reported)?.as_ref()?))).collect();
    let ratio = |decimals: i32, value: fn(&Bar, &Basis) -> f64| {
        bars.iter().map(move |(bar, basis)| Some(rounded(value(bar, basis), decimals)))
    };
    let dates = || bars.iter().map(|(bar, _)| Some(calendar.date(bar.session)));
    Frame::new()
        .text("ticker", bars.iter().map(|_| Some(ticker)))
        .date("date", dates())
        .date("lastupdated", dates())
        .number("ev", ratio(1, |bar, basis| enterprise_value(bar, basis) / 1e6))
        .number("evebit", ratio(1, |bar, basis| enterprise_value(bar, basis) / basis.trailing.ebit()))
        .number("evebitda", ratio(1, |bar, basis| enterprise_value(bar, basis) / basis.trailing.ebitda()))
        .number("marketcap", ratio(1, |bar, _| bar.market_cap() / 1e6))
        .number("pb", ratio(2, |bar, basis| bar.market_cap() / basis.equity))
        .number("pe", ratio(1, |bar, basis| bar.market_cap() / basis.trailing.netinc()))
        .number("ps", ratio(2, |bar, basis| bar.market_cap() / basis.trailing.revenue))
        .finish()
}

fn enterprise_value(bar: &Bar, basis: &Basis) -> f64 {
    bar.market_cap() + basis.net_debt
}
