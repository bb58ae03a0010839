//! The `kairos` command: one file per subcommand, each of which parses its arguments, calls the library and prints.

mod backtest;
mod check;
mod context;
mod correction;
mod daily;
mod datasets;
mod demo;
mod describe;
mod diag;
mod diff;
mod error;
mod export;
mod graph;
mod history;
mod install;
mod land;
mod params;
mod plan;
mod repl;
mod report;
mod run;
mod sql;
mod sync;
mod synth;
mod vacuum;
mod why;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand, ValueEnum};
use console::Term;

use context::Context;
use error::CliError;

use crate::report::Table;

/// A columnar batch engine for systematic equity research.
///
/// Raw US equity data lands as versioned Parquet in a lake; .sql files compute universe, features and signals from it,
/// point in time, and every version remembers the code and the data it came from.
#[derive(Debug, Parser)]
#[command(name = "kairos", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
struct GlobalArgs {
    /// Where the datasets are: a path, file:// or s3://bucket/prefix [default: data/lake; demo: data/demo]
    #[arg(long, global = true, env = "KAIROS_LAKE", value_name = "URL", overrides_with = "lake")]
    lake: Option<String>,
    /// Folder of .sql files instead of ./sql or the one in the binary
    #[arg(long, global = true, value_name = "DIR")]
    sql: Option<PathBuf>,
    /// Folder whose files replace and extend the SQL, by relative path; may be repeated
    #[arg(long, global = true, value_name = "DIR")]
    overlay: Vec<PathBuf>,
    /// Set a parameter of pipeline.toml; may be repeated
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Threads of a query [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    /// Memory before sorts and joins spill to disk, such as 8GiB [default: 70 % of the machine's]
    #[arg(long, global = true, value_name = "SIZE")]
    memory_limit: Option<ByteSize>,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Print what happens inside; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Form of the messages of --verbose
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a small synthetic market and take it through every phase
    Demo(demo::DemoArgs),
    /// Write a synthetic market as files in the vendor's form
    Synth(synth::SynthArgs),
    /// Land vendor files (CSV, CSV.gz, ZIP, Parquet) as raw datasets
    Land(land::LandArgs),
    /// Bring raw tables up to date from the vendor
    Sync(sync::SyncArgs),
    /// Sync, check, build what is stale and check again: one command for every night
    Daily(daily::DailyArgs),
    /// Build what is stale, in the order of its dependencies
    Run(run::RunArgs),
    /// Show what would be built and why
    Plan(plan::PlanArgs),
    /// Show which dataset reads which
    Graph(graph::GraphArgs),
    /// Show where a column comes from, down to the raw data
    Why(why::WhyArgs),
    /// Ask the data what is wrong with it, and whether the pipeline looks ahead
    Check(check::CheckArgs),
    /// Run SQL from a file or the command line
    Sql(sql::SqlArgs),
    /// Ask the lake in SQL, interactively
    Repl(repl::ReplArgs),
    /// List the parameters of the SQL and their values
    Params(params::ParamsArgs),
    /// List the datasets of the lake
    Datasets(datasets::DatasetsArgs),
    /// Show a dataset's columns with types, missing values and bounds
    Describe(describe::DescribeArgs),
    /// Show a dataset's versions and where each came from
    History(history::HistoryArgs),
    /// Say what features tell about later returns, date by date
    Diag(diag::DiagArgs),
    /// Say what a strategy would have held and earned
    Backtest(backtest::BacktestArgs),
    /// Write a page with charts about a saved run
    Report(report::ReportArgs),
    /// Show in what two saved runs differ
    Diff(diff::DiffArgs),
    /// Write datasets as plain files
    Export(export::ExportArgs),
    /// Remove files that no version needs any more
    Vacuum(vacuum::VacuumArgs),
    /// Print the completions of the command for a shell
    Completions(install::CompletionsArgs),
    /// Print the manual page of the command
    Man(install::ManArgs),
}

/// Runs the command line and returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 refused by a check.
///
/// Not an `async fn`: the futures of a whole program are then compiled once, here, and not again in every binary.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(&cli.global);
    let default_lake = match cli.command {
        // The synthetic market must never land among real data.
        Command::Demo(_) => "data/demo",
        _ => "data/lake",
    };
    let context = Context::new(cli.global, default_lake);
    let runtime = match runtime(context.threads()) {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the worker threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        if let Command::Repl(args) = &cli.command {
            // There Ctrl-C ends a query and not the session.
            return repl::run(&context, args).await;
        }
        tokio::select! {
            done = dispatch(&context, cli.command) => done,
            () = context.interrupted() => Err(CliError::interrupted()),
        }
    });
    // Work that was dropped by Ctrl-C may still hold a thread; it must not hold up the exit.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            error.exit_code()
        }
    }
}

fn runtime(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads.max(2)).enable_all().build()
}

async fn dispatch(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Demo(args) => demo::run(context, &args).await,
        Command::Synth(args) => synth::run(context, &args),
        Command::Land(args) => land::run(context, &args).await,
        Command::Sync(args) => sync::run(context, &args).await,
        Command::Daily(args) => daily::run(context, &args).await,
        Command::Run(args) => run::run(context, &args).await,
        Command::Plan(args) => plan::run(context, &args).await,
        Command::Graph(args) => graph::run(context, &args).await,
        Command::Why(args) => why::run(context, &args).await,
        Command::Check(args) => check::run(context, &args).await,
        Command::Sql(args) => sql::run(context, &args).await,
        Command::Repl(args) => repl::run(context, &args).await,
        Command::Params(args) => params::run(context, &args).await,
        Command::Datasets(args) => datasets::run(context, &args).await,
        Command::Describe(args) => describe::run(context, &args).await,
        Command::History(args) => history::run(context, &args).await,
        Command::Diag(args) => diag::run(context, &args).await,
        Command::Backtest(args) => backtest::run(context, &args).await,
        Command::Report(args) => report::run(context, &args).await,
        Command::Diff(args) => diff::run(context, &args).await,
        Command::Export(args) => export::run(context, &args).await,
        Command::Vacuum(args) => vacuum::run(context, &args).await,
        Command::Completions(args) => install::completions(&args),
        Command::Man(args) => install::man(&args),
    }
}

fn start_logging(global: &GlobalArgs) {
    // The log reader reports every dataset that is not there yet as an error; Kairos says itself what matters.
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error,deltalake_core=off,buoyant_kernel=off",
        (_, 0) => "warn,deltalake_core=off,buoyant_kernel=off",
        (_, 1) => "warn,deltalake_core=off,buoyant_kernel=off,kairos=info",
        _ => "info,kairos=debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("KAIROS_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match global.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// Prints a line to standard output. A closed pipe (`kairos … | head`) is the reader's way to say that it has enough.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<(), CliError> {
    writeln!(std::io::stdout(), "{text}").map_err(CliError::output)
}

/// Prints a table; on a terminal it is made to fit its width, in a pipe it is whole.
pub(crate) fn print_table(table: Table) -> Result<(), CliError> {
    let terminal = Term::stdout();
    let size = if terminal.is_term() { terminal.size_checked() } else { None };
    let Some((_, width)) = size else {
        return print(table);
    };
    let (table, hidden) = table.fitted(width.into());
    print(table)?;
    match hidden {
        0 => Ok(()),
        1 => print("… 1 column does not fit"),
        _ => print(format_args!("… {hidden} columns do not fit")),
    }
}
