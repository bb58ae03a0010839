//! `kairos backtest`

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::physical_plan::memory::MemoryStream;
use indicatif::HumanCount;
use std::sync::Arc;

use super::sql::announce;
use super::{CliError, Context, print, print_table};
use crate::backtest::{
    ALL, BacktestError, Backtester, Figures, Grid, Provenance, Run, Strategies, Strategy, save, save_metrics,
};
use crate::engine::{Engine, Format, write_file};
use crate::lake::Lake;
use crate::pipeline::{Parameters, SqlTree};
use crate::report::{Align, Table, summary};

/// Say what a strategy would have held and earned
#[derive(Debug, Args)]
pub(super) struct BacktestArgs {
    /// The strategy, a file of sql/backtests; without it the strategies are listed
    name: Option<String>,
    #[command(flatten)]
    settings: Settings,
    /// Keep the run in the lake: its positions, periods and figures, and the strategy's table of results
    #[arg(long)]
    save: bool,
    /// Write the periods to a file (.parquet, .csv or .json); of a sweep, its table
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the positions to a file
    #[arg(long, value_name = "FILE", conflicts_with = "sweep")]
    weights: Option<PathBuf>,
    /// Write the figures to a file
    #[arg(long, value_name = "FILE", conflicts_with = "sweep")]
    json: Option<PathBuf>,
    /// Show what would be read, and with which parameters
    #[arg(long)]
    dry_run: bool,
    /// Exit code 3 if a larger share of the periods has a status other than ok
    #[arg(long, value_name = "SHARE", default_value_t = MOST, value_parser = share, conflicts_with = "sweep")]
    tolerate: f64,
    /// Run every combination of some values, such as "top_n=25,50 target_vol=0.1,0.2"
    #[arg(long, value_name = "GRID")]
    sweep: Option<String>,
}

/// Parameters that have an option of their own; all others go by `--set`.
#[derive(Debug, Args)]
pub(super) struct Settings {
    /// The signal, a column of the matrix [default: alpha_composite_v8]
    #[arg(long, value_name = "COLUMN")]
    alpha: Option<String>,
    /// The beta that portfolios are neutral to [default: beta_252d]
    #[arg(long, value_name = "COLUMN")]
    beta: Option<String>,
    /// The forward return that is earned under --set return_source=target
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// First date on which a portfolio may be formed
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last date on which a portfolio may be formed
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Names bought
    #[arg(long, value_name = "N")]
    top_n: Option<u32>,
    /// Names sold short
    #[arg(long, value_name = "N")]
    bottom_n: Option<u32>,
    /// Sessions between two rebalances
    #[arg(long, value_name = "SESSIONS")]
    rebalance_every: Option<u32>,
    /// Volatility per year that leverage aims at; 0 for none
    #[arg(long, value_name = "STD", allow_negative_numbers = true)]
    target_vol: Option<f64>,
}

impl Settings {
    /// The parameters of a strategy with these settings on top.
    fn parameters(&self, context: &Context, tree: &SqlTree, strategy: &str) -> Result<Parameters, CliError> {
        let mut parameters = context.parameters(tree)?.for_strategy(strategy);
        let count = |value: &Option<u32>| value.map(|value| value.to_string());
        let settings = [
            ("alpha", self.alpha.clone()),
            ("beta", self.beta.clone()),
            ("target", self.target.clone()),
            ("backtest_from", self.from.clone()),
            ("backtest_to", self.to.clone()),
            ("top_n", count(&self.top_n)),
            ("bottom_n", count(&self.bottom_n)),
            ("rebalance_every", count(&self.rebalance_every)),
            ("target_vol", self.target_vol.map(|value| value.to_string())),
        ];
        for (name, value) in settings {
            if let Some(value) = value {
                parameters.set(&format!("{name}={value}"))?;
            }
        }
        Ok(parameters)
    }
}

pub(super) async fn run(context: &Context, args: &BacktestArgs) -> Result<(), CliError> {
    let tree = context.sql_tree()?;
    let Some(name) = &args.name else {
        return list(&tree);
    };
    let strategy = Strategies(&tree).find(name)?;
    let parameters = args.settings.parameters(context, &tree, name)?;
    let engine = context.engine()?;
    let mut backtester = Backtester::new(&engine, &tree);
    if args.dry_run {
        return dry_run(context, &backtester, &strategy, &parameters).await;
    }
    for path in [&args.output, &args.weights].into_iter().flatten() {
        format_of(path)?;
    }
    if let Some(grid) = &args.sweep {
        return sweep(context, args, &mut backtester, &strategy, &parameters, &Grid::parse(grid)?).await;
    }
    let run = backtester.run(&strategy, &parameters).await?;
    show(context, &run)?;
    if let Some(path) = &args.output {
        write(context, path, run.periods.clone()).await?;
    }
    match (&args.weights, &run.weights) {
        (Some(path), Some(weights)) => write(context, path, weights.clone()).await?,
        (Some(_), None) => {
            return Err(CliError::usage(format!("{name} blends saved runs and has no positions of its own")));
        }
        (None, _) => {}
    }
    if let Some(path) = &args.json {
        write_json(context, path, &run)?;
    }
    if args.save {
        keep(context, &engine, &run).await?;
    }
    is_tolerable(&run, args.tolerate)
}

/// Runs a strategy, shows and saves it, for the demo.
pub(super) async fn run_and_save(context: &Context, engine: &Engine, name: &str) -> Result<(), CliError> {
    let tree = context.sql_tree()?;
    let strategy = Strategies(&tree).find(name)?;
    let parameters = context.parameters(&tree)?.for_strategy(name);
    let run = Backtester::new(engine, &tree).run(&strategy, &parameters).await?;
    show(context, &run)?;
    save(engine, &run, &provenance(context.run_id().to_owned())).await?;
    Ok(())
}

fn list(tree: &SqlTree) -> Result<(), CliError> {
    let mut table = Table::new(&[("strategy", Align::Left), ("about", Align::Left)]);
    for strategy in Strategies(tree).all()? {
        let about = strategy.about.split(". ").next().unwrap_or_default();
        let about = about.split_once(": ").map_or(about, |(_, about)| about);
        table.row([strategy.name.clone(), about.to_owned()]);
    }
    print_table(table)
}

async fn dry_run(
    context: &Context,
    backtester: &Backtester<'_>,
    strategy: &Strategy,
    parameters: &Parameters,
) -> Result<(), CliError> {
    let lake = context.lake()?;
    let mut table = Table::new(&[("dataset", Align::Left), ("version", Align::Right), ("rows", Align::Right)]);
    for dataset in backtester.reads(strategy, parameters)? {
        let cells = match lake.snapshot(&Lake::dataset_of(&dataset)).await? {
            Some(snapshot) => [dataset, snapshot.version().to_string(), HumanCount(snapshot.rows()).to_string()],
            None => [dataset, "missing".to_owned(), String::new()],
        };
        table.row(cells);
    }
    print(format_args!("{} would read", strategy.file.origin))?;
    print_table(table)?;
    let used = backtester.parameters(strategy, parameters)?;
    let mut table = Table::new(&[("parameter", Align::Left), ("value", Align::Left)]);
    for (name, value) in used {
        table.row([name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)]);
    }
    print("\nwith")?;
    print_table(table)
}

/// The share above which something is no exception any more: positions at a cap (spec 06 §6.4), periods out of the ordinary.
const MOST: f64 = 0.5;

fn show(context: &Context, run: &Run) -> Result<(), CliError> {
    let figures = Figures::of(&run.metrics)?;
    let count = run.periods.num_rows();
    let (first, last) = dates(&run.periods)?;
    print(format_args!("{}: {count} periods from {first} to {last}\n", run.strategy))?;
    print_table(summary::overview(&figures))?;
    for (kind, heading) in [("year:", "year"), ("regime:", "regime")] {
        if let Some(table) = summary::by_scope(&figures, kind, heading) {
            print("")?;
            print_table(table)?;
        }
    }
    for (matrix, newer) in &run.behind {
        context.say(format_args!(
            "{matrix} was stored before {}; its columns were read from the datasets, `kairos run {matrix}` stores it anew",
            newer.join(", ")
        ));
    }
    for (status, count) in statuses(run) {
        context.say(format_args!("{count} of the periods: {status}"));
    }
    if let Some(share) = figures.get("portfolio", ALL, "at_name_cap").filter(|share| *share > MOST) {
        context.say(format_args!(
            "{:.0}% of the positions are as large as name_cap allows: the cap sizes the book, not the signal",
            100.0 * share
        ));
    }
    Ok(())
}

/// The first and the last formation date.
fn dates(periods: &RecordBatch) -> Result<(String, String), CliError> {
    let column = periods.column_by_name("date").ok_or_else(|| CliError::failed("the periods have no date"))?;
    let shown = |row| datafusion::arrow::util::display::array_value_to_string(column, row);
    let failed = |error: datafusion::arrow::error::ArrowError| CliError::failed(error.to_string());
    Ok((shown(0).map_err(failed)?, shown(periods.num_rows().saturating_sub(1)).map_err(failed)?))
}

/// How many periods have each status but `ok`.
fn statuses(run: &Run) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for status in run.statuses().into_iter().flatten().filter(|status| status != "ok" && status != "solved") {
        *counts.entry(status).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

/// Whether the figures are those of the strategy, and not of what stood in for it on too many dates (spec 06 §7 D18).
fn is_tolerable(run: &Run, most: f64) -> Result<(), CliError> {
    let (all, statuses) = (run.periods.num_rows(), statuses(run));
    let odd: usize = statuses.iter().map(|(_, count)| count).sum();
    if odd as f64 <= most * all as f64 {
        return Ok(());
    }
    let named: Vec<String> = statuses.iter().map(|(status, count)| format!("{count} {status}")).collect();
    Err(CliError::refused(format!(
        "{odd} of the {all} periods are out of the ordinary ({}), more than {:.0}%: the figures are hardly those of {}\n\
         help: what was asked for was written; `--tolerate 1` accepts any number of such periods",
        named.join(", "),
        100.0 * most,
        run.strategy
    )))
}

/// A share from 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a share from 0 to 1, such as 0.2".to_owned())
}

fn provenance(run_id: String) -> Provenance {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = format!("kairos {}", shlex::try_join(arguments.iter().map(String::as_str)).unwrap_or_default());
    Provenance { run_id, command, started_at: Utc::now() }
}

async fn keep(context: &Context, engine: &Engine, run: &Run) -> Result<(), CliError> {
    let provenance = provenance(context.run_id().to_owned());
    for built in save(engine, run, &provenance).await? {
        announce(context, engine, &built);
    }
    context.say(format_args!("saved as run {}", provenance.run_id));
    Ok(())
}

/// Figures of a sweep's table.
const SWEEP: [&str; 7] = ["annual_return", "annual_vol", "sharpe", "max_drawdown", "turnover", "cost", "leverage"];

async fn sweep(
    context: &Context,
    args: &BacktestArgs,
    backtester: &mut Backtester<'_>,
    strategy: &Strategy,
    parameters: &Parameters,
    grid: &Grid,
) -> Result<(), CliError> {
    let engine = context.engine()?;
    let (mut settings, mut figures) = (Vec::new(), Vec::new());
    let combinations = grid.settings();
    for (at, combination) in combinations.iter().enumerate() {
        context.say(format_args!("{} of {}: {}", at + 1, combinations.len(), combination.join(" ")));
        let mut parameters = parameters.clone();
        for setting in combination {
            parameters.set(setting)?;
        }
        let run = backtester.run(strategy, &parameters).await?;
        figures.push(Figures::of(&run.metrics)?);
        settings.push(combination.clone());
        if args.save {
            save_metrics(&engine, &run, &provenance(uuid::Uuid::now_v7().to_string())).await?;
        }
    }
    let rows = sweep_rows(grid, &settings, &figures)?;
    if let Some(path) = &args.output {
        write(context, path, rows.clone()).await?;
    }
    print_table(Table::of_batches(&rows.schema(), &[rows]).map_err(|error| CliError::failed(error.to_string()))?)
}

/// One row per run: the values of the grid, then the figures.
fn sweep_rows(grid: &Grid, settings: &[Vec<String>], figures: &[Figures]) -> Result<RecordBatch, CliError> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (at, name) in grid.names().enumerate() {
        let value = |setting: &Vec<String>| setting[at].split_once('=').map(|(_, value)| value.to_owned());
        columns.push((name.to_owned(), Arc::new(settings.iter().map(value).collect::<StringArray>())));
    }
    for name in SWEEP {
        let value = |figures: &Figures| figures.get("portfolio", ALL, name);
        columns.push((name.to_owned(), Arc::new(figures.iter().map(value).collect::<Float64Array>())));
    }
    let active = |figures: &Figures| figures.get("active", ALL, "information_ratio");
    columns.push(("information_ratio".to_owned(), Arc::new(figures.iter().map(active).collect::<Float64Array>())));
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .map_err(|error| CliError::failed(error.to_string()))
}

fn format_of(path: &Path) -> Result<Format, CliError> {
    Format::of_path(path).ok_or_else(|| {
        CliError::usage(format!(
            "cannot tell the format from the name '{}'\nhelp: end it with .parquet, .csv or .json",
            path.display()
        ))
    })
}

async fn write(context: &Context, path: &Path, rows: RecordBatch) -> Result<(), CliError> {
    let schema = rows.schema();
    let stream =
        MemoryStream::try_new(vec![rows], schema, None).map_err(|error| CliError::failed(error.to_string()))?;
    let count = write_file(Box::pin(stream), format_of(path)?, path).await?;
    context.say(format_args!("{} rows → {}", HumanCount(count), path.display()));
    Ok(())
}

fn write_json(context: &Context, path: &Path, run: &Run) -> Result<(), CliError> {
    let content = serde_json::json!({
        "strategy": run.strategy,
        "parameters": run.parameters,
        "inputs": run.inputs,
        "figures": Figures::of(&run.metrics)?.to_json(),
    });
    let text = format!("{content:#}\n");
    std::fs::write(path, text)
        .map_err(|error| CliError::failed(format!("cannot write '{}': {error}", path.display())))?;
    context.say(format_args!("figures → {}", path.display()));
    Ok(())
}

impl From<BacktestError> for CliError {
    fn from(error: BacktestError) -> Self {
        match error {
            BacktestError::Sql { file, source } => Self::in_text(source, &file),
            BacktestError::Engine(error) => error.into(),
            BacktestError::Lake(error) => error.into(),
            BacktestError::Pipeline(error) => error.into(),
            BacktestError::UnknownStrategy { ref name, ref nearest, .. }
            | BacktestError::UnknownBenchmark { ref name, ref nearest, .. } => {
                Self::usage(error.to_string()).correct(name, nearest)
            }
            BacktestError::NoColumn { ref column, ref nearest, .. } => {
                Self::usage(error.to_string()).correct(column, nearest)
            }
            BacktestError::Grid { .. }
            | BacktestError::Horizon { .. }
            | BacktestError::NoDates { .. }
            | BacktestError::NotANumber { .. }
            | BacktestError::UnknownRun { .. } => Self::usage(error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}
