//! Where the columns of a statement come from, read from its logical plan as the SQL says it, before any optimisation.
//!
//! ```text
//! select safe_div(a.x, b.y) as ratio            ratio = safe_div(x, y)
//! from (select x + 1 as x, k from t) a      ─►  ├ a.x = x + 1      from t.x
//! join b on a.k = b.k                           └ b.y              rows: a join b on a.k = b.k
//! ```
//!
//! A [`Lineage`] follows a column through projections, windows, aggregates, unions and subqueries to the tables that
//! the statement reads. Each CTE and each named subquery is a [`Step`]; what stands between two of them is one
//! expression.

mod expression;
mod inputs;
mod parameter;
mod rows;
#[cfg(test)]
mod tests;
mod trace;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider,
};
use datafusion::common::TableReference;
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::{FunctionRegistry, SessionState, SessionStateBuilder};
use datafusion::logical_expr::{DdlStatement, LogicalPlan, ScalarUDF};
use datafusion::sql::parser::Statement;

use super::assemble::JoinedAssemblies;
use super::session::{CATALOG, RAW_SCHEMA, SCHEMA};
use super::{Engine, Result};

pub use parameter::PARAMETER;
pub use trace::Lineage;

/// The tables that a statement may read, by name (`feat_beta`, `raw.sep`), with their columns. They need not exist.
#[derive(Debug, Clone, Default)]
pub struct Tables(BTreeMap<String, SchemaRef>);

impl Tables {
    /// Adds a table.
    pub fn insert(&mut self, name: impl Into<String>, columns: SchemaRef) {
        self.0.insert(name.into(), columns);
    }

    /// The columns of a table.
    pub fn get(&self, name: &str) -> Option<&SchemaRef> {
        self.0.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The table that a statement means by a name: a bare name is a derived dataset or else a raw table.
    fn meant_by(&self, name: &TableReference) -> Option<&str> {
        let raw = format!("{RAW_SCHEMA}.{}", name.table());
        let named = |wanted: &str| self.0.get_key_value(wanted).map(|(name, _)| name.as_str());
        match name.schema() {
            Some(RAW_SCHEMA) => named(&raw),
            _ => named(name.table()).or_else(|| named(&raw)),
        }
    }
}

/// A column on its way through a statement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// The CTE or subquery that has the column; `None` for the result of the statement.
    pub relation: Option<String>,
    /// The column.
    pub column: String,
    /// How it is computed: once, or once per branch of a union.
    pub parts: Vec<Part>,
}

/// How a column is computed in one `select`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// The expression as SQL.
    pub expression: String,
    /// Whether the expression is a column as it is.
    pub plain: bool,
    /// What decides on the rows of the `select`, as SQL: joins, filters, groups.
    pub rows: Vec<String>,
    /// The parameters in `expression` and `rows`, with their values.
    pub parameters: BTreeMap<String, String>,
    /// The columns that the value is computed from.
    pub inputs: Vec<Source>,
    /// The columns that decide which rows there are and which belong together: filters, join keys, groups, the
    /// partitions and the order of windows. None of them is in `inputs`.
    pub row_inputs: Vec<Source>,
}

/// A column that another one is computed from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A step of the same statement; see [`Lineage::step_at`].
    Step(usize),
    /// A column of a table that the statement reads.
    Field {
        /// The table, as in [`Tables`]; a table function or an older version by its call.
        table: String,
        /// The column.
        column: String,
    },
}

impl Engine {
    /// Plans a query, a `CREATE TABLE … AS` or a `CREATE VIEW` over tables that need not exist, to follow its columns. No table is read.
    ///
    /// The literal of a parameter may be wrapped in a call of [`PARAMETER`], so that expressions show its name.
    ///
    /// # Errors
    /// If a table or column does not exist or a type does not fit.
    pub async fn lineage(&self, statement: Statement, tables: &Tables) -> Result<Lineage> {
        Ok(Lineage::new(self.plan_over(statement, tables).await?, tables.clone()))
    }

    async fn plan_over(&self, statement: Statement, tables: &Tables) -> Result<Arc<LogicalPlan>> {
        let state = self.state_over(&statement, tables).await?;
        Ok(match state.statement_to_plan(statement).await? {
            LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => create.input,
            LogicalPlan::Ddl(DdlStatement::CreateView(create)) => create.input,
            query => Arc::new(query),
        })
    }

    /// A session whose tables have columns and no rows.
    async fn state_over(&self, statement: &Statement, tables: &Tables) -> Result<SessionState> {
        let derived = Arc::new(MemorySchemaProvider::new());
        let raw = Arc::new(MemorySchemaProvider::new());
        for (name, columns) in &tables.0 {
            let table = Arc::new(EmptyTable::new(columns.clone()));
            match name.strip_prefix(RAW_SCHEMA).and_then(|rest| rest.strip_prefix('.')) {
                None => derived.register_table(name.clone(), table)?,
                Some(bare) => {
                    if !tables.0.contains_key(bare) {
                        derived.register_table(bare.to_owned(), table.clone())?;
                    }
                    raw.register_table(bare.to_owned(), table)?
                }
            };
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, derived)?;
        catalog.register_schema(RAW_SCHEMA, raw)?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let builder = SessionStateBuilder::new_from_existing(self.session.clone());
        let mut state = builder.with_catalog_list(Arc::new(catalogs)).build();
        super::resolve::register_pinned(&mut state, &self.lake, &[statement]).await?;
        state.register_relation_planner(Arc::new(JoinedAssemblies(tables.0.clone())))?;
        let marker = Arc::new(ScalarUDF::from(parameter::Parameter::default()));
        state.register_udf(marker)?;
        Ok(state)
    }
}
