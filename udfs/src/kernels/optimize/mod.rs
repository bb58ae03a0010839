//! Portfolios as solutions of quadratic programs (spec 06 §2.7, §6.4 and §6.5).
//!
//! From a signal to a book: `signal` scores and ranks a cross-section, `risk_model` estimates the covariance of the
//! candidates from `returns` with an `estimator`, `problem` writes the program with a `builder`, `solver` has it solved and
//! checks the answer, `optimize` does so date by date.
//!
//! Most of what binds on one date binds on the next. So each date starts from the weights and prices of limits that
//! `memory` has of the date before, `active_set` goes from there to the solution in a few steps, and only where that fails
//! a solver is asked from the start. What `active_set` finds counts only if `kkt`, which knows nothing of it, agrees.
//!
//! A covariance is kept as `diag + B'B` all the way into the program, whose quadratic part is then diagonal: for 300
//! names and 60 days that takes a quarter of the time of the full matrix.

mod active_set;
mod builder;
mod cholesky;
mod clarabel;
mod closed_form;
mod covariance;
mod dense;
mod eigen;
mod estimator;
mod forecast;
mod holdings;
mod kkt;
mod kkt_clip;
mod limit;
mod lu;
mod mean_variance;
mod memory;
#[allow(clippy::module_inception)]
mod optimize;
mod options;
mod osqp;
mod outcome;
mod problem;
mod project;
mod returns;
mod risk_model;
mod separable;
mod signal;
mod solver;

pub use closed_form::closed_form;
pub use covariance::Covariance;
pub use estimator::Estimator;
pub use forecast::{Expected, Held, expected_volatility};
pub use kkt::Residual;
pub use optimize::optimize;
pub use options::{Book, KktClip, MeanVariance, Method, Optimization, Script};
pub use outcome::{Bound, Cause, Fallbacks, Optimized, Position, Relaxation, Status};
pub use problem::{Balance, Limits, Name, Problem};
pub use project::{ProjectionLimits, project};
pub use returns::{Return, Returns, Sample};
pub use risk_model::{Estimate, RiskModel};
pub use solver::{Columns, Kink, Point, Program, Solution, Solver, TOLERANCE, Verdict, Workspace};

pub use super::rebalance::{Bounds, Ties};
