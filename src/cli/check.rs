//! `kairos check`

use std::io::stdout;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use datafusion::arrow::array::RecordBatch;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream;
use indicatif::HumanCount;

use super::{CliError, Context, print_table};
use crate::audit::lookahead::{self, Finding, Verdict};
use crate::audit::{Auditor, Check, CheckResult, RAW_PHASE, Status, Subject, to_batch};
use crate::engine::{Format, write_rows};
use crate::report::{Align, Table};

/// Ask the data what is wrong with it
///
/// The checks are the files of sql/checks; a folder given with --overlay adds its own. Exit code 3 if a critical one finds
/// something.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct CheckArgs {
    #[command(subcommand)]
    command: Option<CheckCommand>,
    /// Checks by name or pattern [default: all]
    names: Vec<String>,
    /// Only the datasets of a folder of the SQL, such as features, and the checks that belong after it; raw for raw tables
    #[arg(long, value_name = "NAME")]
    phase: Option<String>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    /// Rows that are shown of each finding
    #[arg(long, default_value_t = 3, value_name = "N")]
    offenders: usize,
}

#[derive(Debug, Subcommand)]
enum CheckCommand {
    /// Rebuild from what was known at dates in the past, and compare
    ///
    /// sql/past says what was known of each raw table. Every dataset must say of the dates up to then what the lake says
    /// now. Exit code 3 if one does not: it looks ahead.
    Lookahead(LookaheadArgs),
}

#[derive(Debug, Args)]
struct LookaheadArgs {
    /// Datasets by name or pattern [default: all]
    datasets: Vec<String>,
    /// Dates chosen at random
    #[arg(long, default_value_t = 3, value_name = "N")]
    dates: usize,
    /// The same seed chooses the same dates
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// This date instead; may be repeated
    #[arg(long, value_name = "DATE", conflicts_with_all = ["dates", "seed"])]
    at: Vec<NaiveDate>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    Table,
    Csv,
    Json,
}

pub(super) async fn run(context: &Context, args: &CheckArgs) -> Result<(), CliError> {
    match &args.command {
        Some(CheckCommand::Lookahead(args)) => look_ahead(context, args).await,
        None => check(context, args).await,
    }
}

async fn check(context: &Context, args: &CheckArgs) -> Result<(), CliError> {
    let engine = context.engine()?;
    let pipeline = context.pipeline(engine.lake()).await?;
    let checks = Check::all(&pipeline.tree, &args.names)?;
    let mut subjects = Subject::all(engine.lake(), &pipeline).await?;
    let auditor = Auditor::new(&engine, &pipeline, args.offenders.max(1));
    let results = match &args.phase {
        Some(phase) => {
            known_phase(phase, &pipeline.graph.phases().iter().map(|(phase, _)| *phase).collect::<Vec<_>>())?;
            subjects.retain(|subject| subject.phase == *phase);
            auditor.ask_phase(&checks, phase, &subjects, true).await?
        }
        None => auditor.ask(&checks, &subjects).await?,
    };
    show(&to_batch(&results)?, args.format).await?;
    context.say(summary(&results));
    let names = |wanted: fn(&CheckResult) -> bool| {
        let names = results.iter().filter(|result| wanted(result)).map(|result| result.check.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let critical = names(CheckResult::is_critical);
    if !critical.is_empty() {
        return Err(CliError::refused(format!("critical: {critical}")));
    }
    let broken = names(|result| matches!(result.status, Status::Broken(_)));
    if !broken.is_empty() {
        return Err(CliError::failed(format!("could not be asked: {broken}")));
    }
    Ok(())
}

fn known_phase(phase: &str, known: &[&str]) -> Result<(), CliError> {
    if phase == RAW_PHASE || known.contains(&phase) {
        return Ok(());
    }
    let known = known.join(", ");
    Err(CliError::usage(format!("there is no phase '{phase}'\nhelp: they are {RAW_PHASE}, {known}")))
}

fn summary(results: &[CheckResult]) -> String {
    let count = |wanted: &dyn Fn(&CheckResult) -> bool| results.iter().filter(|result| wanted(result)).count();
    let critical = count(&CheckResult::is_critical);
    let counts = [
        (count(&|result| result.status == Status::Passed), "ok"),
        (critical, "critical"),
        (count(&CheckResult::is_finding) - critical, "to look at"),
        (count(&|result| matches!(result.status, Status::Skipped(_))), "skipped"),
    ];
    let counts = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect::<Vec<_>>();
    format!("{} checks: {}", results.len(), counts.join(", "))
}

async fn look_ahead(context: &Context, args: &LookaheadArgs) -> Result<(), CliError> {
    let engine = context.engine()?;
    let pipeline = context.pipeline(engine.lake()).await?;
    let options = lookahead::Options {
        datasets: args.datasets.clone(),
        dates: args.dates,
        seed: args.seed,
        at: args.at.clone(),
        resources: context.resources(),
    };
    let findings = lookahead::look(&engine, &pipeline, &options, &mut |what| context.say(what)).await?;
    match args.format {
        ReportFormat::Table => print_table(table_of(&findings))?,
        format => show(&lookahead::to_batch(&findings)?, format).await?,
    }
    let mut ahead: Vec<&str> = findings.iter().filter(|f| f.looks_ahead()).map(|f| f.dataset.as_str()).collect();
    ahead.sort_unstable();
    ahead.dedup();
    if ahead.is_empty() {
        return Ok(());
    }
    Err(CliError::refused(format!("look-ahead in {}", ahead.join(", "))))
}

fn table_of(findings: &[Finding]) -> Table {
    let mut table = Table::new(&[
        ("as of", Align::Left),
        ("dataset", Align::Left),
        ("rows", Align::Right),
        ("verdict", Align::Left),
        ("differ", Align::Right),
        ("first", Align::Left),
        ("then", Align::Left),
        ("now", Align::Left),
        ("columns", Align::Left),
    ]);
    for finding in findings {
        let rows = HumanCount(finding.rows).to_string();
        let mut cells = vec![finding.as_of.to_string(), finding.dataset.clone(), rows];
        cells.extend(match &finding.verdict {
            Verdict::Same => vec!["same".to_owned()],
            Verdict::NotCompared(why) => vec![format!("not compared: {why}")],
            Verdict::Differs(difference) => {
                let d = difference.clone();
                vec![
                    "LOOKS AHEAD".to_owned(),
                    HumanCount(d.rows).to_string(),
                    d.key,
                    d.then,
                    d.now,
                    d.columns.join(", "),
                ]
            }
        });
        cells.resize(9, String::new());
        table.row(cells);
    }
    table
}

async fn show(batch: &RecordBatch, format: ReportFormat) -> Result<(), CliError> {
    let schema = batch.schema();
    let format = match format {
        ReportFormat::Table => {
            let table = Table::of_batches(&schema, std::slice::from_ref(batch));
            return print_table(table.map_err(|error| CliError::failed(error.to_string()))?);
        }
        ReportFormat::Csv => Format::Csv,
        ReportFormat::Json => Format::Json,
    };
    let rows = RecordBatchStreamAdapter::new(schema, stream::iter([Ok(batch.clone())]));
    write_rows(Box::pin(rows), format, stdout()).await?;
    Ok(())
}
