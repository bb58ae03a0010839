//! `kairos report`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CliError, Context, print};
use crate::backtest::{Means, resolve, review};
use crate::engine::Engine;
use crate::report::html;

/// Write a page about a saved run: returns, risk, costs, positions and the signal, with charts
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The run: its id or the beginning of it
    #[arg(long, value_name = "ID", conflicts_with = "strategy")]
    run: Option<String>,
    /// The latest saved run of a strategy [default: the latest of all]
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The page
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
}

pub(super) async fn run(context: &Context, args: &ReportArgs) -> Result<(), CliError> {
    let asked = args.run.as_deref().or(args.strategy.as_deref()).unwrap_or(LATEST);
    write(context, &context.engine()?, asked, &args.output).await?;
    print(args.output.display())
}

/// Any run at all: the latest.
pub(super) const LATEST: &str = "";

/// Writes the page of a run.
pub(super) async fn write(context: &Context, engine: &Engine, run: &str, path: &Path) -> Result<(), CliError> {
    let id = resolve(engine, run).await?;
    let means = Means { threads: context.threads(), memory: context.memory_limit() / 2 };
    let report = review(engine, &context.sql_tree()?, &id, means).await?;
    let page = html::render(&report).map_err(|error| CliError::failed(error.to_string()))?;
    std::fs::write(path, page).map_err(|error| CliError::failed(format!("cannot write '{}': {error}", path.display())))
}
