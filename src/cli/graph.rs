//! `kairos graph`

use clap::{Args, ValueEnum};

use super::run::SelectArgs;
use super::{CliError, Context, print, why};
use crate::pipeline::lineage::{self, Detail, Follow};
use crate::pipeline::render;

/// Show which dataset reads which
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// The columns that a column comes from, instead of datasets
    #[arg(long, value_name = "DATASET.COLUMN", conflicts_with_all = ["datasets", "phase", "from", "to"])]
    columns: Option<String>,
    /// Form of the graph
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    format: GraphFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GraphFormat {
    /// Indented text
    Text,
    /// Graphviz
    Dot,
    /// Mermaid, for Markdown pages
    Mermaid,
}

pub(super) async fn run(context: &Context, args: &GraphArgs) -> Result<(), CliError> {
    let text = match &args.columns {
        Some(column) => columns(context, column, args.format).await?,
        None => datasets(context, args).await?,
    };
    print(text.trim_end())
}

async fn datasets(context: &Context, args: &GraphArgs) -> Result<String, CliError> {
    let pipeline = context.pipeline(&context.lake()?).await?;
    let selected = pipeline.graph.select(&args.select.selectors())?.steps;
    Ok(match args.format {
        GraphFormat::Text => render::text(&pipeline.graph, &selected),
        GraphFormat::Dot => render::dot(&pipeline.graph, &selected),
        GraphFormat::Mermaid => render::mermaid(&pipeline.graph, &selected),
    })
}

async fn columns(context: &Context, column: &str, format: GraphFormat) -> Result<String, CliError> {
    let (dataset, column) = why::named(column, None)?;
    let engine = context.engine()?;
    let pipeline = context.pipeline(engine.lake()).await?;
    let graph = why::column_graph(&pipeline, &engine, dataset, column, &Follow::default()).await?;
    Ok(match format {
        GraphFormat::Text => lineage::tree(&graph, None, Detail::Names, usize::MAX),
        GraphFormat::Dot => lineage::dot(&graph),
        GraphFormat::Mermaid => lineage::mermaid(&graph),
    })
}
