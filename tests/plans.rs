//! What the shipped SQL costs, read off its plans: features move no row and sort nothing.

mod common;

use datafusion::physical_plan::displayable;
use kairos::engine::{Engine, Resources};
use kairos::lake::Lake;
use kairos::pipeline::{Functions, KnownTables, Pipeline, SqlTree};
use kairos::raw::RawTable;

use common::{Desk, SQL};

/// A market large enough that its base is cut into several files.
fn market() -> Desk {
    let desk = Desk::new();
    let files = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "700", "--days", "900", "--out", &files]);
    desk.ok(&["land", "--dir", &files]);
    desk.ok(&["--sql", SQL, "run", "--phase", "base", "--phase", "universe"]);
    desk.ok(&["--sql", SQL, "run", "sf1_pit", "sf1_asof"]);
    desk
}

fn pipeline() -> Pipeline {
    let known = KnownTables {
        raw: RawTable::all().iter().map(|table| table.name.to_owned()).collect(),
        ..KnownTables::default()
    };
    let tree = SqlTree::load(Some(SQL.as_ref()), &[]).unwrap();
    Pipeline::load(tree, &[], &Functions::default(), &known).unwrap()
}

/// The plan by which a step of the pipeline is built, on two threads.
async fn plan(desk: &Desk, pipeline: &Pipeline, dataset: &str) -> String {
    let lake = Lake::open(desk.lake().to_str().unwrap()).unwrap();
    let resources = Resources { threads: Some(2), memory_limit: None };
    let engine = Engine::new(lake, &resources).unwrap();
    let sql = pipeline.step(dataset).unwrap().statement.to_string();
    let plan = engine.physical_plan(&sql).await.unwrap();
    displayable(plan.as_ref()).indent(false).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn features_neither_sort_nor_move_rows() {
    let (desk, pipeline) = (market(), pipeline());
    for dataset in [
        "feat_price_action",
        "feat_trend",
        "feat_stat",
        "feat_price_shape",
        "feat_volume_volatility",
        "feat_vol_sizing",
        "feat_targets",
        // Cross-sections leave every row at its place.
        "feat_adv",
        "feat_momentum_v2",
    ] {
        let plan = plan(&desk, &pipeline, dataset).await;
        for operator in ["SortExec", "SortPreservingMergeExec", "RepartitionExec"] {
            assert!(!plan.contains(operator), "{dataset} has a {operator}:\n{plan}");
        }
        assert_eq!(plan.matches("DataSourceExec").count(), 1, "{dataset} scans more than once:\n{plan}");
        assert!(plan.contains("output_partitioning=Range"), "{dataset} is not read by ranges:\n{plan}");
    }
    // Filings are few: they are collected, and the sessions stream past them.
    for (dataset, joins) in [("feat_quality_v2", 1), ("feat_growth_v2", 1), ("feat_fundamental", 2)] {
        let plan = plan(&desk, &pipeline, dataset).await;
        let sessions = plan.lines().filter(|line| line.contains("join_type=Right"));
        assert_eq!(sessions.filter(|line| line.contains("mode=CollectLeft")).count(), joins, "{dataset}:\n{plan}");
        let before = plan.find("HashJoinExec").unwrap();
        assert!(!plan[..before].contains("Sort") && !plan[..before].contains("Repartition"), "{dataset}:\n{plan}");
    }
    // Sessions are merged with what happens between them as they lie; only the latter is sorted.
    for dataset in ["sf1_asof", "feat_insider", "feat_institutional_academic", "universe"] {
        let plan = plan(&desk, &pipeline, dataset).await;
        let (_, merged) = plan.split_once("MergeUnionExec").unwrap_or_else(|| panic!("{dataset}:\n{plan}"));
        let (sessions, _) = merged.split_once("DataSourceExec").unwrap();
        assert!(!sessions.contains("Sort") && !sessions.contains("Repartition"), "{dataset}:\n{plan}");
    }
}

/// All datasets of the matrix come from one version of the base: nothing is sorted, moved or searched for, each is read by
/// the base's ranges and its keys are compared on the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_matrix_lays_columns_side_by_side() {
    let (desk, pipeline) = (market(), pipeline());
    desk.ok(&["--sql", SQL, "run", "feat_matrix", "--no-checks"]);
    let plan = plan(&desk, &pipeline, "feat_matrix").await;
    for operator in ["SortExec", "SortPreservingMergeExec", "RepartitionExec", "JoinExec", "rearranged="] {
        assert!(!plan.contains(operator), "the matrix has a {operator}:\n{plan}");
    }
    let datasets = pipeline.step("feat_matrix").unwrap().inputs.len();
    assert!(datasets > 30 && plan.contains("AssembleExec: base=sep_base_academic"), "{plan}");
    assert_eq!(plan.matches("DataSourceExec").count(), datasets, "each is read once:\n{plan}");
    assert_eq!(plan.matches("output_partitioning=Range").count(), datasets, "and by ranges:\n{plan}");
    // A view adds no operator but its projection, and reads what is asked for.
    let lake = Lake::open(desk.lake().to_str().unwrap()).unwrap();
    let engine = Engine::new(lake, &Resources { threads: Some(2), memory_limit: None }).unwrap();
    let engine = engine.with_views(pipeline.views());
    let plan = engine.physical_plan("select ticker, date, adv_20 from feat_matrix_v2").await.unwrap();
    let plan = displayable(plan.as_ref()).indent(false).to_string();
    assert!(plan.contains("projection=[ticker, date, adv_20]") && !plan.contains("SortExec"), "{plan}");
}
