//! Rolling, cross-sectional and scalar functions for equity research on Apache DataFusion.
//!
//! One call gives any DataFusion program the functions:
//!
//! ```
//! # async fn run() -> datafusion::error::Result<()> {
//! let context = datafusion::prelude::SessionContext::new();
//! kairos_udfs::register_all(&context)?;
//! context
//!     .sql(
//!         "select ticker, date, rolling_std(ret, 21) over w as vol_21
//!          from returns window w as (partition by ticker order by date)",
//!     )
//!     .await?
//!     .show()
//!     .await
//! # }
//! ```
//!
//! Every function takes numbers of any type as Float64 and returns a nullable Float64 (`regime_label` a
//! nullable string). NULL, NaN and ±∞ are all *missing*; a result is a finite number or NULL.
//!
//! Window functions work on a whole partition at once and ignore a frame clause (`rows between …`):
//! the number of rows is an argument. Arguments that configure a function must be constants; they are
//! checked when the query is planned.

#![warn(missing_docs)]

mod aggregate;
mod arguments;
mod column;
mod error;
pub mod kernels;
mod names;
mod scalar;
mod table;
mod window;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, WindowUDF};
use datafusion::prelude::SessionContext;

pub use error::ArgumentError;
pub use names::nearest;
pub use table::{TableFunctionCodec, TableFunctionError, Threads};

/// Hash of this crate's sources, 32 hexadecimal digits. It changes whenever a function may compute
/// something else, so a result stored under another fingerprint is stale.
pub const FINGERPRINT: &str = env!("KAIROS_UDFS_FINGERPRINT");

/// Registers every function of this crate in a session.
///
/// # Errors
/// Fails if the session's function registry refuses a registration.
pub fn register_all(context: &SessionContext) -> Result<()> {
    let state = context.state_ref();
    let mut state = state.write();
    for function in scalar::functions() {
        state.register_udf(function.into())?;
    }
    for function in window::functions() {
        state.register_udwf(WindowUDF::from(function).into())?;
    }
    for function in aggregate::functions() {
        state.register_udaf(AggregateUDF::from(function).into())?;
    }
    for function in table::functions() {
        state.register_relation_planner(Arc::new(table::TableFunctionPlanner(function)))?;
    }
    Ok(())
}

/// The names of all functions that [`register_all`] registers.
pub fn function_names() -> Vec<String> {
    let scalar = scalar::functions().into_iter().map(|function| function.name().to_owned());
    let window = window::functions().into_iter().map(|function| function.name().to_owned());
    let aggregate = aggregate::functions().into_iter().map(|function| function.name().to_owned());
    scalar.chain(window).chain(aggregate).chain(table_function_names()).collect()
}

/// The names of the table functions that [`register_all`] registers.
pub fn table_function_names() -> Vec<String> {
    table::functions().into_iter().map(|function| function.name.to_owned()).collect()
}
