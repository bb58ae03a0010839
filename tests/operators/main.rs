//! Kairos' physical operators against DataFusion's own, on the same rows.

mod joins;
mod ranges;
mod unions;
mod windows;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::{SessionConfig, SessionContext};
use kairos::engine::{Engine, Outcome, Resources};
use kairos::lake::{CommitRecord, Lake};

/// An engine over a lake with these datasets.
async fn engine(folder: &tempfile::TempDir, datasets: &[&str]) -> Engine {
    let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let engine = Engine::new(lake, &Resources { threads: Some(3), memory_limit: None }).unwrap();
    for dataset in datasets {
        let statement = engine.parse(dataset).unwrap().pop().unwrap();
        let built = engine.run(engine.plan(statement).await.unwrap(), CommitRecord::default()).await.unwrap();
        assert!(matches!(built, Outcome::Built(_)));
    }
    engine
}

/// DataFusion without our rules, with the same rows.
async fn plain(engine: &Engine, tables: &[&str]) -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(1);
    config.options_mut().sql_parser.default_null_ordering = "nulls_last".to_owned();
    let plain = SessionContext::new_with_config(config);
    kairos_udfs::register_all(&plain).unwrap();
    for table in tables {
        plain.register_batch(*table, rows(engine, &format!("select * from {table}")).await).unwrap();
    }
    plain
}

/// Runs a query by both, compares the rows, and returns our plan.
async fn compare(engine: &Engine, plain: &SessionContext, sql: &str) -> String {
    let plan = engine.physical_plan(sql).await.unwrap();
    let ours = engine.query(sql).await.unwrap();
    let theirs = plain.sql(sql).await.unwrap().collect().await.unwrap();
    let count = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    assert_eq!(count(&ours), count(&theirs), "{sql}");
    if count(&ours) > 0 {
        let (ours, theirs) = (joined(&ours), joined(&theirs));
        for (at, (a, b)) in ours.columns().iter().zip(theirs.columns()).enumerate() {
            let differs = (0..ours.num_rows()).find(|row| !same(a, b, *row));
            assert!(differs.is_none(), "column {at} of row {differs:?} differs in {sql}");
        }
    }
    datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string()
}

async fn rows(engine: &Engine, sql: &str) -> RecordBatch {
    joined(&engine.query(sql).await.unwrap())
}

fn joined(batches: &[RecordBatch]) -> RecordBatch {
    concat_batches(&batches[0].schema(), batches).unwrap()
}

fn same(ours: &ArrayRef, theirs: &ArrayRef, row: usize) -> bool {
    let value = |column: &ArrayRef| -> Option<f64> {
        let floats: &Float64Array = column.as_primitive::<Float64Type>();
        floats.is_valid(row).then(|| floats.value(row))
    };
    match (ours.data_type(), theirs.data_type()) {
        (DataType::Float64, DataType::Float64) => match (value(ours), value(theirs)) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
            (a, b) => a.is_none() && b.is_none(),
        },
        _ => array_value_to_string(ours, row).unwrap() == array_value_to_string(theirs, row).unwrap(),
    }
}
