//! `kairos params`

use clap::Args;

use super::{CliError, Context, print_table};
use crate::pipeline::{Parameter, Parameters};
use crate::report::{Align, Table};

/// List the parameters of the SQL and their values
#[derive(Debug, Args)]
pub(super) struct ParamsArgs {}

pub(super) async fn run(context: &Context, _: &ParamsArgs) -> Result<(), CliError> {
    show(&context.parameters(&context.sql_tree()?)?)
}

/// Prints a line for every parameter.
pub(super) fn show(parameters: &Parameters) -> Result<(), CliError> {
    let columns = ["parameter", "value", "unit", "meaning", "set by"].map(|name| (name, Align::Left));
    let mut table = Table::new(&columns);
    for parameter in parameters.iter() {
        table.row([
            parameter.name.clone(),
            value(parameter),
            parameter.unit.clone().unwrap_or_default(),
            parameter.about.clone().unwrap_or_default(),
            parameter.set_by.clone(),
        ]);
    }
    print_table(table)
}

/// The value, and those of single strategies.
fn value(parameter: &Parameter) -> String {
    let own = parameter.strategies.iter().map(|(strategy, value)| format!("; {strategy}: {value}"));
    std::iter::once(parameter.value.to_string()).chain(own).collect()
}
