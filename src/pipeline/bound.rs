//! A step with its parameters bound and its inputs resolved: all that an engine needs to build the dataset.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::ast::Statement;

use super::error::PipelineError;
use super::files::bind_files;
use super::graph::Graph;
use super::header::Header;
use super::params::Parameters;
use super::statement::OrderKey;
use crate::engine::AssembleCall;
use crate::lake::CommitRecord;

/// The Kairos functions, as the staleness of a step sees them.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    /// All their names, in lower case.
    pub names: BTreeSet<String>,
    /// Changes whenever the result of any of them may change.
    pub fingerprint: String,
}

/// A step that is ready to be built.
#[derive(Debug, Clone)]
pub struct BoundStep {
    /// The dataset to write.
    pub dataset: String,
    /// The first folder of the path of the file.
    pub phase: String,
    /// The file, as a person would name it.
    pub source: String,
    /// What the file says about the dataset.
    pub header: Header,
    /// `CREATE OR REPLACE TABLE … AS …` without placeholders, and with the names of the datasets that its patterns find.
    pub statement: Statement,
    /// The datasets it reads (raw tables as `raw.NAME`). A commit must record the version of each, or the step stays
    /// stale for ever.
    pub inputs: Vec<String>,
    /// Datasets it reads at a fixed version, which no commit needs to record.
    pub pinned: BTreeSet<String>,
    /// The order of the rows; empty if the statement has no `ORDER BY`.
    pub order_by: Vec<OrderKey>,
    /// See [`super::sql_hash`].
    pub sql_hash: String,
    /// The parameters it names, with their values.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The files it reads with `read_csv`, by the path as it is written, with the SHA-256 of their contents.
    pub files: BTreeMap<String, String>,
    /// The fingerprint of the Kairos functions if it calls any of them.
    pub functions: Option<String>,
}

impl BoundStep {
    /// Binds every step of `graph`, in its order.
    ///
    /// # Errors
    /// The first unknown parameter or unreadable file.
    pub fn all(graph: &Graph, parameters: &Parameters, functions: &Functions) -> Result<Vec<Self>, PipelineError> {
        let bind = |position: usize| {
            let step = &graph.nodes()[position].step;
            let mut statement = step.statement.clone();
            let used = parameters.bind(&mut statement, &step.file)?;
            let inputs = graph.input_names(position);
            if !step.patterns.is_empty() {
                let mut known = inputs.clone();
                known.sort();
                AssembleCall::name_datasets(&mut statement, &known);
            }
            let files = bind_files(&mut statement, &step.file)?;
            Ok(Self {
                dataset: step.dataset.clone(),
                phase: step.file.phase().to_string(),
                source: step.file.origin.clone(),
                header: step.header.clone(),
                statement,
                inputs,
                pinned: step.pinned.clone(),
                order_by: step.order_by.clone(),
                sql_hash: step.sql_hash.clone(),
                parameters: used,
                files,
                functions: (!step.functions.is_empty()).then(|| functions.fingerprint.clone()),
            })
        };
        (0..graph.nodes().len()).map(bind).collect()
    }

    /// The part of a commit's record that is known before the build. The engine adds the versions of the inputs, the
    /// rows, the seconds and the version of Kairos.
    pub fn record(&self, run_id: &str) -> CommitRecord {
        CommitRecord {
            run_id: run_id.to_string(),
            operation: "build".to_string(),
            source: self.source.clone(),
            about: self.header.about.clone(),
            role: Some(self.header.role.to_string()),
            sql_hash: Some(self.sql_hash.clone()),
            parameters: self.parameters.clone(),
            files: self.files.clone(),
            functions: self.functions.clone(),
            ..CommitRecord::default()
        }
    }
}
