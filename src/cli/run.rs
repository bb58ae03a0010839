//! `kairos run`

use clap::Args;

use super::{CliError, Context, print};
use crate::audit::DataGate;
use crate::lake::Lake;
use crate::pipeline::{
    Builder, EngineBuilder, Gate, LakeStates, Plan, ProgressDisplay, RunLog, RunOptions, RunSummary, Selectors,
    run as run_plan,
};

/// Build what is stale, in the order of its dependencies
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) select: SelectArgs,
    /// Build the selected datasets even if they are up to date
    #[arg(long)]
    force: bool,
    /// Only show what would be built and why
    #[arg(long)]
    dry_run: bool,
    /// Build on data that no check has seen
    #[arg(long)]
    no_checks: bool,
}

/// Which part of the pipeline is meant.
#[derive(Debug, Default, Args)]
pub(super) struct SelectArgs {
    /// Datasets by name, pattern (feat_*) or .sql file, with whatever they need [default: all]
    datasets: Vec<String>,
    /// Only the datasets of a folder of the SQL, such as features; may be repeated
    #[arg(long, value_name = "NAME")]
    phase: Vec<String>,
    /// Only a dataset and what depends on it; may be repeated
    #[arg(long, value_name = "DATASET")]
    from: Vec<String>,
    /// Only a dataset and what it needs; may be repeated
    #[arg(long, value_name = "DATASET")]
    to: Vec<String>,
}

impl SelectArgs {
    pub(super) fn selectors(&self) -> Selectors {
        Selectors {
            datasets: self.datasets.clone(),
            phases: self.phase.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
        }
    }
}

pub(super) async fn run(context: &Context, args: &RunArgs) -> Result<(), CliError> {
    let engine = context.engine()?;
    let pipeline = context.pipeline(engine.lake()).await?;
    let states = LakeStates::new(engine.lake());
    let plan = pipeline.plan(&args.select.selectors(), args.force, &states).await?;
    if args.dry_run {
        return print(plan);
    }
    let builder = EngineBuilder::new(&engine, context.run_id(), &pipeline.tree);
    if args.no_checks {
        eprintln!("{NO_CHECKS}");
        let done = build(context, Steps { plan: &plan, builder: &builder, gate: None }, engine.lake()).await;
        eprintln!("{NO_CHECKS}");
        return done;
    }
    let gate = DataGate::new(&engine, &pipeline)?;
    build(context, Steps { plan: &plan, builder: &builder, gate: Some(&gate) }, engine.lake()).await
}

/// Said before and after, whatever `--quiet` says.
const NO_CHECKS: &str = "WARNING: --no-checks: nothing checks the data of this run; `kairos check` does";

/// What is run, and how.
pub(super) struct Steps<'a> {
    pub(super) plan: &'a Plan,
    pub(super) builder: &'a dyn Builder,
    pub(super) gate: Option<&'a dyn Gate>,
}

/// Runs a plan with a live display, keeps its log in the lake and prints the summary.
pub(super) async fn build(context: &Context, steps: Steps<'_>, lake: &Lake) -> Result<(), CliError> {
    let summary = execute(context, steps, lake).await?;
    if summary.succeeded() {
        context.say(&summary);
        return Ok(());
    }
    eprintln!("{summary}");
    match summary.cancelled {
        true => Err(CliError::interrupted().already_printed()),
        false if summary.refused.is_some() => Err(CliError::refused("")),
        false => Err(CliError::reported()),
    }
}

/// Runs a plan with a live display and keeps its log in the lake.
pub(super) async fn execute(context: &Context, steps: Steps<'_>, lake: &Lake) -> Result<RunSummary, CliError> {
    let run_id = context.run_id().to_owned();
    let mut display = ProgressDisplay::stderr(context.quiet());
    let mut log = RunLog::new(&run_id, Vec::new());
    let options = RunOptions { run_id: run_id.clone(), jobs: context.jobs(), cancel: context.cancellation() };
    let summary = run_plan(steps.plan, steps.builder, steps.gate, options, &mut |event| {
        display.show(event);
        if let Err(error) = log.write(event) {
            tracing::warn!(%error, "the run log is incomplete");
        }
    })
    .await;
    if steps.plan.to_build().next().is_some() {
        lake.put(&format!("_runs/{run_id}.jsonl"), log.into_inner()).await?;
    }
    Ok(summary)
}
