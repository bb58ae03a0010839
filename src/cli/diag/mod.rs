//! `kairos diag`

mod options;
mod sheet;

use std::collections::BTreeMap;

use clap::{Args, Subcommand, ValueEnum};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;

use super::sql::{self, RowFormat, Target as Output};
use super::{CliError, Context};
use crate::diagnostics::{DiagnosticsError, Study, Target, bonferroni_threshold};
use crate::engine::{Engine, Outcome};
use crate::lake::CommitRecord;
use crate::pipeline::Parameters;
use options::{Destination, Selection};

/// Say what features tell about later returns, date by date
#[derive(Debug, Args)]
pub(super) struct DiagArgs {
    #[command(subcommand)]
    diagnostic: Diagnostic,
}

#[derive(Debug, Subcommand)]
enum Diagnostic {
    /// Information coefficients: mean, ICIR, Newey-West t, hit rate
    Ic(IcArgs),
    /// Returns of quantiles: spread, Newey-West t, monotonicity
    Quantiles(QuantileArgs),
    /// Share of members that have a value; exit code 3 if a column's is critical
    Coverage(PlainArgs),
    /// Information coefficients over longer, or over later returns
    Decay(DecayArgs),
    /// Rank correlations between features
    Correlation(PlainArgs),
    /// Autocorrelation and turnover
    Turnover(TurnoverArgs),
    /// Everything about one feature
    Sheet(sheet::SheetArgs),
}

#[derive(Debug, Args)]
struct IcArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    target: options::TargetArgs,
    #[command(flatten)]
    destination: Destination,
    /// Parts to summarise
    #[arg(long, value_enum, default_value_t = Part::All)]
    by: Part,
}

#[derive(Debug, Args)]
struct QuantileArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    target: options::TargetArgs,
    #[command(flatten)]
    destination: Destination,
    /// Number of quantiles
    #[arg(long, default_value_t = 10, value_name = "K", value_parser = clap::value_parser!(u16).range(2..))]
    quantiles: u16,
    /// Parts to summarise
    #[arg(long, value_enum, default_value_t = QuantilePart::All)]
    by: QuantilePart,
}

#[derive(Debug, Args)]
struct DecayArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    destination: Destination,
    /// Rows that the returns span, computed from adjusted closes [default: 1,2,3,5,10,21,42,63, or 1 with --lag]
    #[arg(long, value_delimiter = ',', value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=2520))]
    horizon: Vec<u32>,
    /// Rows between the date and the start of the returns, e.g. 0,1,2,4,9,20,41,62
    #[arg(long, value_delimiter = ',', value_name = "ROWS", value_parser = clap::value_parser!(u32).range(0..=2520))]
    lag: Vec<u32>,
}

impl DecayArgs {
    fn targets(&self) -> Vec<Target> {
        match (self.lag.as_slice(), self.horizon.as_slice()) {
            ([], []) => options::computed(&[0], &options::DECAY),
            ([], horizons) => options::computed(&[0], horizons),
            (lags, []) => options::computed(lags, &[1]),
            (lags, horizons) => options::computed(lags, horizons),
        }
    }
}

#[derive(Debug, Args)]
struct TurnoverArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    destination: Destination,
    /// Dates between two looks
    #[arg(long, value_delimiter = ',', default_values_t = options::LAGS, value_name = "DATES",
          value_parser = clap::value_parser!(u32).range(1..=2520))]
    horizon: Vec<u32>,
    /// Number of quantiles; the turnover is of the first and the last
    #[arg(long, default_value_t = 10, value_name = "K", value_parser = clap::value_parser!(u16).range(2..))]
    quantiles: u16,
}

#[derive(Debug, Args)]
struct PlainArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    destination: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    All,
    Year,
    Month,
    Date,
    Sector,
    Regime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QuantilePart {
    All,
    Year,
    Month,
    Date,
    Quantile,
}

pub(super) async fn run(context: &Context, args: &DiagArgs) -> Result<(), CliError> {
    let engine = context.engine()?;
    match &args.diagnostic {
        Diagnostic::Ic(args) => ic(context, &engine, args).await,
        Diagnostic::Quantiles(args) => quantiles(context, &engine, args).await,
        Diagnostic::Coverage(args) => coverage(context, &engine, args).await,
        Diagnostic::Decay(args) => decay(context, &engine, args).await,
        Diagnostic::Correlation(args) => correlation(context, &engine, args).await,
        Diagnostic::Turnover(args) => turnover(context, &engine, args).await,
        Diagnostic::Sheet(args) => sheet::run(context, &engine, args).await,
    }
}

/// The features with the most certain information coefficients, for the demo.
pub(super) async fn strongest(context: &Context, engine: &Engine, rows: usize) -> Result<(), CliError> {
    let destination = Destination { format: None, output: None, max_rows: rows, save: false };
    let report = Report::new(context, engine, &destination, &[])?;
    let target = options::TargetArgs::default().find(engine).await?;
    let study = options::Members::default().study(context, engine, &["all".to_owned()]).await?;
    let returns = study.returns(&[target]).await?;
    let found = study.information_coefficients(&returns, options::MIN_NAMES, false).await?;
    report.finish(&study, "diag_ic", found, "ic").await
}

async fn ic(context: &Context, engine: &Engine, args: &IcArgs) -> Result<(), CliError> {
    let report = Report::new(context, engine, &args.destination, &[("diag_by", &args.by.word())])?;
    let targets = [args.target.find(engine).await?];
    let study = args.selection.study(context, engine).await?;
    let by_sector = args.by == Part::Sector;
    let returns = study.returns(&targets).await?;
    let found = study.information_coefficients(&returns, args.selection.min_names, by_sector).await?;
    if args.by == Part::Regime && engine.lake().snapshot("regime_history_academic").await?.is_none() {
        return Err(CliError::failed(
            "there is no dataset 'regime_history_academic' in the lake\nhelp: build it with `kairos run`, or choose \
             --by year",
        ));
    }
    report.finish(&study, "diag_ic", found, "ic").await?;
    let tests = study.features().len();
    if tests > 1 {
        let threshold = bonferroni_threshold(tests);
        context.say(format_args!(
            "{tests} features: if none said anything, one table in twenty had a |t_nw| above {threshold:.1} (Bonferroni)"
        ));
    }
    Ok(())
}

async fn quantiles(context: &Context, engine: &Engine, args: &QuantileArgs) -> Result<(), CliError> {
    let (by, summary) = match args.by {
        QuantilePart::Quantile => ("all".to_owned(), "quantiles"),
        part => (part.word(), "quantile_spread"),
    };
    let report = Report::new(context, engine, &args.destination, &[("diag_by", &by)])?;
    let targets = [args.target.find(engine).await?];
    let study = args.selection.study(context, engine).await?;
    let returns = study.returns(&targets).await?;
    let found = study.quantile_returns(&returns, args.quantiles.into()).await?;
    report.finish(&study, "diag_quantiles", found, summary).await
}

async fn coverage(context: &Context, engine: &Engine, args: &PlainArgs) -> Result<(), CliError> {
    let report = Report::new(context, engine, &args.destination, &[])?;
    let study = args.selection.study(context, engine).await?;
    let found = study.coverage().await?;
    let engine = engine.clone().with_rows("diag_coverage", found.clone())?;
    report.finish(&study, "diag_coverage", found, "coverage").await?;
    let critical = "select count(*) from (select feature from diag_coverage group by feature
                    having coalesce(safe_div(100.0 * sum(present), sum(expected)), 0) < 80)";
    let rows = engine.query(critical).await?;
    let count = rows.first().map_or(0, |batch| batch.column(0).as_primitive::<Int64Type>().value(0));
    match count {
        0 => Ok(()),
        count => Err(CliError::refused(format!(
            "{count} of the columns have a CRITICAL coverage, below 80 % of what can be"
        ))),
    }
}

async fn decay(context: &Context, engine: &Engine, args: &DecayArgs) -> Result<(), CliError> {
    let report = Report::new(context, engine, &args.destination, &[])?;
    let study = args.selection.study(context, engine).await?;
    let returns = study.returns(&args.targets()).await?;
    let found = study.information_coefficients(&returns, args.selection.min_names, false).await?;
    report.finish(&study, "diag_ic", found, "decay").await
}

async fn correlation(context: &Context, engine: &Engine, args: &PlainArgs) -> Result<(), CliError> {
    let report = Report::new(context, engine, &args.destination, &[])?;
    let study = args.selection.study(context, engine).await?;
    report.finish(&study, "diag_correlation", study.correlations(args.selection.min_names).await?, "correlation").await
}

async fn turnover(context: &Context, engine: &Engine, args: &TurnoverArgs) -> Result<(), CliError> {
    let report = Report::new(context, engine, &args.destination, &[])?;
    let study = args.selection.study(context, engine).await?;
    let found = study.turnover(&args.horizon, args.quantiles.into(), args.selection.min_names).await?;
    report.finish(&study, "diag_turnover", found, "turnover").await
}

/// From rows per date to what the user sees: saved if asked for, and summarised by a file of `sql/diagnostics`.
struct Report<'a> {
    context: &'a Context,
    engine: &'a Engine,
    output: Output<'a>,
    save: bool,
    parameters: Parameters,
}

impl<'a> Report<'a> {
    fn new(
        context: &'a Context,
        engine: &'a Engine,
        destination: &'a Destination,
        settings: &[(&str, &str)],
    ) -> Result<Self, CliError> {
        let output = sql::target(destination.format, destination.output.as_deref(), destination.max_rows)?;
        let mut parameters = context.parameters(&context.sql_tree()?)?;
        for (name, value) in settings {
            parameters.set(&format!("{name}={value}"))?;
        }
        Ok(Self { context, engine, output, save: destination.save, parameters })
    }

    async fn finish(&self, study: &Study, dataset: &str, rows: RecordBatch, summary: &str) -> Result<(), CliError> {
        let engine = self.engine.clone().with_rows(dataset, rows)?;
        if self.save {
            save(self.context, &engine, study, dataset).await?;
        }
        let path = format!("diagnostics/{summary}.sql");
        let tree = self.context.sql_tree()?;
        let file = tree.file(&path).ok_or_else(|| CliError::failed(format!("the SQL folder has no file '{path}'")))?;
        sql::execute(self.context, &engine, file, &self.parameters, &self.output).await
    }
}

/// Commits the rows per date as a dataset, with the versions of what they were computed from.
async fn save(context: &Context, engine: &Engine, study: &Study, dataset: &str) -> Result<(), CliError> {
    let order = match dataset {
        "diag_ic" => "feature, lag, horizon, sector, date",
        "diag_quantiles" => "feature, horizon, date, quantile",
        "diag_turnover" => "feature, lag, date",
        "diag_correlation" => "feature, other",
        _ => "feature, date",
    };
    let mut inputs = BTreeMap::new();
    for name in study.sources() {
        if let Some(snapshot) = engine.lake().snapshot(name).await? {
            inputs.insert(name.to_owned(), snapshot.version());
        }
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let record = CommitRecord {
        run_id: context.run_id().to_owned(),
        source: format!("kairos {}", arguments.join(" ")),
        inputs,
        functions: Some(kairos_udfs::FINGERPRINT.to_owned()),
        ..CommitRecord::default()
    };
    let text = format!("create or replace table {dataset} as select * from {dataset} order by {order}");
    let statement = engine.parse(&text)?.remove(0);
    let planned = engine.plan(statement).await?;
    if let Outcome::Built(built) = engine.run(planned, record).await? {
        sql::announce(context, engine, &built);
    }
    Ok(())
}

/// The value of an option as it is written on the command line.
trait Word: ValueEnum {
    fn word(&self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Word for Part {}
impl Word for QuantilePart {}

impl From<DiagnosticsError> for CliError {
    fn from(error: DiagnosticsError) -> Self {
        match error {
            DiagnosticsError::UnknownColumn { .. }
            | DiagnosticsError::AmbiguousColumn { .. }
            | DiagnosticsError::NotNumeric { .. }
            | DiagnosticsError::UnknownHorizon(_) => Self::usage(error.to_string()),
            DiagnosticsError::Engine(error) => error.into(),
            DiagnosticsError::Lake(error) => error.into(),
            _ => Self::failed(error.to_string()),
        }
    }
}
