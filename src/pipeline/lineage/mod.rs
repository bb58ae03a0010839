//! Where a column comes from: through the SQL of its dataset and of every dataset above it, down to raw fields.
//!
//! ```text
//! Pipeline ─► Columns ─► ColumnGraph ─► tree, dot, mermaid, JSON
//!   SQL as it is now         └────────► Values (from the lake)
//! ```
//!
//! The lineage is that of the SQL as it is now, built or not: the columns of a dataset are those that its statement
//! would give, and only raw tables and datasets without a file are looked up in the lake.

mod diagram;
mod follow;
mod named;
mod tree;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::parser::Statement;
use serde::Serialize;

use super::error::PipelineError;
use super::graph::RAW_SCHEMA;
use super::lake::explained;
use super::{BoundStep, Pipeline};
use crate::engine::Engine;
use crate::engine::lineage::{Lineage, Tables};
use crate::lake::storable_schema;
use kairos_udfs::nearest;

pub use diagram::{dot, mermaid};
pub use follow::Follow;
pub use tree::{Detail, tree};
pub use values::{Cell, Found, Key, Values};

/// A column with everything that it comes from; the first node is the column itself.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnGraph {
    /// The columns on the way; each refers to its inputs by their position.
    pub nodes: Vec<ColumnNode>,
}

/// A column of a dataset, of a CTE inside its statement, or of a raw table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnNode {
    /// The dataset; for a CTE the one whose statement it is part of.
    pub dataset: String,
    /// The CTE or subquery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The column.
    pub column: String,
    /// What it is.
    pub kind: NodeKind,
    /// The file of the dataset's statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How it is computed: once, or once per branch of a union. Empty if it is not followed any further.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ColumnPart>,
}

/// What a node of a [`ColumnGraph`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// A column of a dataset of the pipeline.
    Dataset,
    /// A column of a CTE or a subquery inside a statement.
    Query,
    /// A column that no SQL of the pipeline computes: of a raw table, of an older version, of a dataset that exists in
    /// the lake only.
    Field,
}

/// How a column is computed in one `select`; see [`crate::engine::lineage::Part`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnPart {
    /// The expression as SQL.
    pub expression: String,
    /// What decides on the rows, as SQL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
    /// The parameters it names, with their values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The nodes that the value is computed from.
    pub inputs: Vec<usize>,
    /// The nodes that decide on the rows, if they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub row_inputs: Vec<usize>,
}

impl ColumnNode {
    /// `feat_beta.beta_252d`, or for a CTE `returns.ret`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.relation.as_deref().unwrap_or(&self.dataset), self.column)
    }

    /// The nodes it comes from, each once, in the order of the expression.
    pub fn inputs(&self) -> Vec<usize> {
        let mut inputs = Vec::new();
        for input in self.parts.iter().flat_map(|part| part.inputs.iter().chain(&part.row_inputs)) {
            if !inputs.contains(input) {
                inputs.push(*input);
            }
        }
        inputs
    }
}

impl ColumnGraph {
    /// The datasets of the pipeline that the column passes through.
    pub fn datasets(&self) -> BTreeSet<&str> {
        let computed = self.nodes.iter().filter(|node| node.kind == NodeKind::Dataset);
        computed.map(|node| node.dataset.as_str()).collect()
    }
}

/// The statements of a pipeline, planned so that their columns can be followed.
pub struct Columns<'a> {
    pipeline: &'a Pipeline,
    statements: BTreeMap<String, Lineage>,
    tables: Tables,
}

impl<'a> Columns<'a> {
    /// Plans the statements of `datasets` and of all that they read. `outside` holds the columns of the raw tables and
    /// of the datasets that no statement of the pipeline writes. A name that is in neither is left for
    /// [`Columns::follow`] to refuse.
    ///
    /// # Errors
    /// If a statement cannot be planned.
    pub async fn plan(
        pipeline: &'a Pipeline,
        engine: &Engine,
        outside: Tables,
        datasets: &[String],
    ) -> Result<Self, PipelineError> {
        let mut columns = Self { pipeline, statements: BTreeMap::new(), tables: outside };
        let targets = datasets.iter().filter_map(|dataset| pipeline.graph.position(dataset)).collect();
        // In ascending order every statement comes after those that it reads.
        for position in pipeline.graph.upstream(&targets) {
            let step = &pipeline.steps[position];
            let lineage = columns.plan_step(engine, position, step).await?;
            let schema = storable_schema(&step.dataset, &lineage.schema());
            let schema = schema.map_err(|error| PipelineError::Statement { message: error.to_string() })?;
            columns.tables.insert(step.dataset.clone(), schema);
            columns.statements.insert(step.dataset.clone(), lineage);
        }
        Ok(columns)
    }

    /// With the names of the parameters in the expressions, where SQL takes a call in place of a literal: the bounds
    /// of a frame, for example, must be literals, and such a statement shows the values.
    async fn plan_step(&self, engine: &Engine, position: usize, step: &BoundStep) -> Result<Lineage, PipelineError> {
        let unbound = &self.pipeline.graph.nodes()[position].step;
        let mut named = unbound.statement.clone();
        named::name_parameters(&mut named, &self.pipeline.parameters, &unbound.file)?;
        if let Ok(lineage) = engine.lineage(Statement::Statement(Box::new(named)), &self.tables).await {
            return Ok(lineage);
        }
        let bound = Statement::Statement(Box::new(step.statement.clone()));
        let planned = engine.lineage(bound, &self.tables).await;
        planned.map_err(|error| PipelineError::Statement { message: explained(error, Some(&unbound.file)) })
    }

    /// The columns of a dataset or raw table.
    pub fn of(&self, dataset: &str) -> Option<Vec<&str>> {
        let schema = self.tables.get(dataset)?;
        Some(schema.fields().iter().map(|field| field.name().as_str()).collect())
    }

    /// The full name of a dataset: raw tables may be named without `raw.`.
    fn named(&self, dataset: &str) -> Result<String, PipelineError> {
        let raw = format!("{RAW_SCHEMA}.{dataset}");
        let found = [dataset, raw.as_str()].into_iter().find(|name| self.tables.get(name).is_some());
        found.map(str::to_owned).ok_or_else(|| {
            let steps = self.pipeline.graph.nodes().iter().map(|node| node.step.dataset.as_str());
            let similar = nearest(dataset, steps.chain(self.tables.names()));
            PipelineError::UnknownSelector { kind: "dataset", selector: dataset.to_owned(), similar }
        })
    }

    fn check_column(&self, dataset: &str, column: &str) -> Result<(), PipelineError> {
        let columns = self.of(dataset).unwrap_or_default();
        if columns.contains(&column) {
            return Ok(());
        }
        let similar = nearest(column, columns.iter().copied());
        let (dataset, column) = (dataset.to_owned(), column.to_owned());
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Err(PipelineError::UnknownColumn { dataset, column, similar, columns })
    }
}
