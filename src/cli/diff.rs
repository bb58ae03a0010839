//! `kairos diff`

use clap::Args;

use super::{CliError, Context, print, print_table};
use crate::backtest::compare;
use crate::report::Table;

/// Show the parameters and figures in which two saved runs differ
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A run: its id, the beginning of it, or a strategy's name for its latest run
    first: String,
    /// Another run
    second: String,
}

pub(super) async fn run(context: &Context, args: &DiffArgs) -> Result<(), CliError> {
    let rows = compare(&context.engine()?, &args.first, &args.second).await?;
    let Some(schema) = rows.first().map(|batch| batch.schema()) else {
        return print("the runs do not differ");
    };
    print_table(Table::of_batches(&schema, &rows).map_err(|error| CliError::failed(error.to_string()))?)
}
