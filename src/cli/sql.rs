//! `kairos sql`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::displayable;
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use indicatif::{DecimalBytes, HumanCount};

use super::context::functions;
use super::{CliError, Context, print, print_table};
use crate::engine::{Built, Engine, EngineError, Format, Outcome, write_file, write_rows};
use crate::lake::CommitRecord;
use crate::pipeline::{BoundStep, Parameters, SqlFile, Step, bind_files, parse_statements};
use crate::report::Table;

/// Run SQL from a file or the command line
#[derive(Debug, Args)]
pub(super) struct SqlArgs {
    /// A .sql file; one that says CREATE OR REPLACE TABLE builds that dataset
    #[arg(required_unless_present = "command", conflicts_with = "command")]
    file: Option<PathBuf>,
    /// SQL text; several statements are separated by semicolons
    #[arg(short, long, value_name = "SQL", allow_hyphen_values = true)]
    command: Option<String>,
    /// Form of the rows [default: table, or as the output file's name says]
    #[arg(long, value_enum)]
    format: Option<RowFormat>,
    /// Write the rows to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Rows that a table shows at most
    #[arg(long, default_value_t = 100, value_name = "N")]
    max_rows: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RowFormat {
    Table,
    Csv,
    Json,
    Parquet,
}

/// Where the rows of a query go.
pub(super) enum Target<'a> {
    Screen { max_rows: usize },
    Pipe(Format),
    File(&'a Path, Format),
}

pub(super) async fn run(context: &Context, args: &SqlArgs) -> Result<(), CliError> {
    let target = target(args.format, args.output.as_deref(), args.max_rows)?;
    let file = source(context, args)?;
    let tree = context.sql_tree()?;
    let parameters = context.parameters(&tree)?;
    execute(context, &context.engine_with(&tree, &parameters)?, &file, &parameters, &target).await
}

/// Runs the statements of a file one after the other.
pub(super) async fn execute(
    context: &Context,
    engine: &Engine,
    file: &SqlFile,
    parameters: &Parameters,
    target: &Target<'_>,
) -> Result<(), CliError> {
    let statements = parse_statements(file)?;
    if statements.is_empty() {
        return Err(EngineError::Empty.into());
    }
    for statement in statements {
        let (statement, record) = bind(context, statement, file, parameters)?;
        let in_text = |error| CliError::in_text(error, file);
        let planned = engine.plan(statement).await.map_err(in_text)?;
        match engine.run(planned, record).await.map_err(in_text)? {
            Outcome::Rows(rows) => show(context, rows, target, file).await?,
            Outcome::Built(built) => announce(context, engine, &built),
        }
    }
    Ok(())
}

/// Prints the physical plans of the statements of a text.
pub(super) async fn show_plan(
    context: &Context,
    engine: &Engine,
    file: &SqlFile,
    parameters: &Parameters,
) -> Result<(), CliError> {
    let in_text = |error| CliError::in_text(error, file);
    for statement in parse_statements(file)? {
        let (statement, _) = bind(context, statement, file, parameters)?;
        let planned = engine.plan(statement).await.map_err(in_text)?;
        let physical = engine.physical_plan_of(planned).await.map_err(in_text)?;
        print(displayable(physical.as_ref()).indent(false))?;
    }
    Ok(())
}

/// Where rows go, from what the user asked for.
pub(super) fn target(
    format: Option<RowFormat>,
    output: Option<&Path>,
    max_rows: usize,
) -> Result<Target<'_>, CliError> {
    let asked = match format {
        None | Some(RowFormat::Table) => None,
        Some(RowFormat::Csv) => Some(Format::Csv),
        Some(RowFormat::Json) => Some(Format::Json),
        Some(RowFormat::Parquet) => Some(Format::Parquet),
    };
    match (output, asked) {
        (Some(path), Some(format)) => Ok(Target::File(path, format)),
        (Some(path), None) => match Format::of_path(path) {
            Some(format) => Ok(Target::File(path, format)),
            None => Err(CliError::usage(format!(
                "cannot tell the format from the name '{}'\nhelp: add --format csv, json or parquet",
                path.display()
            ))),
        },
        (None, Some(Format::Parquet)) => Err(CliError::usage("Parquet goes to a file\nhelp: add -o FILE.parquet")),
        (None, Some(format)) => Ok(Target::Pipe(format)),
        (None, None) => Ok(Target::Screen { max_rows }),
    }
}

/// The text to run: `-c`, a file on disk, or a file of the SQL tree by its path there.
fn source(context: &Context, args: &SqlArgs) -> Result<SqlFile, CliError> {
    if let Some(text) = &args.command {
        return Ok(SqlFile::inline("-c", text));
    }
    let path = args.file.as_deref().unwrap_or(Path::new(""));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(SqlFile::inline(&path.display().to_string(), &text)),
        Err(error) => {
            let tree = context.sql_tree()?;
            let relative = path.strip_prefix("sql").unwrap_or(path).to_string_lossy().replace('\\', "/");
            let found = tree.file(&relative).cloned();
            found.ok_or_else(|| {
                let paths = tree.files().map(|file| file.origin.as_str());
                let near = kairos_udfs::nearest(&path.display().to_string(), paths);
                let help =
                    if near.is_empty() { String::new() } else { format!("\nhelp: did you mean {}?", near.join(", ")) };
                let path = path.display().to_string();
                CliError::failed(format!("cannot read '{path}': {error}{help}")).correct(&path, &near)
            })
        }
    }
}

/// Puts the parameters' values in and says where the statement comes from, in the same words as `kairos run`.
fn bind(
    context: &Context,
    statement: Statement,
    file: &SqlFile,
    parameters: &Parameters,
) -> Result<(Statement, CommitRecord), CliError> {
    let mut statement = statement;
    let (used, files) = match innermost(&mut statement) {
        Statement::Statement(inner) => (parameters.bind(inner, file)?, bind_files(inner, file)?),
        _ => Default::default(),
    };
    let functions = functions();
    let record = match Step::parse(file, &functions.names) {
        Ok(step) => {
            let views = context.views(parameters)?;
            BoundStep::of(&step, step.table_names(), parameters, &functions, &views)?.record(context.run_id())
        }
        Err(_) => CommitRecord {
            run_id: context.run_id().to_owned(),
            source: file.origin.clone(),
            parameters: used,
            files,
            ..CommitRecord::default()
        },
    };
    Ok((statement, record))
}

fn innermost(statement: &mut Statement) -> &mut Statement {
    match statement {
        Statement::Explain(explain) => innermost(&mut explain.statement),
        other => other,
    }
}

async fn show(
    context: &Context,
    rows: SendableRecordBatchStream,
    target: &Target<'_>,
    file: &SqlFile,
) -> Result<(), CliError> {
    let in_text = |error| CliError::in_text(error, file);
    match target {
        Target::Screen { max_rows } => screen(rows, *max_rows, file).await,
        Target::Pipe(format) => {
            write_rows(rows, *format, std::io::stdout()).await.map_err(in_text)?;
            Ok(())
        }
        Target::File(path, format) => {
            let count = write_file(rows, *format, path).await.map_err(in_text)?;
            context.say(format_args!("{} rows → {}", HumanCount(count), path.display()));
            Ok(())
        }
    }
}

/// Shows the first rows and counts the others, so that a large result needs no memory.
async fn screen(mut rows: SendableRecordBatchStream, max_rows: usize, file: &SqlFile) -> Result<(), CliError> {
    let schema = rows.schema();
    let (mut shown, mut count) = (Vec::new(), 0);
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(|error| CliError::in_text(error.into(), file))?;
        let room = max_rows.saturating_sub(count).min(batch.num_rows());
        if room > 0 {
            shown.push(batch.slice(0, room));
        }
        count += batch.num_rows();
    }
    let table = Table::of_batches(&schema, &shown).map_err(|error| CliError::failed(error.to_string()))?;
    print_table(table)?;
    if count > max_rows {
        let more = HumanCount((count - max_rows) as u64);
        print(format_args!("… {more} more rows (--max-rows N shows more, -o FILE keeps all)"))?;
    }
    Ok(())
}

/// Says that a dataset has a new version.
pub(super) fn announce(context: &Context, engine: &Engine, built: &Built) {
    context.say(format_args!(
        "{} version {}: {} rows, {}, {:.2} s → {}",
        built.dataset,
        built.version,
        HumanCount(built.rows),
        DecimalBytes(built.bytes),
        built.seconds,
        engine.lake().child_url(&built.dataset)
    ));
}
