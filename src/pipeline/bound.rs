//! A step with its parameters bound and its inputs resolved: all that an engine needs to build the dataset.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::ast::Statement;

use super::error::PipelineError;
use super::files::bind_files;
use super::graph::Graph;
use super::header::Header;
use super::params::Parameters;
use super::statement::{Kind, OrderKey, Step};
use super::views::Views;
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
    /// Whether its rows are stored.
    pub kind: Kind,
    /// The dataset to write, or the view.
    pub dataset: String,
    /// The first folder of the path of the file.
    pub phase: String,
    /// The file, as a person would name it.
    pub source: String,
    /// What the file says about the dataset.
    pub header: Header,
    /// The statement of its file without placeholders, and with the names of the datasets that its patterns find.
    pub statement: Statement,
    /// The datasets it reads, directly or through views (raw tables as `raw.NAME`). A commit must record the version of
    /// each, or the step stays stale for ever.
    pub inputs: Vec<String>,
    /// Datasets it reads at a fixed version, which no commit needs to record.
    pub pinned: BTreeSet<String>,
    /// The order of the rows; empty if the statement has no `ORDER BY`.
    pub order_by: Vec<OrderKey>,
    /// See [`super::sql_hash`]; with those of the views it reads.
    pub sql_hash: String,
    /// The parameters that it and the views it reads name, with their values.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The files that it and the views it reads read with `read_csv`, by the path as it is written, with the SHA-256 of
    /// their contents.
    pub files: BTreeMap<String, String>,
    /// The fingerprint of the Kairos functions if it calls any of them.
    pub functions: Option<String>,
}

impl BoundStep {
    /// Binds every step of `graph`, in its order: views come before the steps that read them.
    ///
    /// # Errors
    /// The first unknown parameter or unreadable file.
    pub fn all(graph: &Graph, parameters: &Parameters, functions: &Functions) -> Result<Vec<Self>, PipelineError> {
        let (mut bound, mut views) = (Vec::new(), Views::default());
        for (position, node) in graph.nodes().iter().enumerate() {
            let step = Self::of(&node.step, graph.input_names(position), parameters, functions, &views)?;
            views.insert(step.clone());
            bound.push(step);
        }
        Ok(bound)
    }

    /// Binds one step that reads `inputs`, seeing through those that are among `views`.
    ///
    /// # Errors
    /// If it names an unknown parameter or reads a file that is not there.
    pub fn of(
        step: &Step,
        inputs: Vec<String>,
        parameters: &Parameters,
        functions: &Functions,
        views: &Views,
    ) -> Result<Self, PipelineError> {
        let mut statement = step.statement.clone();
        let used = parameters.bind(&mut statement, &step.file)?;
        if !step.patterns.is_empty() {
            let mut known = inputs.clone();
            known.sort();
            AssembleCall::name_datasets(&mut statement, &known);
        }
        let files = bind_files(&mut statement, &step.file)?;
        let mut bound = Self {
            kind: step.kind,
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
        };
        views.see_through(&mut bound);
        Ok(bound)
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
