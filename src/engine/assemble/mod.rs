//! `assemble(base, …)`: the columns of many datasets side by side, one row per row of the base.
//!
//! ```sql
//! select * from assemble(sep_base_academic, feat_price_action, 'feat_*') order by ticker, date
//! ```
//!
//! Every dataset is keyed `(ticker, date)` and so is the result, which has exactly the base's rows. The base and all
//! datasets are read once, in step, and never held: where a dataset has the base's rows its batches are passed on as
//! they are, after a comparison of the keys; where it has others, a row is looked for by moving forward only.
//!
//! ```text
//! call ─► columns (names, types, copies) ─► provider (reads what is asked for) ─► exec ─► cursor (keys in step)
//! ```

mod call;
mod columns;
mod cursor;
mod error;
mod exec;
mod joined;
mod planner;
mod provider;
mod stored;

pub(crate) use call::pattern_finds;
pub use call::{AssembleCall, Member};
pub(super) use columns::KEY;
pub(crate) use columns::has_key;
pub use error::AssembleError;
pub(super) use exec::AssembleExec;
pub(crate) use joined::JoinedAssemblies;
pub(crate) use planner::{Assemblies, calls};
pub(crate) use provider::Assembly;

/// The name of the table function.
pub const ASSEMBLE: &str = "assemble";
