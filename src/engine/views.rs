//! Views: names for queries. Nothing of a view is stored; a statement that reads one is planned as if the query stood there.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::TableReference;
use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;

use super::arguments::name_tables;
use super::session::SCHEMA;
use super::{EngineError, Result};
use crate::lake::Lake;

/// A name for a query.
#[derive(Debug, Clone)]
pub struct View {
    /// The name, among those of the derived datasets.
    pub name: String,
    /// Where it is defined, for messages.
    pub source: String,
    /// The query without an order, so that reading a few columns sorts nothing.
    pub query: ast::Query,
    /// The columns by which its rows are sorted when they are written somewhere.
    pub sort: Vec<String>,
}

impl View {
    /// The query as a statement of its own.
    pub(super) fn statement(&self) -> Statement {
        let query = ast::Statement::Query(Box::new(self.query.clone()));
        let mut statement = Statement::Statement(Box::new(query));
        name_tables(&mut statement);
        statement
    }

    /// The error of a statement that takes the view for a dataset.
    pub(super) fn refused(&self, reason: impl Into<String>) -> EngineError {
        EngineError::View { name: self.name.clone(), source_file: self.source.clone(), reason: reason.into() }
    }
}

/// The views of an engine, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Views(BTreeMap<String, View>);

impl Views {
    pub(super) fn new(views: impl IntoIterator<Item = View>) -> Self {
        Self(views.into_iter().map(|view| (view.name.clone(), view)).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&View> {
        self.0.get(name)
    }

    /// The view that a table reference means, if it is one.
    pub(super) fn named(&self, reference: &TableReference) -> Option<&View> {
        let derived = reference.schema().is_none_or(|schema| schema == SCHEMA);
        self.get(reference.table()).filter(|_| derived)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &View> {
        self.0.values()
    }

    /// The views that a statement reads, directly or through others, each after those that it reads itself; all of them
    /// if it asks which tables there are.
    pub(super) fn read_by(&self, session: &SessionState, statement: &Statement) -> Result<Vec<&View>> {
        let references = session.resolve_table_references(statement)?;
        let mut found = Vec::new();
        let all = references.iter().any(|reference| reference.schema() == Some("information_schema"));
        for view in self.iter().filter(|_| all).chain(references.iter().filter_map(|name| self.named(name))) {
            self.follow(session, view, &mut Vec::new(), &mut found)?;
        }
        Ok(found)
    }

    fn follow<'a>(
        &'a self,
        session: &SessionState,
        view: &'a View,
        path: &mut Vec<&'a str>,
        found: &mut Vec<&'a View>,
    ) -> Result<()> {
        if path.contains(&view.name.as_str()) {
            return Err(view.refused("it reads itself"));
        }
        if found.iter().any(|known| known.name == view.name) {
            return Ok(());
        }
        path.push(&view.name);
        for reference in session.resolve_table_references(&view.statement())? {
            if let Some(read) = self.named(&reference) {
                self.follow(session, read, path, found)?;
            }
        }
        path.pop();
        found.push(view);
        Ok(())
    }
}

/// Plans each view and lets the ones after it, and the statement, read it. A stored dataset of the same name is hidden.
pub(super) async fn register(
    views: &[&View],
    state: &SessionState,
    derived: &MemorySchemaProvider,
    lake: &Lake,
) -> Result<()> {
    for view in views {
        if let Some(hidden) = lake.snapshot(&view.name).await? {
            let (name, source, version) = (&view.name, &view.source, hidden.version());
            tracing::warn!(
                "{name} is the view of {source}; version {version} of a stored dataset with this name is hidden, \
                 at_version('{name}', {version}) reads it"
            );
        }
        let plan = state.statement_to_plan(view.statement()).await;
        let plan = plan.map_err(|error| view.refused(EngineError::from(error).to_string()))?;
        derived.register_table(view.name.clone(), Arc::new(ViewTable::new(plan, None)))?;
    }
    Ok(())
}
