use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::*;

fn everything(pipeline: &Pipeline) -> BTreeSet<usize> {
    (0..pipeline.graph.nodes().len()).collect()
}

#[test]
fn the_graph_as_text() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let expected = "\
universe
  alone  ← raw.tickers
base
  base  ← raw.sep
features
  mid         ← base
  left_side   ← mid
  right_side  ← mid
matrix
  top  ← left_side, right_side
";
    assert_eq!(render::text(&pipeline.graph, &everything(&pipeline)), expected);
}

#[test]
fn the_graph_as_dot_and_mermaid() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let selectors = Selectors { datasets: strings(&["mid"]), ..all() };
    let selection = pipeline.graph.select(&selectors).unwrap();
    let expected = "\
digraph kairos {
  rankdir=LR;
  node [shape=ellipse];
  \"raw.sep\" [shape=box];
  subgraph \"cluster_base\" {
    label=\"base\";
    \"base\";
  }
  subgraph \"cluster_features\" {
    label=\"features\";
    \"mid\";
  }
  \"raw.sep\" -> \"base\";
  \"base\" -> \"mid\";
}
";
    assert_eq!(render::dot(&pipeline.graph, &selection.steps), expected);
    let expected = "\
flowchart LR
  d_raw_sep[\"raw.sep\"]
  subgraph phase_d_base[\"base\"]
    d_base([\"base\"])
  end
  subgraph phase_d_features[\"features\"]
    d_mid([\"mid\"])
  end
  d_raw_sep --> d_base
  d_base --> d_mid
";
    assert_eq!(render::mermaid(&pipeline.graph, &selection.steps), expected);
}

fn events() -> Vec<RunEvent> {
    let finished = |dataset: &str, outcome| {
        let source = format!("sql/{dataset}.sql");
        RunEvent::Finished(StepOutcome { dataset: dataset.into(), source, outcome })
    };
    let built = Built { version: 7, rows: 1_234_567, bytes: 45_600_000, files: 2 };
    let summary = RunSummary {
        run_id: "r1".into(),
        steps: vec![],
        seconds: 4.5,
        cancelled: false,
        checked: vec![],
        refused: None,
    };
    vec![
        RunEvent::RunStarted { run_id: "r1".into(), to_build: strings(&["feat_momentum_v2", "b"]) },
        finished("old", Outcome::Skipped { version: Some(3) }),
        RunEvent::Started { dataset: "feat_momentum_v2".into() },
        finished("feat_momentum_v2", Outcome::Built { built, seconds: 3.21 }),
        finished("b", Outcome::Failed { error: "no\nwhy".into(), seconds: 0.5 }),
        finished("c", Outcome::Blocked { by: "b".into() }),
        finished("d", Outcome::NotRun),
        RunEvent::RunFinished(summary),
    ]
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn progress_is_one_plain_line_per_dataset() {
    let shared = Shared::default();
    let mut display = ProgressDisplay::plain(Box::new(shared.clone()));
    events().iter().for_each(|event| display.show(event));
    let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
    let expected = "\
✓ feat_momentum_v2      1,234,567 rows      3.2 s    45.60 MB
✗ b                 failed: no
- c                 blocked by b
- d                 not run
";
    assert_eq!(text, expected);
}

#[test]
fn the_run_log_is_one_json_object_per_event() {
    let mut log = RunLog::new("r1", Vec::new());
    events().iter().for_each(|event| log.write(event).unwrap());
    let text = String::from_utf8(log.into_inner()).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    let expected = ["run_started", "skipped", "started", "built", "failed", "blocked", "not_run", "run_finished"];
    assert_eq!(kinds, expected);
    for line in &lines {
        assert_eq!(line["run_id"], "r1");
        chrono::DateTime::parse_from_rfc3339(line["timestamp"].as_str().unwrap()).unwrap();
    }
    let built = &lines[3];
    assert_eq!((&built["dataset"], &built["version"]), (&"feat_momentum_v2".into(), &7.into()));
    assert_eq!((&built["rows"], &built["seconds"]), (&1_234_567.into(), &3.21.into()));
    assert_eq!(lines[4]["error"], "no\nwhy");
    assert_eq!(lines[5]["blocked_by"], "b");
    assert!(lines[5].get("rows").is_none());
}
