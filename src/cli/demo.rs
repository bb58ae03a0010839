//! `kairos demo`

use std::path::PathBuf;

use clap::Args;

use super::run::{self, Steps};
use super::sql::{self, Target};
use super::{CliError, Context, backtest, diag, land, print, report};
use crate::audit::DataGate;
use crate::engine::Engine;
use crate::pipeline::{EngineBuilder, LakeStates, Selectors};
use crate::raw::synth::{self, Config};

/// Make a small synthetic market and take it through every phase
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Securities in the market
    #[arg(long, default_value_t = 500)]
    tickers: usize,
    /// Trading days
    #[arg(long, default_value_t = 1260)]
    days: usize,
    /// The same seed gives the same market
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// The stops of the tour: a title and the query that shows it.
const TOUR: [(&str, &str); 2] = [
    ("The ten strongest momentum names of the last date", "diagnostics/momentum_leaders.sql"),
    ("Why securities are not in the universe on the last date", "diagnostics/universe_exclusions.sql"),
];

pub(super) async fn run(context: &Context, args: &DemoArgs) -> Result<(), CliError> {
    let engine = context.engine()?;
    let lake = engine.lake();
    context.say(format_args!("① A synthetic market of {} securities over {} days", args.tickers, args.days));
    let files = tempfile::tempdir().map_err(|e| CliError::failed(format!("cannot make a temporary folder: {e}")))?;
    let config = Config { tickers: args.tickers, days: args.days, seed: args.seed, ..Config::default() };
    synth::generate(&config, files.path(), &mut |_| {})?;

    context.say(format_args!("\n② Its files land in the lake {}", lake.display()));
    land::land_folder(context, lake, files.path(), false).await?;

    context.say("\n③ The SQL builds universe and features");
    let pipeline = context.pipeline(lake).await?;
    let plan = pipeline.plan(&Selectors::default(), false, &LakeStates::new(lake)).await?;
    let builder = EngineBuilder::new(&engine, context.run_id(), &pipeline.tree);
    let gate = DataGate::new(&engine, &pipeline)?;
    run::build(context, Steps { plan: &plan, builder: &builder, gate: Some(&gate) }, lake).await?;

    for (title, path) in TOUR {
        let missing = || CliError::failed(format!("the SQL folder has no file '{path}'"));
        let file = pipeline.tree.file(path).ok_or_else(missing)?;
        print(format_args!("\n{title} (kairos sql sql/{path})\n"))?;
        sql::execute(context, &engine, file, &pipeline.parameters, &Target::Screen { max_rows: 40 }).await?;
    }
    print("\nInformation coefficients of the next five-day return, the most certain first (kairos diag ic)\n")?;
    diag::strongest(context, &engine, 10).await?;
    print("\nWhat the signal would have earned, costs included (kairos backtest risk4 --save)\n")?;
    backtest::run_and_save(context, &engine, "risk4").await?;
    let page = page(context.lake_location());
    report::write(context, &engine, "risk4", &page).await?;
    print(format_args!("\nThe report of that run, with charts: {}", page.display()))?;
    print(format_args!("\n{}", whats_next(context, &engine).await?))
}

/// Beside a local lake; in the working directory for one in a bucket.
fn page(lake: &str) -> PathBuf {
    let local = !lake.contains("://");
    if local { PathBuf::from(format!("{}.html", lake.trim_end_matches('/'))) } else { PathBuf::from("demo.html") }
}

/// Where the Parquet lies and what to try now.
async fn whats_next(context: &Context, engine: &Engine) -> Result<String, CliError> {
    let lake = engine.lake();
    let snapshot = context.find(lake, "feat_momentum_v2").await?;
    let folder = snapshot.files().first().map_or("", |file| file.folder());
    let dataset = lake.child_url("feat_momentum_v2");
    let flag = if context.lake_location() == "data/lake" {
        String::new()
    } else {
        format!("--lake {} ", context.lake_location())
    };
    Ok(format!(
        "The Parquet files lie in {}/<dataset>. From Python:\n\n\
         \x20   polars.read_delta(\"{dataset}\")\n\
         \x20   duckdb.sql(\"from '{dataset}/{folder}/*.parquet'\")\n\n\
         Next:\n\n\
         \x20   kairos {flag}datasets\n\
         \x20   kairos {flag}describe feat_momentum_v2\n\
         \x20   kairos {flag}history feat_momentum_v2\n\
         \x20   kairos {flag}diag sheet mom_12_1\n\
         \x20   kairos {flag}backtest ls_opt --save\n\
         \x20   kairos {flag}report --strategy ls_opt -o ls_opt.html\n\
         \x20   kairos {flag}--set momentum_weight=0.8 plan\n\
         \x20   kairos {flag}sql -c \"select * from universe where ticker = 'NA' order by date desc limit 5\"",
        lake.display()
    ))
}
