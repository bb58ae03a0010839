//! The SQL engine: a DataFusion session whose tables are the datasets of a lake.
//!
//! Every statement sees one version of each dataset it names, fixed when it is planned. A
//! `CREATE OR REPLACE TABLE x AS SELECT …` commits the rows as a new version of dataset `x`; this is the only way
//! rows get from SQL into the lake, for a typed statement and for a pipeline step alike.

mod arguments;
mod assemble;
mod build;
mod by_key;
mod cancel;
mod cross_section;
mod csv;
mod error;
mod export;
mod first_dates;
mod full_batches;
mod gallop;
mod in_step;
mod keys;
pub mod lineage;
mod merge_join;
mod merge_union;
mod output;
mod partitioned;
mod replace;
mod resolve;
mod session;
mod small_sides;
mod splice;
mod store;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::datasource::MemTable;
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::physical_expr::PhysicalSortExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, execute_stream, execute_stream_partitioned};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use kairos_udfs::Threads;

use crate::lake::{CommitRecord, DatasetProvider, Lake, Snapshot};
use views::Views;

pub(crate) use assemble::pattern_finds;
pub use assemble::{ASSEMBLE, AssembleCall, AssembleError, Member};
pub use build::Built;
pub use error::{EngineError, Help};
pub use export::Relation;
pub use output::{Format, write_file, write_rows};
pub use session::Resources;
pub use views::View;

/// The result of an engine operation.
pub type Result<T, E = EngineError> = std::result::Result<T, E>;

/// Runs SQL over one lake. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    lake: Lake,
    session: SessionState,
    guests: Guests,
    views: Views,
}

/// Tables that are no datasets of the engine's lake, by schema and name.
type Guests = BTreeMap<(String, String), Arc<dyn TableProvider>>;

/// The physical plan of a query whose rows are wanted.
async fn query_plan(state: &SessionState, logical: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    let physical = state.create_physical_plan(logical).await?;
    full_batches::full_batches_of_ranges(cancel::yielding_joins(physical)?, state.config().batch_size())
}

/// The columns by which the rows of each partition ascend, missing values last.
fn ascending(plan: &Arc<dyn ExecutionPlan>) -> Vec<String> {
    let column = |sort: &PhysicalSortExpr| {
        let ascends = !sort.options.descending && !sort.options.nulls_first;
        sort.expr.downcast_ref::<Column>().filter(|_| ascends).map(|column| column.name().to_owned())
    };
    plan.output_ordering().into_iter().flatten().map_while(column).collect()
}

/// What a statement gave.
pub enum Outcome {
    /// Rows, as they are computed.
    Rows(SendableRecordBatchStream),
    /// A dataset has a new version.
    Built(Built),
}

/// A statement with the versions it will read.
pub struct Planned {
    state: SessionState,
    logical: LogicalPlan,
}

impl Engine {
    /// An engine over `lake` that uses at most these resources.
    ///
    /// # Errors
    /// If the temporary folder for spilling cannot be set up.
    pub fn new(lake: Lake, resources: &Resources) -> Result<Self> {
        let session = session::new_state(&lake, resources)?;
        Ok(Self { lake, session, guests: Guests::new(), views: Views::default() })
    }

    /// The same engine with these views and no others. A view hides a dataset of its name.
    #[must_use]
    pub fn with_views(mut self, views: impl IntoIterator<Item = View>) -> Self {
        self.views = Views::new(views);
        self
    }

    /// The view of this name.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.get(name)
    }

    /// All views, by name.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.views.iter()
    }

    /// The same engine, in which `name` is a table of these rows, also if the lake has a dataset of that name.
    ///
    /// # Errors
    /// If the rows cannot be a table.
    pub fn with_rows(self, name: &str, rows: RecordBatch) -> Result<Self> {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
        Ok(self.with_relation(name, Arc::new(table)))
    }

    /// The same engine, in which `name` is `table`, also if the lake has a dataset of that name.
    #[must_use]
    pub fn with_relation(self, name: &str, table: Arc<dyn TableProvider>) -> Self {
        self.with_table(session::SCHEMA, name, table)
    }

    /// The same engine, in which the dataset of `snapshot` stays at that version.
    #[must_use]
    pub fn with_snapshot(self, snapshot: Snapshot) -> Self {
        let name = snapshot.dataset().to_owned();
        let table = Arc::new(DatasetProvider::new(&self.lake, Arc::new(snapshot)));
        self.with_relation(&name, table)
    }

    /// The same engine, in which `name` stands for a query at the versions that its datasets have now, also if the lake has a
    /// dataset of that name.
    ///
    /// # Errors
    /// If the query cannot be planned.
    pub async fn with_query(self, name: &str, query: ast::Query) -> Result<Self> {
        let statement = ast::Statement::Query(Box::new(query));
        let logical = self.plan(Statement::Statement(Box::new(statement))).await?.logical;
        Ok(self.with_relation(name, Arc::new(ViewTable::new(logical, None))))
    }

    /// The same engine, in which `schema.name` is `table`, also if the lake has a dataset of that name. Raw tables stay
    /// those of the lake.
    #[must_use]
    pub fn with_table(mut self, schema: &str, name: &str, table: Arc<dyn TableProvider>) -> Self {
        self.guests.insert((schema.to_owned(), name.to_owned()), table);
        self
    }

    /// The same engine, in which `schema.name` is a dataset's version in another lake.
    #[must_use]
    pub fn with_dataset_of(self, schema: &str, lake: &Lake, snapshot: Snapshot) -> Self {
        lake.register_store(self.session.runtime_env());
        let name = snapshot.dataset().replace('/', "_");
        self.with_table(schema, &name, Arc::new(DatasetProvider::new(lake, Arc::new(snapshot))))
    }

    /// The same engine with queries of one partition: rows keep their order, and sums are the same to the last digit
    /// whatever the number of threads. Table functions still use all threads.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        let threads = Threads(self.session.config().target_partitions());
        let config = self.session.config().clone().with_extension(Arc::new(threads)).with_target_partitions(1);
        self.session = SessionStateBuilder::new_from_existing(self.session).with_config(config).build();
        self
    }

    /// The lake it reads and writes.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// The names of all functions that a statement may call: scalar, aggregate, window and table functions.
    pub fn function_names(&self) -> Vec<String> {
        let session = &self.session;
        let mut names: Vec<String> = session.scalar_functions().keys().cloned().collect();
        names.extend(session.aggregate_functions().keys().cloned());
        names.extend(session.window_functions().keys().cloned());
        names.extend(session.table_functions().keys().cloned());
        names.extend(kairos_udfs::table_function_names());
        names.extend([resolve::AT_VERSION, ASSEMBLE].map(str::to_owned));
        names.sort();
        names.dedup();
        names
    }

    /// Splits text into statements, keeping their places for messages.
    ///
    /// # Errors
    /// If the text is not SQL.
    pub fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        let parser = DFParserBuilder::new(sql).with_dialect(&GenericDialect {}).build();
        let statements = parser.and_then(|mut parser| parser.parse_statements());
        Ok(statements.map_err(EngineError::from)?.into())
    }

    /// Fixes the version of every dataset that the statement names and plans it.
    ///
    /// # Errors
    /// If a table or column does not exist, a type does not fit, or the statement is of a kind that a lake does not take.
    pub async fn plan(&self, mut statement: Statement) -> Result<Planned> {
        arguments::name_tables(&mut statement);
        let state = resolve::state_for(self, &statement).await?;
        let logical = state.statement_to_plan(statement).await?;
        error::refuse_unsupported(&logical)?;
        Ok(Planned { state, logical })
    }

    /// Runs a planned statement. Rows stream; a `CREATE TABLE` is executed and committed before this returns.
    ///
    /// `record` says where the statement comes from; the engine adds what it read, how many rows it wrote and how long it took.
    ///
    /// # Errors
    /// If execution fails or the commit loses against another writer. The dataset's versions are untouched then.
    pub async fn run(&self, planned: Planned, record: CommitRecord) -> Result<Outcome> {
        let started = Instant::now();
        let Planned { state, logical } = planned;
        match &logical {
            LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => {
                let job = build::Job { lake: &self.lake, state: &state, create, record, started };
                Ok(Outcome::Built(job.run().await?))
            }
            _ => {
                let physical = query_plan(&state, &logical).await?;
                Ok(Outcome::Rows(execute_stream(physical, state.task_ctx())?))
            }
        }
    }

    /// The rows of a planned query, and the columns by which its plan promises that they ascend, missing values last.
    ///
    /// # Errors
    /// If the statement is no query, or execution fails.
    pub async fn sorted_rows(&self, planned: Planned) -> Result<(SendableRecordBatchStream, Vec<String>)> {
        let Planned { state, logical } = planned;
        let physical = query_plan(&state, &logical).await?;
        let sorted = match physical.output_partitioning().partition_count() {
            1 => ascending(&physical),
            // They are put together as they come.
            _ => Vec::new(),
        };
        Ok((execute_stream(physical, state.task_ctx())?, sorted))
    }

    /// The physical plan of a query, for tests and tools that look at plans.
    ///
    /// # Errors
    /// If planning fails.
    pub async fn physical_plan(&self, sql: &str) -> Result<Arc<dyn ExecutionPlan>> {
        let statement = self.parse(sql)?.pop().ok_or(EngineError::Empty)?;
        self.physical_plan_of(self.plan(statement).await?).await
    }

    /// The physical plan of a planned statement.
    ///
    /// # Errors
    /// If physical planning fails.
    pub async fn physical_plan_of(&self, planned: Planned) -> Result<Arc<dyn ExecutionPlan>> {
        let Planned { state, logical } = planned;
        Ok(match &logical {
            LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => {
                build::physical_plan(&state, create).await?.plan
            }
            _ => query_plan(&state, &logical).await?,
        })
    }

    /// The rows of one query, as they are computed.
    ///
    /// # Errors
    /// If the statement is not a query or cannot be planned.
    pub async fn rows(&self, sql: &str) -> Result<SendableRecordBatchStream> {
        let statement = self.parse(sql)?.pop().ok_or(EngineError::Empty)?;
        let planned = self.plan(statement).await?;
        match self.run(planned, CommitRecord::default()).await? {
            Outcome::Rows(rows) => Ok(rows),
            Outcome::Built(_) => {
                Err(EngineError::Unsupported { what: "CREATE TABLE", instead: "a query is needed here" })
            }
        }
    }

    /// The rows of one query in as many streams as there are threads, for whoever does not need their order.
    ///
    /// # Errors
    /// If the statement is not a query or cannot be planned.
    pub async fn parts(&self, sql: &str) -> Result<Vec<SendableRecordBatchStream>> {
        let statement = self.parse(sql)?.pop().ok_or(EngineError::Empty)?;
        let Planned { state, logical } = self.plan(statement).await?;
        let physical = query_plan(&state, &logical).await?;
        Ok(execute_stream_partitioned(physical, state.task_ctx())?)
    }

    /// Collects the rows of one query; for small results.
    ///
    /// # Errors
    /// If the statement is not a query or fails.
    pub async fn query(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        let statement = self.parse(sql)?.pop().ok_or(EngineError::Empty)?;
        let planned = self.plan(statement).await?;
        match self.run(planned, CommitRecord::default()).await? {
            Outcome::Rows(rows) => Ok(datafusion::physical_plan::common::collect(rows).await?),
            Outcome::Built(_) => Ok(Vec::new()),
        }
    }
}
