//! `kairos why`

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use console::Term;

use super::{CliError, Context, print};
use crate::engine::Engine;
use crate::engine::lineage::Tables;
use crate::lake::Lake;
use crate::pipeline::lineage::{ColumnGraph, Columns, Detail, Follow, Key, Values, tree};
use crate::pipeline::{Action, LakeStates, Pipeline, Reason, Selectors};
use crate::raw::RawTable;

/// Show where a column comes from, down to the raw data
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// Dataset, such as feat_beta, or DATASET.COLUMN
    dataset: String,
    /// Column of the dataset
    column: Option<String>,
    /// Add the values for this ticker, with --date
    #[arg(long, requires = "date")]
    ticker: Option<String>,
    /// Add the values for this date, with --ticker
    #[arg(long, requires = "ticker", value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// Follow the SQL of at most so many datasets, one above the other; 1 stays within this one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    depth: Option<u16>,
    /// Follow also what decides on the rows, on dotted branches: filters, join keys, groups, order of windows
    #[arg(long)]
    rows: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = WhyFormat::Text)]
    format: WhyFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum WhyFormat {
    /// An indented tree
    Text,
    /// The columns on the way, each with its expression and the positions of its inputs
    Json,
}

pub(super) async fn run(context: &Context, args: &WhyArgs) -> Result<(), CliError> {
    let (dataset, column) = named(&args.dataset, args.column.as_deref())?;
    let engine = context.engine()?;
    let pipeline = context.pipeline(engine.lake()).await?;
    let follow = Follow { depth: args.depth.map(usize::from), rows: args.rows };
    let graph = column_graph(&pipeline, &engine, dataset, column, &follow).await?;
    warn_of_changes(context, &pipeline, engine.lake(), &graph).await?;
    let values = match (&args.ticker, args.date) {
        (Some(ticker), Some(date)) => Some(Values::read(&graph, &engine, &Key { ticker: ticker.clone(), date }).await?),
        _ => None,
    };
    match args.format {
        WhyFormat::Text => print(tree(&graph, values.as_ref(), Detail::Expressions, width()).trim_end()),
        WhyFormat::Json => print(json(&graph, values.as_ref())),
    }
}

/// `feat_beta beta_252d` or, in one word, `feat_beta.beta_252d`.
pub(super) fn named<'a>(dataset: &'a str, column: Option<&'a str>) -> Result<(&'a str, &'a str), CliError> {
    let in_one_word = || dataset.rsplit_once('.').filter(|(dataset, _)| *dataset != "raw");
    match column {
        Some(column) => Ok((dataset, column)),
        None => in_one_word().ok_or_else(|| {
            CliError::usage(format!("{dataset} names a dataset without a column\nhelp: write {dataset}.COLUMN"))
        }),
    }
}

/// Plans what the column needs and follows it.
pub(super) async fn column_graph(
    pipeline: &Pipeline,
    engine: &Engine,
    dataset: &str,
    column: &str,
    follow: &Follow,
) -> Result<ColumnGraph, CliError> {
    let outside = tables_outside(pipeline, engine.lake()).await?;
    let mut columns = Columns::plan(pipeline, engine, outside, &[dataset.to_owned()]).await?;
    Ok(columns.follow(dataset, column, follow)?)
}

/// The columns of what no SQL writes: raw tables, as landed or else as the vendor describes them, and datasets that
/// exist in the lake only.
async fn tables_outside(pipeline: &Pipeline, lake: &Lake) -> Result<Tables, CliError> {
    let mut tables = Tables::default();
    for table in RawTable::all() {
        tables.insert(format!("raw.{}", table.name), table.schema());
    }
    for folder in lake.folders().await? {
        let name = folder.replace('/', ".");
        if pipeline.step(&name).is_none()
            && let Some(snapshot) = lake.snapshot(&folder).await?
        {
            tables.insert(name, snapshot.schema().clone());
        }
    }
    Ok(tables)
}

/// The lineage is that of the SQL as it is now; says where the data is not.
async fn warn_of_changes(
    context: &Context,
    pipeline: &Pipeline,
    lake: &Lake,
    graph: &ColumnGraph,
) -> Result<(), CliError> {
    let datasets: Vec<String> = graph.datasets().into_iter().map(str::to_owned).collect();
    if datasets.is_empty() {
        return Ok(());
    }
    let selectors = Selectors { datasets: datasets.clone(), ..Selectors::default() };
    let plan = pipeline.plan(&selectors, false, &LakeStates::new(lake)).await?;
    for planned in plan.steps.iter().filter(|planned| datasets.contains(&planned.step.dataset)) {
        if let Action::Build(reasons) = &planned.action {
            let other_code = reasons.iter().filter(|reason| is_other_code(reason));
            let reasons: Vec<String> = other_code.map(Reason::to_string).collect();
            if !reasons.is_empty() {
                let (dataset, reasons) = (&planned.step.dataset, reasons.join(", "));
                context.say(format_args!("warning: the built {dataset} is not what the SQL says now: {reasons}"));
            }
        }
    }
    Ok(())
}

/// Whether the built version comes from other code or parameters; newer data changes no lineage.
fn is_other_code(reason: &Reason) -> bool {
    matches!(reason, Reason::SqlChanged | Reason::ParameterChanged { .. } | Reason::FunctionsChanged)
}

fn width() -> usize {
    const IN_A_PIPE: usize = 120;
    let terminal = Term::stdout();
    let size = if terminal.is_term() { terminal.size_checked() } else { None };
    size.map_or(IN_A_PIPE, |(_, width)| width.into())
}

fn json(graph: &ColumnGraph, values: Option<&Values>) -> serde_json::Value {
    let mut answer = serde_json::json!({ "nodes": graph.nodes });
    if let Some(values) = values {
        answer["values"] = serde_json::json!(values);
    }
    answer
}
