//! Factor diagnostics: what a column says about later returns, date by date.
//!
//! Every statistic is one of a date's cross-section over the members of the universe; dates are never pooled. The columns
//! are read once, in the order in which they are stored, and laid out by date in memory (a [`Panel`]); a date's slice of a
//! column is then ranked once and compared with everything else of that date. What comes out are small tables with one
//! row per date, which are summarised in SQL (`sql/diagnostics/`).

mod by_date;
mod correlation;
mod coverage;
mod error;
mod features;
mod ic;
mod lay;
mod load;
mod panel;
mod quantiles;
mod rows;
mod significance;
mod study;
mod turnover;

pub use error::DiagnosticsError;
pub use features::{Feature, find_features};
pub use load::Universe;
pub use panel::Panel;
pub use significance::bonferroni_threshold;
pub use study::{Returns, Study, Target};

/// The result of a diagnostic.
pub type Result<T, E = DiagnosticsError> = std::result::Result<T, E>;
