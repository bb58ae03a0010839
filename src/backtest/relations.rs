//! Named relations: each is computed once and kept in memory as a table that later queries read by its name, or stands for
//! its query in the queries that read it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::ident;
use datafusion::physical_plan::common::collect;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::ast::{Query, Statement};

use super::strategy::query;
use super::{BacktestError, Result};
use crate::engine::{Engine, EngineError, View};
use crate::pipeline::{Parameters, References, SqlFile};

/// The rows of a relation.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
    /// The columns by which they ascend, missing values last.
    sorted: Vec<String>,
}

impl Rows {
    pub(super) fn of(batch: RecordBatch) -> Self {
        Self { schema: batch.schema(), batches: vec![batch], sorted: Vec::new() }
    }

    pub(super) fn one_batch(&self) -> Result<RecordBatch> {
        Ok(concat_batches(&self.schema, &self.batches)?)
    }
}

/// Relations by what they are computed from: the text of the query with its values, and that of the relations it reads.
pub(super) type Kept = HashMap<String, Rows>;

/// What is known of a relation besides its rows.
struct Relation {
    /// What it is computed from.
    origin: String,
    /// Nothing for one that stands for its query.
    computed: Option<Computed>,
}

/// What is known of rows that were computed.
struct Computed {
    schema: SchemaRef,
    is_empty: bool,
}

/// Runs files one after the other; each sees the relations before it.
pub(super) struct Relations<'a> {
    engine: Engine,
    parameters: &'a Parameters,
    kept: &'a mut Kept,
    /// The relations so far, by name.
    known: BTreeMap<String, Relation>,
    /// The parameters that were used.
    pub(super) used: BTreeMap<String, serde_json::Value>,
}

impl<'a> Relations<'a> {
    pub(super) fn new(engine: &Engine, parameters: &'a Parameters, kept: &'a mut Kept) -> Self {
        Self { engine: engine.clone(), parameters, kept, known: BTreeMap::new(), used: BTreeMap::new() }
    }

    /// The engine, in which every relation so far is a table.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Computes a file as the relation `name`, and keeps it for later runs.
    pub(super) async fn stage(&mut self, name: &str, file: &SqlFile) -> Result<()> {
        let query = self.bound(file)?;
        let origin = self.origin_of(&query);
        let rows = match self.kept.get(&origin) {
            Some(rows) => rows.clone(),
            None => {
                let rows = self.run(query, file).await?;
                self.kept.insert(origin.clone(), rows.clone());
                rows
            }
        };
        self.put(name, origin, &rows)
    }

    /// Makes a file the relation `name` that stands for its query: what reads it computes of it what it needs, which may be
    /// nothing.
    pub(super) fn inline(&mut self, name: &str, file: &SqlFile) -> Result<()> {
        let mut query = self.bound(file)?;
        let origin = self.origin_of(&query);
        query.order_by = None;
        let view = View { name: name.to_owned(), source: file.origin.clone(), query, sort: Vec::new() };
        let views: Vec<View> = self.engine.views().cloned().chain([view]).collect();
        self.engine = self.engine.clone().with_views(views);
        self.known.insert(name.to_owned(), Relation { origin, computed: None });
        Ok(())
    }

    /// From now on sums are taken in the order of the rows, whatever the number of threads: what is computed here ends in
    /// the books, which must come out the same to the last digit.
    pub(super) fn in_order(&mut self) {
        self.engine = self.engine.clone().in_order();
    }

    /// Computes a file whose common table expressions become relations, one after the other; returns its result.
    pub(super) async fn steps(&mut self, file: &SqlFile) -> Result<Rows> {
        let mut query = self.bound(file)?;
        for step in query.with.take().into_iter().flat_map(|with| with.cte_tables) {
            let name = step.alias.name.value.to_lowercase();
            let origin = self.origin_of(&step.query);
            let rows = self.run(*step.query, file).await?;
            self.put(&name, origin, &rows)?;
        }
        self.run(query, file).await
    }

    /// Computes a file as a whole.
    pub(super) async fn whole(&mut self, file: &SqlFile) -> Result<Rows> {
        let query = self.bound(file)?;
        self.run(query, file).await
    }

    /// Makes rows a relation.
    pub(super) fn put(&mut self, name: &str, origin: String, rows: &Rows) -> Result<()> {
        let table = MemTable::try_new(rows.schema.clone(), vec![rows.batches.clone()]).map_err(EngineError::from)?;
        // So that what reads them in this order need not sort them again.
        let sorted = rows.sorted.iter().map(|column| ident(column).sort(true, false)).collect();
        let table: Arc<dyn TableProvider> = Arc::new(table.with_sort_order(vec![sorted]));
        self.engine = self.engine.clone().with_relation(name, table);
        let is_empty = rows.batches.iter().all(|batch| batch.num_rows() == 0);
        let computed = Some(Computed { schema: rows.schema.clone(), is_empty });
        self.known.insert(name.to_owned(), Relation { origin, computed });
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Whether a relation was computed and has no row.
    pub(super) fn is_empty(&self, name: &str) -> bool {
        self.computed(name).is_some_and(|rows| rows.is_empty)
    }

    /// The columns of a relation, if it was computed.
    pub(super) fn schema(&self, name: &str) -> Option<&SchemaRef> {
        self.computed(name).map(|rows| &rows.schema)
    }

    fn computed(&self, name: &str) -> Option<&Computed> {
        self.known.get(name)?.computed.as_ref()
    }

    fn bound(&mut self, file: &SqlFile) -> Result<Query> {
        let mut query = query(file)?;
        self.used.extend(self.parameters.bind(&mut query, file)?);
        Ok(query)
    }

    /// The text of a query, and that of the relations that it reads.
    fn origin_of(&self, query: &Query) -> String {
        let mut origin = query.to_string();
        for table in References::of(query).tables {
            if let Some(read) = self.known.get(&table.name) {
                origin.push('\n');
                origin.push_str(&read.origin);
            }
        }
        origin
    }

    async fn run(&mut self, query: Query, file: &SqlFile) -> Result<Rows> {
        let statement = DataFusionStatement::Statement(Box::new(Statement::Query(Box::new(query))));
        let failed = |source| BacktestError::Sql { file: Box::new(file.clone()), source };
        let planned = self.engine.plan(statement).await.map_err(failed)?;
        let (rows, sorted) = self.engine.sorted_rows(planned).await.map_err(failed)?;
        let schema = rows.schema();
        let batches = collect(rows).await.map_err(|error| failed(error.into()))?;
        Ok(Rows { schema, batches, sorted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Resources;
    use crate::lake::Lake;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_relation_is_sorted_again_only_if_it_is_not_in_that_order() {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
        let engine = Engine::new(lake, &Resources { threads: Some(2), memory_limit: None }).unwrap();
        let (parameters, mut kept) = (Parameters::default(), Kept::new());
        let mut relations = Relations::new(&engine, &parameters, &mut kept);
        let names = "select 3 - value % 4 as date, value as \"Name\" from generate_series(1, 1000)";
        for (name, order) in [("sorted", "order by date, \"Name\""), ("falling", "order by date desc"), ("loose", "")] {
            let file = SqlFile::inline(name, &format!("{names} {order}"));
            relations.stage(name, &file).await.unwrap();
        }
        for (sql, sorts) in [
            ("select * from sorted order by date, \"Name\"", false),
            ("select * from sorted order by date", false),
            ("select * from sorted order by \"Name\"", true),
            ("select * from sorted order by date desc", true),
            ("select * from falling order by date", true),
            ("select * from loose order by date", true),
        ] {
            let plan = relations.engine().physical_plan(sql).await.unwrap();
            let plan = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
            assert_eq!(plan.contains("SortExec"), sorts, "{sql}\n{plan}");
        }
    }
}
