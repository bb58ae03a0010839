//! The pipeline over a real lake: what its datasets' states are, and how the engine builds a step.

use std::error::Error;

use async_trait::async_trait;
use datafusion::sql::parser::Statement;

use super::{BoundStep, Builder, Built, DatasetState, DatasetStates, SourceLocation, SqlFile, SqlTree};
use crate::engine::{Engine, EngineError, Help, Outcome};
use crate::lake::Lake;

/// The states of a lake's datasets.
pub struct LakeStates<'a> {
    lake: &'a Lake,
}

impl<'a> LakeStates<'a> {
    /// The states of this lake.
    pub fn new(lake: &'a Lake) -> Self {
        Self { lake }
    }
}

#[async_trait]
impl DatasetStates for LakeStates<'_> {
    async fn state(&self, dataset: &str) -> Result<Option<DatasetState>, Box<dyn Error + Send + Sync>> {
        let dataset = Lake::dataset_of(dataset);
        let Some(snapshot) = self.lake.snapshot(&dataset).await? else {
            return Ok(None);
        };
        let record = self.lake.record(&dataset, snapshot.version()).await?;
        Ok(Some(DatasetState { version: snapshot.version(), record: record.unwrap_or_default() }))
    }
}

/// Builds steps with an engine and commits them to its lake.
pub struct EngineBuilder<'a> {
    engine: &'a Engine,
    run_id: &'a str,
    tree: &'a SqlTree,
}

impl<'a> EngineBuilder<'a> {
    /// A builder for one run; `tree` holds the files, for error messages.
    pub fn new(engine: &'a Engine, run_id: &'a str, tree: &'a SqlTree) -> Self {
        Self { engine, run_id, tree }
    }
}

/// The engine's message with the line of the file that it is about.
pub(super) fn explained(error: EngineError, file: Option<&SqlFile>) -> String {
    match (error, file) {
        (EngineError::Query { message, at: Some((line, column)), help }, Some(file)) => {
            located(&message, file, line as usize, column as usize, help)
        }
        (EngineError::Query { message, help: Some(help), .. }, _) => format!("{message}\nhelp: {help}"),
        (error, _) => error.to_string(),
    }
}

fn located(message: &str, file: &SqlFile, line: usize, column: usize, help: Option<Help>) -> String {
    let place = SourceLocation::of_word(file, line, column);
    let help = help.map_or(String::new(), |help| format!("\nhelp: {help}"));
    format!("{message}\n{place}{help}")
}

#[async_trait]
impl Builder for EngineBuilder<'_> {
    async fn build(&self, step: &BoundStep) -> Result<Built, Box<dyn Error + Send + Sync>> {
        let statement = Statement::Statement(Box::new(step.statement.clone()));
        let build = async {
            let planned = self.engine.plan(statement).await?;
            self.engine.run(planned, step.record(self.run_id)).await
        };
        let file = || self.tree.files().find(|file| file.origin == step.source);
        match build.await.map_err(|error| explained(error, file()))? {
            Outcome::Built(built) => {
                Ok(Built { version: built.version, rows: built.rows, bytes: built.bytes, files: built.files })
            }
            Outcome::Rows(_) => Err("the statement does not create a dataset".into()),
        }
    }
}
