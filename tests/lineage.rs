//! Lineage of columns: `kairos why` and `kairos graph --columns`, and the shipped pipeline as a whole.

mod common;

use std::path::{Path, PathBuf};

use common::{Desk, REFERENCE, SQL, stderr};
use kairos::engine::lineage::Tables;
use kairos::engine::{Engine, Resources};
use kairos::lake::Lake;
use kairos::pipeline::lineage::{ColumnGraph, Columns, Follow, NodeKind};
use kairos::pipeline::{Functions, KnownTables, Pipeline, SqlTree};
use kairos::raw::RawTable;

/// Two datasets over raw prices: returns of a ticker, and their z-score on a date.
fn small() -> Desk {
    let desk = Desk::new();
    desk.write("sql/pipeline.toml", "[days]\ndefault = 1\nabout = \"a lag\"\n[scale]\ndefault = 2.0\nabout = \"x\"\n");
    desk.write(
        "sql/base/returns.sql",
        "create or replace table returns as
         with prices as (select ticker, date, close from sep where close > 0)
         select ticker, date, close / lag(close, $days) over w - 1 as ret
         from prices window w as (partition by ticker order by date) order by ticker, date",
    );
    desk.write(
        "sql/features/score.sql",
        "create or replace table score as
         with handed as (select ticker, date, ret from returns),
         scaled as (select *, ret * $scale as bigger from handed)
         select ticker, date, case when bigger > 0 then bigger else 0 end as up, 1 as one
         from scaled order by ticker, date",
    );
    let header = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated";
    let row = |ticker: &str, day: u32, close: f64| {
        format!("{ticker},2024-01-0{day},1,1,1,{close},1,{close},{close},2024-02-01")
    };
    let rows = [row("A", 2, 10.0), row("A", 3, 12.5), row("B", 2, 8.0), row("B", 3, 4.0)];
    desk.ok(&["land", "sep", &desk.write("sep.csv", &format!("{header}\n{}\n", rows.join("\n")))]);
    desk
}

const TREE: &str = "\
score.up  (sql/features/score.sql)
│  = case when bigger > 0 then bigger else 0 end
└─ scaled.bigger = ret * $scale
   │    $scale = 2.0
   └─ returns.ret  (sql/base/returns.sql)
      │  = close / lag(close, $days) over (partition by ticker order by date) - 1
      │    $days = 1
      └─ prices.close = close
         │    where close > 0
         └─ raw.sep.close
";

#[test]
fn a_column_is_followed_to_the_raw_field_before_anything_is_built() {
    let desk = small();
    assert_eq!(desk.ok(&["why", "score", "up"]), TREE);
    assert_eq!(desk.ok(&["why", "score.up"]), TREE);
    assert_eq!(desk.ok(&["why", "score.one"]), "score.one  (sql/features/score.sql)\n   = 1\n");
    for name in ["raw.sep.close", "sep.close"] {
        assert_eq!(desk.ok(&["why", name]), "raw.sep.close\n");
    }
    let near = desk.ok(&["why", "score.up", "--depth", "1"]);
    assert!(near.ends_with("└─ returns.ret  (sql/base/returns.sql)\n"), "{near}");
    let rows = desk.ok(&["why", "score.up", "--rows"]);
    assert!(rows.contains("├┄ prices.ticker") && rows.contains("raw.sep.date"), "{rows}");
}

#[test]
fn the_values_of_a_key_stand_beside_the_columns() {
    let desk = small();
    let key = ["--ticker", "A", "--date", "2024-01-03"];
    let before = desk.ok(&[&["why", "score.up"][..], &key].concat());
    for line in ["score.up → not built", "returns.ret → not built", "raw.sep.close → 12.5"] {
        assert!(before.contains(line), "{line} is not in:\n{before}");
    }
    desk.ok(&["run"]);
    let text = desk.ok(&[&["why", "score.up"][..], &key].concat());
    for line in ["score.up → 0.5 ", "returns.ret → 0.25 ", "raw.sep.close → 12.5\n"] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let first = desk.ok(&["why", "score.up", "--ticker", "A", "--date", "2024-01-02"]);
    assert!(first.contains("returns.ret → NULL"), "{first}");
    let none = desk.ok(&["why", "score.up", "--ticker", "C", "--date", "2024-01-02"]);
    assert!(none.contains("score.up → no row") && none.contains("raw.sep.close → no row"), "{none}");
    assert!(desk.fails(2, &["why", "score.up", "--ticker", "A"]).contains("--date"));
}

#[test]
fn events_show_the_last_ones_up_to_the_date() {
    let desk = Desk::new();
    desk.write("sql/pipeline.toml", "");
    let header = "ticker,dimension,datekey,reportperiod,calendardate,revenue,netinc,assets,equity,lastupdated";
    let row = |date: &str, revenue: u32| format!("A,ARQ,{date},2023-12-31,2023-12-31,{revenue},1,1,1,2024-06-01");
    let rows = [row("2024-01-10", 5), row("2024-04-10", 7), row("2024-07-10", 9)];
    desk.ok(&["land", "sf1", &desk.write("sf1.csv", &format!("{header}\n{}\n", rows.join("\n")))]);
    let text = desk.ok(&["why", "raw.sf1.revenue", "--ticker", "A", "--date", "2024-05-01"]);
    assert!(text.contains("7.0 (2024-04-10 ARQ 2023-12-31), 5.0 (2024-01-10"), "{text}");
    assert!(!text.contains("9.0"), "{text}");
}

#[test]
fn json_holds_the_same_graph() {
    let desk = small();
    desk.ok(&["run"]);
    let text = desk.ok(&["why", "score.up", "--format", "json", "--ticker", "B", "--date", "2024-01-03"]);
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let nodes = answer["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 5);
    assert_eq!((&nodes[0]["dataset"], &nodes[0]["column"]), (&"score".into(), &"up".into()));
    assert_eq!(nodes[1]["relation"], "scaled");
    assert_eq!(nodes[1]["parts"][0]["parameters"]["scale"], "2.0");
    assert_eq!(nodes[4], serde_json::json!({ "dataset": "raw.sep", "column": "close", "kind": "field" }));
    let value = |node: usize| {
        let values = answer["values"].as_array().unwrap();
        values.iter().find(|found| found["node"] == node).unwrap()["rows"][0]["value"].clone()
    };
    assert_eq!((value(0), value(2), value(4)), ("0.0".into(), "-0.5".into(), "4.0".into()));
}

#[test]
fn other_sql_than_that_of_the_build_is_said() {
    let desk = small();
    desk.ok(&["run"]);
    assert_eq!(stderr(&desk.run(&["why", "score.up"])), "");
    let warning = stderr(&desk.run(&["--set", "scale=3", "why", "score.up"]));
    assert!(warning.contains("the built score") && warning.contains("scale"), "{warning}");
    assert!(!warning.contains("the built returns"), "{warning}");
}

#[test]
fn tables_that_are_no_datasets_end_the_way() {
    let desk = small();
    desk.ok(&["run"]);
    desk.write(
        "sql/features/drift.sql",
        "create or replace table drift as
         select n.ticker, n.date, n.ret - o.ret as change, s.value as number,
             sum(n.ret) over (partition by n.ticker order by n.date rows between $days preceding and current row) as two
         from returns n
         join at_version('returns', 0) o on n.ticker = o.ticker and n.date = o.date
         cross join generate_series(1, 1) s order by n.ticker, n.date",
    );
    let key = ["--ticker", "A", "--date", "2024-01-03"];
    let old = desk.ok(&[&["why", "drift.change"][..], &key].concat());
    assert!(old.contains("└─ at_version('returns', 0).ret\n"), "{old}");
    assert!(old.contains("returns.ret → 0.25"), "{old}");
    let series = desk.ok(&[&["why", "drift.number"][..], &key].concat());
    assert!(series.contains("generate_series"), "{series}");
    // The bound of a frame is a literal, so this statement shows its values.
    let frame = desk.ok(&["why", "drift.two"]);
    assert!(frame.contains("rows between 1 preceding and current row"), "{frame}");
}

#[test]
fn wrong_names_get_the_nearest_ones() {
    let desk = small();
    assert!(desk.fails(2, &["why", "scores", "up"]).contains("did you mean score?"));
    assert!(desk.fails(2, &["why", "score.upp"]).contains("did you mean up?"));
    assert!(desk.fails(2, &["why", "score.nothing"]).contains("its columns are ticker, date, up, one"));
    assert!(desk.fails(2, &["why", "raw.sep", "clos"]).contains("did you mean close"));
    assert!(desk.fails(2, &["why", "score"]).contains("write score.COLUMN"));
    assert!(desk.fails(2, &["why", "raw.sep"]).contains("write raw.sep.COLUMN"));
}

#[test]
fn graphs_of_columns() {
    let desk = small();
    let text = desk.ok(&["graph", "--columns", "score.up"]);
    assert_eq!(text.lines().count(), 5, "{text}");
    let dot = desk.ok(&["graph", "--columns", "score.up", "--format", "dot"]);
    assert!(dot.starts_with("digraph columns {") && dot.contains("n1 -> n0;"), "{dot}");
    assert!(dot.contains("label=\"raw.sep\"") && dot.contains("tooltip=\"ret * $scale\""), "{dot}");
    let mermaid = desk.ok(&["graph", "--columns", "score.up", "--format", "mermaid"]);
    for line in ["subgraph d0[\"raw.sep\"]", "n1(\"scaled.bigger\")", "n2([\"ret\"])", "n2 --> n1"] {
        assert!(mermaid.contains(line), "{line} is not in:\n{mermaid}");
    }
    desk.fails(2, &["graph", "score", "--columns", "score.up"]);
}

#[test]
fn a_real_feature_is_followed_with_its_values() {
    let desk = Desk::new();
    let files = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "60", "--days", "320", "--out", &files]);
    desk.ok(&["land", "--dir", &files]);
    desk.ok(&["--sql", SQL, "run", "feat_momentum_v2"]);
    let known = "select ticker, date, momentum_composite_z, mom_1m from feat_momentum_v2
        where momentum_composite_z is not null order by date desc, ticker limit 1";
    let row = &desk.rows(known)[0];
    let (ticker, date) = (row[0].as_str(), row[1].as_str());
    let why = ["--sql", SQL, "why", "feat_momentum_v2.momentum_composite_z", "--ticker", ticker, "--date", date];
    let text = desk.ok(&why);
    for part in [
        format!("feat_momentum_v2.momentum_composite_z → {}", row[2]),
        "scored.reversal_1m_z".to_owned(),
        "momentum.reversal_1m = 1 - safe_div(closeadj, closeadj_21)".to_owned(),
        "lagged.closeadj_21 = lag(closeadj, 21) over (partition by ticker order by date)".to_owned(),
        "$momentum_weight = 0.6".to_owned(),
        "where date >= $momentum_start".to_owned(),
        "raw.sep.closeadj → ".to_owned(),
        "raw.tickers.category → ".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} is not in:\n{text}");
    }
    let close = desk.rows(&format!("select closeadj from sep where ticker = '{ticker}' and date = '{date}'"));
    assert!(text.contains(&format!("raw.sep.closeadj → {}", close[0][0])), "{text}");
}

/// Every column of every dataset of a tree, followed.
async fn everything(overlays: &[PathBuf]) -> Vec<(String, ColumnGraph)> {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let engine = Engine::new(lake, &Resources { threads: Some(1), memory_limit: None }).unwrap();
    let names = kairos_udfs::function_names().into_iter().collect();
    let functions = Functions { names, fingerprint: kairos_udfs::FINGERPRINT.to_owned() };
    let raw = RawTable::all().iter().map(|table| table.name.to_owned()).collect();
    let tree = SqlTree::load(Some(Path::new(SQL)), overlays).unwrap();
    let pipeline = Pipeline::load(tree, &[], &functions, &KnownTables { raw, ..KnownTables::default() }).unwrap();
    let mut tables = Tables::default();
    for table in RawTable::all() {
        tables.insert(format!("raw.{}", table.name), table.schema());
    }
    let datasets: Vec<String> = pipeline.graph.nodes().iter().map(|node| node.step.dataset.clone()).collect();
    let mut columns = Columns::plan(&pipeline, &engine, tables, &datasets).await.unwrap();
    let mut found = Vec::new();
    for dataset in &datasets {
        let names: Vec<String> = columns.of(dataset).unwrap().into_iter().map(str::to_owned).collect();
        for column in names {
            for rows in [false, true] {
                let graph = columns.follow(dataset, &column, &Follow { depth: None, rows }).unwrap();
                found.push((format!("{dataset}.{column}"), graph));
            }
        }
    }
    found
}

#[tokio::test]
async fn every_column_of_the_shipped_pipeline_leads_to_raw_fields_or_constants() {
    for overlays in [vec![], vec![PathBuf::from(REFERENCE)]] {
        let found = everything(&overlays).await;
        assert!(found.len() > 200, "{}", found.len());
        for (column, graph) in &found {
            for node in &graph.nodes {
                let name = node.name();
                match node.kind {
                    NodeKind::Field => {
                        let table = node.dataset.strip_prefix("raw.").expect("a raw table");
                        let schema = RawTable::find(table).unwrap().schema();
                        assert!(schema.index_of(&node.column).is_ok(), "{column} ends at {name}");
                    }
                    _ => assert!(!node.parts.is_empty(), "{column} ends at {name}, which nothing computes"),
                }
                for part in &node.parts {
                    let opaque = part.expression.is_empty() || part.expression.contains("(…)");
                    assert!(!opaque && !part.expression.contains("kairos_parameter"), "{name} = {}", part.expression);
                }
            }
        }
    }
}
