//! Table functions: relations and options in, a relation out.
//!
//! ```sql
//! select date, ticker, weight from construct_portfolio((select … as alpha …), n_long => 75, name_cap => 0.03)
//! ```
//!
//! ```text
//! statement ─► planner ─► call (relations arranged, options checked) ─► provider ─► exec ─► evaluate
//! ```
//!
//! A function is a declaration (relations with their columns, options) and an evaluation of whole, sorted relations: one
//! file each. The rest here is their shell.

mod call;
mod candidates;
mod codec;
mod construct_portfolio;
mod declaration;
mod error;
mod exec;
mod optimize_portfolio;
mod options;
mod planner;
mod portfolio_volatility;
mod provider;
mod returns;
mod risk;
mod vol_target;

pub use codec::TableFunctionCodec;
pub use error::TableFunctionError;
pub use exec::Threads;
pub(crate) use planner::TableFunctionPlanner;

use declaration::TableFunction;

/// All table functions of this crate.
pub(crate) fn functions() -> Vec<TableFunction> {
    vec![
        construct_portfolio::function(),
        optimize_portfolio::function(),
        portfolio_volatility::function(),
        vol_target::function(),
    ]
}
