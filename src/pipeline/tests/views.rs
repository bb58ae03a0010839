use super::*;
use crate::engine::View;

const FILES: [(&str, &str); 6] = [
    ("pipeline.toml", "[n]\ndefault = 20\n[least]\ndefault = 1.0\n"),
    ("base/base.sql", "create or replace table base as select * from sep order by ticker, date"),
    ("features/a.sql", "create or replace table feat_a as select $n as n from base order by ticker, date"),
    (
        "features/v.sql",
        "create or replace view feat_v as select zscore(n) as z from feat_a where n > $least order by ticker, date",
    ),
    ("features/w.sql", "create or replace view feat_w as select z from feat_v join tickers using (ticker) limit 5"),
    ("matrix/top.sql", "create or replace table top as select z from feat_w"),
];

fn with(path: &str, text: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut files: Vec<(&str, &str)> = FILES.to_vec();
    files.retain(|(known, _)| *known != path);
    files.push((Box::leak(path.to_owned().into_boxed_str()), text));
    files
}

async fn reasons(files: &[(&str, &str)], settings: &[&str], lake: &Lake) -> Vec<String> {
    let pipeline = load(files, settings).unwrap();
    let plan = pipeline.plan(&all(), false, lake).await.unwrap();
    let reasons = |planned: &PlannedStep| match &planned.action {
        Action::Build(reasons) => reasons.iter().map(|reason| format!("{}: {reason}", planned.step.dataset)).collect(),
        _ => Vec::new(),
    };
    plan.steps.iter().flat_map(reasons).collect()
}

#[test]
fn a_reader_depends_on_what_the_views_read() {
    let pipeline = load(&FILES, &[]).unwrap();
    let top = pipeline.step("top").unwrap();
    assert_eq!(top.inputs, ["feat_a", "raw.tickers"]);
    assert_eq!(top.parameters.keys().collect::<Vec<_>>(), ["least"]);
    assert_eq!(top.functions.as_deref(), Some("f1"), "zscore is called in a view");
    assert_ne!(top.sql_hash, step(FILES[5].1).sql_hash);
    assert_eq!(pipeline.graph.input_names(pipeline.graph.position("top").unwrap()), ["feat_w"]);
}

#[tokio::test]
async fn a_view_is_never_planned_and_a_change_of_it_reaches_its_readers() {
    let pipeline = load(&FILES, &[]).unwrap();
    let mut empty = Lake::default();
    empty.land("raw.sep", 1);
    empty.land("raw.tickers", 1);
    assert_eq!(names(&pipeline.plan(&all(), false, &empty).await.unwrap()), ["base", "feat_a", "top"]);
    let mut lake = Lake::built(&pipeline);
    assert_eq!(reasons(&FILES, &[], &lake).await, Vec::<String>::new());
    assert_eq!(reasons(&FILES, &["least=2"], &lake).await, ["top: $least changed: 1.0 → 2.0"]);
    let other = with("features/v.sql", "create or replace view feat_v as select n as z from feat_a where n > $least");
    assert_eq!(reasons(&other, &[], &lake).await, ["top: SQL changed", "top: kairos functions changed"]);
    lake.land("raw.tickers", 2);
    assert_eq!(reasons(&FILES, &[], &lake).await, ["top: input raw.tickers changed: version 1 → 2"]);
}

#[test]
fn selecting_a_view_selects_what_it_reads() {
    let pipeline = load(&FILES, &[]).unwrap();
    let of = |name: &str| selected(&pipeline, &Selectors { datasets: strings(&[name]), ..Selectors::default() });
    assert_eq!(of("feat_v"), ["base", "feat_a", "feat_v"].map(String::from).into());
    assert_eq!(of("top").len(), 5);
}

#[test]
fn patterns_find_no_view() {
    let files = with("matrix/top.sql", "create or replace table top as select * from assemble(base, 'feat_*')");
    assert_eq!(load(&files, &[]).unwrap().step("top").unwrap().inputs, ["base", "feat_a"]);
}

#[test]
fn the_engine_gets_the_query_without_its_order() {
    let views = load(&FILES, &["least=3"]).unwrap().views();
    let text = |view: &View| (view.name.clone(), view.query.to_string(), view.sort.clone());
    let expected = [
        ("feat_v", "SELECT zscore(n) AS z FROM feat_a WHERE n > 3.0", vec!["ticker", "date"]),
        ("feat_w", "SELECT z FROM feat_v JOIN tickers USING(ticker) LIMIT 5", vec![]),
    ];
    let expected = expected.map(|(name, query, sort)| (name.to_owned(), query.to_owned(), strings(&sort)));
    assert_eq!(views.iter().map(text).collect::<Vec<_>>(), expected);
    let tree = tree(&FILES);
    let parameters = Parameters::load(tree.manifests(), &[]).unwrap();
    let alone = Views::of(&tree, &parameters, &functions()).unwrap();
    let inputs = |name: &str| alone.iter().find(|view| view.dataset == name).unwrap().inputs.clone();
    assert_eq!((inputs("feat_v"), inputs("feat_w")), (strings(&["feat_a"]), strings(&["feat_a", "tickers"])));
}

#[test]
fn a_view_that_reads_itself_is_a_cycle() {
    let files = with("features/v.sql", "create or replace view feat_v as select z from feat_w");
    let error = load(&files, &[]).unwrap_err().to_string();
    assert!(error.contains("feat_v") && error.contains("feat_w"), "{error}");
}

#[test]
fn the_graph_marks_views() {
    let pipeline = load(&FILES, &[]).unwrap();
    let every = (0..pipeline.graph.nodes().len()).collect();
    let text = render::text(&pipeline.graph, &every);
    assert!(text.contains("feat_v  ← feat_a (view)"), "{text}");
    assert!(render::dot(&pipeline.graph, &every).contains("\"feat_v\" [style=dashed];"));
    assert!(render::mermaid(&pipeline.graph, &every).contains("d_feat_v[/\"feat_v\"/]"));
}
