//! The pipeline: `.sql` files → statements → dependency graph → plan → run.
//!
//! ```text
//! SqlTree ─► Parameters ─┐
//!    └─────► Step ─► Graph ─► BoundStep ─► Plan ─► run ─► RunEvent ─► ProgressDisplay, RunLog
//!                               │           ▲       ▲
//!                              View  DatasetStates  Builder
//! ```
//!
//! A step that defines a view is bound and never planned or run: whatever reads the view takes over what it depends on.
//!
//! It knows SQL as syntax only. What exists in the lake, how a statement is run and whether what it built is good are
//! behind three traits, [`DatasetStates`], [`Builder`] and [`Gate`].

mod bind;
mod bound;
mod definition;
mod error;
mod files;
mod gate;
mod graph;
mod header;
mod lake;
pub mod lineage;
mod log;
mod manifest;
mod outcome;
mod params;
mod plan;
mod progress;
mod references;
pub mod render;
mod run;
mod select;
mod source;
mod statement;
#[cfg(test)]
mod tests;
mod views;

use sha2::{Digest, Sha256};

use crate::engine::View;

pub use bound::{BoundStep, Functions};
pub use definition::Definition;
pub use error::{PipelineError, SourceLocation};
pub use files::{READ_CSV, bind_files};
pub use gate::{Gate, GateReport};
pub use graph::{Graph, Input, KnownTables, Node, PHASES, RAW_SCHEMA};
pub use header::{Header, Role, meaning};
pub use lake::{EngineBuilder, LakeStates};
pub use log::RunLog;
pub use outcome::{Built, Outcome, RunEvent, RunSummary, StepOutcome};
pub use params::{Parameter, ParameterType, ParameterValue, Parameters};
pub use plan::{Action, DatasetState, DatasetStates, Plan, PlannedStep, Reason};
pub use progress::ProgressDisplay;
pub use references::{AT_VERSION, References, TableRead};
pub use run::{Builder, RunOptions, run};
pub use select::{Selection, Selectors};
pub use source::{SqlFile, SqlTree};
pub use statement::{Kind, OrderKey, Step, parse_statements, parse_template, sql_hash};
pub use views::Views;

/// Folders whose files may be plain queries, run by commands of their own. In these, a file that does not define a
/// dataset is no step; everywhere else it is an error.
pub const QUERY_FOLDERS: [&str; 2] = ["backtests", "diagnostics"];

/// Folders whose files are queries about the pipeline and no part of it: the data checks, and what was known of each raw
/// table at a date. [`crate::audit`] reads them.
pub const AUDIT_FOLDERS: [&str; 2] = ["checks", "past"];

/// A loaded and checked pipeline: every file parsed, every table and parameter resolved.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The files.
    pub tree: SqlTree,
    /// The parameters with the values in effect.
    pub parameters: Parameters,
    /// The steps and what they read.
    pub graph: Graph,
    steps: Vec<BoundStep>,
}

impl Pipeline {
    /// Checks `tree` as a whole with `settings` (`name=value` each) for its parameters.
    ///
    /// # Errors
    /// The first error of a manifest, setting, file, table, dependency or placeholder.
    pub fn load(
        tree: SqlTree,
        settings: &[String],
        functions: &Functions,
        known: &KnownTables,
    ) -> Result<Self, PipelineError> {
        let parameters = Parameters::load(tree.manifests(), settings)?;
        let mut parsed = Vec::new();
        for file in tree.files().filter(|file| !AUDIT_FOLDERS.contains(&file.phase())) {
            match Step::parse(file, &functions.names) {
                Ok(step) => parsed.push(step),
                Err(error) if is_query(&error) && QUERY_FOLDERS.contains(&file.phase()) => {}
                Err(error) => return Err(error),
            }
        }
        let graph = Graph::new(parsed, known)?;
        let steps = BoundStep::all(&graph, &parameters, functions)?;
        Ok(Self { tree, parameters, graph, steps })
    }

    /// The step that writes `dataset`, ready to be built.
    pub fn step(&self, dataset: &str) -> Option<&BoundStep> {
        self.steps.get(self.graph.position(dataset)?)
    }

    /// The views, as an engine takes them.
    pub fn views(&self) -> Vec<View> {
        let mut views = Views::default();
        self.steps.iter().for_each(|step| views.insert(step.clone()));
        views.for_engine()
    }

    /// Decides what is to be built; see [`Selectors`] and [`Plan::new`].
    ///
    /// # Errors
    /// If a selector matches nothing or the lake cannot be read.
    pub async fn plan(
        &self,
        selectors: &Selectors,
        force: bool,
        states: &dyn DatasetStates,
    ) -> Result<Plan, PipelineError> {
        Plan::new(&self.steps, &self.graph.select(selectors)?, force, states).await
    }
}

/// A digest in hex.
fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_query(error: &PipelineError) -> bool {
    matches!(error, PipelineError::NotADataset { .. } | PipelineError::StatementCount { .. })
}
