//! `kairos graph`

use clap::{Args, ValueEnum};

use super::run::SelectArgs;
use super::{CliError, Context, print};
use crate::pipeline::render;

/// Show which dataset reads which
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    select: SelectArgs,
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
    let pipeline = context.pipeline(&context.lake()?).await?;
    let selected = pipeline.graph.select(&args.select.selectors())?.steps;
    print(
        match args.format {
            GraphFormat::Text => render::text(&pipeline.graph, &selected),
            GraphFormat::Dot => render::dot(&pipeline.graph, &selected),
            GraphFormat::Mermaid => render::mermaid(&pipeline.graph, &selected),
        }
        .trim_end(),
    )
}
