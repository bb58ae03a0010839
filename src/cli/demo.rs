//! `kairos demo`

use clap::Args;

use super::{CliError, Context};

/// Make a small synthetic market and take it through every phase
#[derive(Debug, Args)]
pub(super) struct DemoArgs {}

pub(super) async fn run(_: &Context, _: &DemoArgs) -> Result<(), CliError> {
    Ok(())
}
