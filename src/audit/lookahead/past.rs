//! The raw tables as they were known at a date.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use futures::StreamExt;

use super::date_literal;
use crate::audit::subject::RAW_PHASE;
use crate::audit::{AuditError, Result};
use crate::engine::{Engine, EngineError, Outcome};
use crate::lake::{CommitRecord, DatasetWriter, Lake, Layout, NewVersion, storable_schema, to_stored};
use crate::pipeline::{Input, Pipeline, parse_template};

/// The folder of the queries that say what was known: `past/sep.sql` for `raw.sep`.
const FOLDER: &str = "past";

/// Puts what `engine`'s lake has of each raw table that the pipeline reads, and was known after the close of `as_of`,
/// into `past`.
pub(super) async fn land(engine: &Engine, pipeline: &Pipeline, as_of: NaiveDate, past: &Lake) -> Result<()> {
    for table in raw_tables(pipeline) {
        if engine.lake().snapshot(&format!("{RAW_PHASE}/{table}")).await?.is_some() {
            land_table(engine, pipeline, &table, as_of, past).await?;
        }
    }
    Ok(())
}

fn raw_tables(pipeline: &Pipeline) -> BTreeSet<String> {
    let inputs = pipeline.graph.nodes().iter().flat_map(|node| &node.inputs);
    let raw = inputs.filter_map(|input| match input {
        Input::External(name) => name.strip_prefix("raw.").map(str::to_owned),
        Input::Step(_) => None,
    });
    raw.collect()
}

async fn land_table(engine: &Engine, pipeline: &Pipeline, table: &str, as_of: NaiveDate, past: &Lake) -> Result<()> {
    let missing = || AuditError::NoPast { table: format!("raw.{table}"), file: table.to_owned() };
    let file = pipeline.tree.file(&format!("{FOLDER}/{table}.sql")).ok_or_else(missing)?;
    let mut statement = parse_template(file, |name| (name == "$as_of").then(|| date_literal(as_of)))?;
    if let datafusion::sql::parser::Statement::Statement(inner) = &mut statement {
        pipeline.parameters.bind(inner.as_mut(), file)?;
    }
    let planned = engine.plan(statement).await?;
    let Outcome::Rows(mut rows) = engine.run(planned, CommitRecord::default()).await? else {
        return Err(AuditError::Engine(EngineError::Unsupported {
            what: "creating a dataset in sql/past",
            instead: "write a plain select of the rows that were known",
        }));
    };
    let dataset = format!("{RAW_PHASE}/{table}");
    let (schema, layout) = (storable_schema(&dataset, &rows.schema())?, Layout::default());
    let mut writer = DatasetWriter::new(past, &dataset, "known", "part", schema.clone(), &layout)?;
    while let Some(batch) = rows.next().await {
        writer.write(&to_stored(&batch?, &schema)?).await?;
    }
    let record = CommitRecord { operation: "land".into(), source: file.origin.clone(), ..CommitRecord::default() };
    let add = writer.finish().await?.files;
    past.commit(&dataset, NewVersion { base: None, schema, layout, add, remove: vec![], record }).await?;
    Ok(())
}
