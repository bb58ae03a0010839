//! Backtests: what a strategy of `sql/backtests/` would have held, and what that would have earned.
//!
//! ```text
//! stages/*.sql (sessions, names, …) ─► STRATEGY.sql ─► weights ─► accounting.sql ─► periods ─► metrics.sql ─► metrics
//!                                                                  ▲ benchmarks/*.sql
//! ```
//!
//! Every arrow is SQL that a researcher can read and change; portfolios, the optimiser and the volatility target are
//! table functions of `kairos-udfs`. Here is only what runs the files in their order: a [`Backtester`] computes each
//! named relation once and keeps it, so that the runs of a sweep share what their parameters do not change; one whose
//! header says `Inline:` is read where it is needed.

mod compare;
mod contract;
mod error;
mod figures;
mod inputs;
mod relations;
mod request;
mod review;
mod run;
mod save;
mod strategy;
mod sweep;

pub use compare::{compare, resolve};
pub use error::BacktestError;
pub use figures::{ALL, Figures};
pub use review::{Means, review};
pub use run::{Backtester, Run};
pub use save::{METRICS, PERIODS, Provenance, RUNS, WEIGHTS, save, save_metrics};
pub use strategy::{Strategies, Strategy};
pub use sweep::Grid;

/// The result of a backtest operation.
pub type Result<T, E = BacktestError> = std::result::Result<T, E>;
