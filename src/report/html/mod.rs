//! One backtest run as one static HTML page: it needs no network, no script and no other file.
//!
//! ```text
//! RunReport (data, batches) ─► sections (performance, returns, figures, book, factor, origin) ─► page
//!                                 └─► figure ─► chart ─► plotters
//! ```
//!
//! The page shows what it is given. What follows from the given series, such as drawdowns and rolling figures, is
//! computed in `series` and `drawdowns`; the key figures are those of the run. Inside this module a missing number is
//! NaN, as in the kernels; in [`RunReport`] it is `None`.

mod axis;
mod batches;
mod book;
mod chart;
mod data;
mod drawdowns;
mod error;
mod factor;
mod figure;
mod figures;
mod header;
mod heat;
mod number;
mod origin;
mod page;
mod palette;
mod performance;
mod regimes;
mod returns;
mod series;
mod sparks;
mod timeline;

pub use data::{
    Binding, Book, Coefficient, Correlations, Decay, Factor, Metric, Period, QuantileReturn, Run, RunReport, Scope,
    SectorWeight, Spread, Turnover,
};
pub use error::ReportError;

/// The result of making a report.
pub type Result<T, E = ReportError> = std::result::Result<T, E>;

/// The report of a run as a whole HTML document.
///
/// Whatever is absent is left out, or its place says why in one line.
///
/// # Errors
/// If the run has no periods, if they are not in the order of their dates, or if a chart cannot be drawn.
pub fn render(report: &RunReport) -> Result<String> {
    report.check()?;
    let header = header::header(report);
    let sections = [
        performance::section(report)?,
        returns::section(report)?,
        figures::section(report),
        book::section(report)?,
        factor::section(report)?,
        origin::section(report),
    ];
    Ok(page::page(report, &header, &sections))
}
