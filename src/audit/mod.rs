//! The audit: what is wrong with the data, and whether the pipeline looks ahead.
//!
//! ```text
//! sql/checks/*.sql ─► Check ─┐
//!           lake ─► Subject ─┴─► Auditor ─► CheckResult ─► report; DataGate ─► pipeline::run
//! sql/past/*.sql ─► the lake as it was known at a date ─► rebuilt ─► compared with the lake as it is
//! ```
//!
//! It knows the pipeline, the engine and the lake; they do not know it.

mod auditor;
mod check;
mod error;
mod gate;
mod header;
pub mod lookahead;
mod report;
mod subject;

pub use auditor::{Auditor, CheckResult, Offender, Status};
pub use check::{Check, EACH_PHASE, Severity};
pub use error::AuditError;
pub use gate::DataGate;
pub use report::to_batch;
pub use subject::{RAW_PHASE, Subject};

/// The result of an audit's step.
pub type Result<T, E = AuditError> = std::result::Result<T, E>;
