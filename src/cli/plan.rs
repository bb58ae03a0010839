//! `kairos plan`

use clap::Args;

use super::run::SelectArgs;
use super::{CliError, Context, print};
use crate::pipeline::LakeStates;

/// Show what would be built and why
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    select: SelectArgs,
}

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<(), CliError> {
    let lake = context.lake()?;
    let pipeline = context.pipeline(&lake).await?;
    print(pipeline.plan(&args.select.selectors(), false, &LakeStates::new(&lake)).await?)
}
