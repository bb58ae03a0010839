//! `kairos daily`

use std::path::PathBuf;
use std::time::Instant;

use chrono::{NaiveDate, Utc};
use clap::Args;
use datafusion::common::ScalarValue;

use super::run::{self, Steps};
use super::sync::{self, NIGHTLY, ReachArgs};
use super::{CliError, Context, print};
use crate::audit::{Auditor, Check, CheckResult, DataGate, RAW_PHASE, Status, Subject};
use crate::engine::Engine;
use crate::exchange;
use crate::lake::{Holder, Lake};
use crate::pipeline::{EngineBuilder, LakeStates, Outcome, Pipeline, RunSummary, Selectors};
use crate::raw::TableSync;
use crate::raw::vendor::{Client, Settings};
use crate::report::{ChecksLine, Ending, NightReport, SnapshotLine, TableLine};

/// Sync, check, build what is stale and check again: one command for every night
///
/// Meant for cron or a timer. It may be started twice and at any time: the second waits for nobody, and a night that was
/// missed is caught up by the next. Exit code 0: up to date; 1: something failed, run it again; 3: refused, because the
/// session is not published yet, a critical check found something, or another nightly job is under way.
#[derive(Debug, Args)]
pub(super) struct DailyArgs {
    /// The session to be up to date with [default: the last one that is published, at 23:00 UTC]
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Take the raw tables as they are: they were landed from files
    #[arg(long)]
    no_sync: bool,
    /// Also write the report as JSON; - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// The dataset that live scoring reads.
const SNAPSHOT: &str = "latest_snapshot";

pub(super) async fn run(context: &Context, args: &DailyArgs) -> Result<(), CliError> {
    let started = Instant::now();
    let lake = context.lake()?;
    let session = exchange::last_session(args.as_of.unwrap_or_else(|| exchange::last_published(Utc::now())));
    let lock = lake.lock(NIGHTLY, Holder::this(context.run_id())).await?;
    let mut report = NightReport { run_id: context.run_id().to_owned(), session, ..NightReport::default() };
    let ended = night(context, args, &lake, &mut report).await;
    if let Err(error) = &ended {
        report.reason = Some(error.message().to_owned());
    }
    report.seconds = started.elapsed().as_secs_f64();
    let told = tell(context, args, &lake, &report).await;
    lock.release().await;
    told?;
    match (ended, report.ending) {
        (Err(error), _) => Err(error.already_printed()),
        (Ok(()), Ending::Done | Ending::NothingNew) => Ok(()),
        (Ok(()), Ending::NotPublished | Ending::Refused) => Err(CliError::refused("")),
        (Ok(()), Ending::Failed) => Err(CliError::reported()),
    }
}

/// The steps of a night; what they find goes into the report.
async fn night(context: &Context, args: &DailyArgs, lake: &Lake, report: &mut NightReport) -> Result<(), CliError> {
    let known_before = last_price(lake).await?;
    if !args.no_sync {
        let client = Client::from_env(Settings::default()).map_err(crate::raw::RawError::from)?;
        let today = args.as_of.unwrap_or_else(|| Utc::now().date_naive());
        let options = sync::options(context, lake, &args.reach, today);
        let synced = sync::bring(context, lake, &client, &sync::tables(&[])?, options).await?;
        report.tables = synced.iter().map(table_line).collect();
    }
    let last = last_price(lake).await?;
    if last.is_none_or(|last| last < report.session) {
        report.ending = Ending::NotPublished;
        report.reason = Some(not_there(last, report.session));
        return Ok(());
    }
    report.caught_up = known_before.map_or_else(Vec::new, |before| {
        exchange::sessions_between(before, report.session).into_iter().filter(|day| *day < report.session).collect()
    });
    let engine = context.engine()?;
    let pipeline = context.pipeline(lake).await?;
    ask(&engine, &pipeline, Asked::Raw, report).await?;
    if !report.checks.critical.is_empty() {
        report.ending = Ending::Refused;
        return Ok(());
    }
    let summary = build(context, &engine, &pipeline).await?;
    note_build(&summary, report);
    if !summary.succeeded() {
        report.ending = if summary.refused.is_some() { Ending::Refused } else { Ending::Failed };
        return Ok(());
    }
    // Everything, also if nothing was built: what a night before found, or was killed before it could ask, is still there.
    report.checks = ChecksLine::default();
    ask(&engine, &pipeline, Asked::All, report).await?;
    report.snapshot = snapshot(lake).await?;
    let changed = report.tables.iter().any(|table| table.inserted + table.updated + table.removed > 0);
    report.ending = match (report.checks.critical.is_empty(), changed || !report.built.is_empty()) {
        (false, _) => Ending::Refused,
        (true, true) => Ending::Done,
        (true, false) => Ending::NothingNew,
    };
    Ok(())
}

/// Prints the report, keeps it in the lake, and writes it where it is wanted.
async fn tell(context: &Context, args: &DailyArgs, lake: &Lake, report: &NightReport) -> Result<(), CliError> {
    let json = serde_json::to_vec_pretty(report).map_err(|error| CliError::failed(error.to_string()))?;
    lake.put(&format!("_runs/{}.night.json", report.run_id), json.clone()).await?;
    match args.json.as_deref() {
        Some(path) if path == "-" => {
            eprintln!("{report}");
            return print(String::from_utf8_lossy(&json));
        }
        Some(path) => std::fs::write(path, &json)
            .map_err(|error| CliError::failed(format!("cannot write '{}': {error}", path.display())))?,
        None => {}
    }
    context.say("");
    print(report)
}

async fn build(context: &Context, engine: &Engine, pipeline: &Pipeline) -> Result<RunSummary, CliError> {
    let plan = pipeline.plan(&Selectors::default(), false, &LakeStates::new(engine.lake())).await?;
    let builder = EngineBuilder::new(engine, context.run_id(), &pipeline.tree);
    let gate = DataGate::new(engine, pipeline)?;
    run::execute(context, Steps { plan: &plan, builder: &builder, gate: Some(&gate) }, engine.lake()).await
}

fn note_build(summary: &RunSummary, report: &mut NightReport) {
    for step in &summary.steps {
        match &step.outcome {
            Outcome::Built { .. } => report.built.push(step.dataset.clone()),
            Outcome::Skipped { .. } => report.up_to_date += 1,
            Outcome::Failed { .. } | Outcome::Blocked { .. } | Outcome::NotRun => {
                report.not_built.push(step.dataset.clone());
            }
        }
    }
    for gate in &summary.checked {
        report.checks.passed += gate.passed;
        report.checks.critical.extend(gate.critical.iter().cloned());
        report.checks.warnings.extend(gate.warnings.iter().cloned());
    }
    let failed = summary.steps.iter().find_map(|step| match &step.outcome {
        Outcome::Failed { error, .. } => Some(format!("{}: {error}", step.dataset)),
        _ => None,
    });
    report.reason = failed.or(report.reason.take());
}

/// Which checks are asked.
enum Asked {
    /// Those of the raw tables.
    Raw,
    /// All.
    All,
}

async fn ask(engine: &Engine, pipeline: &Pipeline, asked: Asked, report: &mut NightReport) -> Result<(), CliError> {
    let checks = Check::all(&pipeline.tree, &[])?;
    let mut subjects = Subject::all(engine.lake(), pipeline).await?;
    let auditor = Auditor::new(engine, pipeline, 1);
    let results = match asked {
        Asked::Raw => {
            subjects.retain(Subject::is_raw);
            auditor.ask_phase(&checks, RAW_PHASE, &subjects, false).await?
        }
        Asked::All => auditor.ask(&checks, &subjects).await?,
    };
    for result in &results {
        match &result.status {
            Status::Passed => report.checks.passed += 1,
            Status::Skipped(_) => {}
            _ if result.is_critical() => report.checks.critical.push(finding(result)),
            _ => report.checks.warnings.push(finding(result)),
        }
    }
    Ok(())
}

fn finding(result: &CheckResult) -> String {
    let what = match &result.status {
        Status::Found(1) => "1 row".to_owned(),
        Status::Found(rows) => format!("{rows} rows"),
        Status::Broken(why) => format!("cannot be asked: {why}"),
        Status::Passed | Status::Skipped(_) => String::new(),
    };
    let first = result.offenders.first().map_or(String::new(), |offender| {
        let dataset = offender.dataset.as_ref().map_or(String::new(), |dataset| format!("{dataset} "));
        format!(", first {dataset}{}", offender.row)
    });
    format!("{} ({what}{first})", result.check)
}

/// The last day of the prices; `None` if there are none.
async fn last_price(lake: &Lake) -> Result<Option<NaiveDate>, CliError> {
    let snapshot = lake.snapshot("raw/sep").await?.filter(|snapshot| snapshot.rows() > 0);
    Ok(snapshot.and_then(|snapshot| last_date(&snapshot)))
}

fn last_date(snapshot: &crate::lake::Snapshot) -> Option<NaiveDate> {
    match snapshot.columns().into_iter().find(|column| column.name == "date")?.max? {
        ScalarValue::Date32(Some(day)) => NaiveDate::from_epoch_days(day),
        _ => None,
    }
}

async fn snapshot(lake: &Lake) -> Result<Option<SnapshotLine>, CliError> {
    let Some(snapshot) = lake.snapshot(SNAPSHOT).await? else {
        return Ok(None);
    };
    let line = |date| SnapshotLine { version: snapshot.version(), date, tickers: snapshot.rows() };
    Ok(last_date(&snapshot).map(line))
}

fn not_there(last: Option<NaiveDate>, session: NaiveDate) -> String {
    match last {
        Some(last) => format!("the prices end on {last}; those of {session} are not there yet: run it again later"),
        None => "there are no prices: the first `kairos sync`, or `kairos land`, brings them".to_owned(),
    }
}

fn table_line(done: &TableSync) -> TableLine {
    TableLine {
        table: done.table.to_owned(),
        inserted: done.inserted,
        updated: done.updated,
        removed: done.removed,
        rejected: done.rejected,
        whole_tickers: done.whole_tickers,
        watermark: done.watermark,
    }
}
