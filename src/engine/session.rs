//! How DataFusion is set up: resources, options and functions.

use std::sync::Arc;

use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::Result;
use super::by_key::WindowsByKey;
use super::cross_section::CrossSections;
use super::csv::ReadCsv;
use super::merge_join::MergeJoins;
use super::merge_union::MergeUnions;
use super::small_sides::SmallSides;
use crate::lake::Lake;

/// The catalog's name in error messages and `information_schema`.
pub(super) const CATALOG: &str = "kairos";
/// The schema that holds derived datasets, and where unqualified names are looked up.
pub(super) const SCHEMA: &str = "lake";
/// The schema of raw datasets, which are named `raw/…` in the lake.
pub(super) const RAW_SCHEMA: &str = "raw";

/// The table function that reads a CSV file.
const READ_CSV: &str = "read_csv";

/// What the engine may use of the machine.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    /// Worker threads of a query; all cores if `None`.
    pub threads: Option<usize>,
    /// Bytes that sorts, joins and aggregates may hold before they spill to disk; no limit if `None`.
    pub memory_limit: Option<usize>,
}

pub(super) fn new_state(lake: &Lake, resources: &Resources) -> Result<SessionState> {
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(limit) = resources.memory_limit {
        runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(limit)));
    }
    let runtime = runtime.build_arc()?;
    lake.register_store(&runtime);
    let state = SessionStateBuilder::new()
        .with_config(config(resources))
        .with_runtime_env(runtime)
        .with_default_features()
        .with_optimizer_rules(logical_rules())
        .with_physical_optimizer_rules(physical_rules())
        .build();
    let context = SessionContext::new_with_state(state);
    kairos_udfs::register_all(&context)?;
    context.register_udtf(READ_CSV, Arc::new(ReadCsv));
    Ok(context.state())
}

/// DataFusion's rules but one: `eliminate_cross_join` of 55.2 forgets a join condition over both sides of a cross join
/// (`a cross join b join c on a.k = c.k and a.x - b.y = c.x`), which gives rows that must not be there. Other rules turn
/// `from a, b where a.x = b.x` into a hash join without it.
fn logical_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    Optimizer::new().rules.into_iter().filter(|rule| rule.name() != "eliminate_cross_join").collect()
}

/// DataFusion's rules and ours, each where it has its say.
fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> = Vec::new();
    for rule in PhysicalOptimizer::default().rules {
        let selects_joins = rule.name() == "join_selection";
        rules.push(rule);
        if selects_joins {
            rules.extend([Arc::new(SmallSides) as _, Arc::new(MergeJoins) as _, Arc::new(CrossSections) as _]);
        }
    }
    rules.extend([Arc::new(MergeUnions) as _, Arc::new(WindowsByKey) as _]);
    rules
}

fn config(resources: &Resources) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(true)
        // Files are cut by ticker; cutting them by bytes or dealing out batches in turn would lose the order.
        .with_repartition_file_scans(false)
        .with_round_robin_repartition(false)
        .with_prefer_existing_sort(true);
    if let Some(threads) = resources.threads {
        config = config.with_target_partitions(threads);
    }
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    // As DuckDB and pandas: the strongest name first is never one without a value.
    options.sql_parser.default_null_ordering = "nulls_last".to_owned();
    options.execution.parquet.schema_force_view_types = false;
    config
}
