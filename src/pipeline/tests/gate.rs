use std::sync::Mutex;

use tokio::sync::watch;

use super::*;

/// Remembers what it was asked, and refuses one phase.
struct TestGate {
    asked: Mutex<Vec<(String, Vec<String>)>>,
    refusing: &'static str,
}

#[async_trait]
impl Gate for TestGate {
    fn phase_of(&self, dataset: &str) -> Option<String> {
        let phase = match dataset {
            "a" | "b" => "base",
            "c" => "features",
            _ => "raw",
        };
        Some(phase.to_string())
    }

    async fn judge(&self, phase: &str, subjects: &[String]) -> GateReport {
        self.asked.lock().unwrap().push((phase.to_string(), subjects.to_vec()));
        let critical = if phase == self.refusing { vec!["bad".to_string()] } else { vec![] };
        GateReport { phase: phase.to_string(), critical, ..GateReport::default() }
    }
}

struct AlwaysBuilds(&'static str);

#[async_trait]
impl Builder for AlwaysBuilds {
    async fn build(&self, step: &BoundStep) -> Result<Built, Box<dyn Error + Send + Sync>> {
        if step.dataset == self.0 { Err("no".into()) } else { Ok(Built { version: 0, rows: 1, bytes: 1, files: 1 }) }
    }
}

const PHASES: [(&str, &str); 3] = [
    ("base/a.sql", "create or replace table a as select * from raw.sep"),
    ("base/b.sql", "create or replace table b as select * from a"),
    ("features/c.sql", "create or replace table c as select * from b"),
];

async fn gated(lake: &Lake, failing: &'static str, refusing: &'static str) -> (RunSummary, Vec<(String, Vec<String>)>) {
    let plan = load(&PHASES, &[]).unwrap().plan(&all(), false, lake).await.unwrap();
    let gate = TestGate { asked: Mutex::default(), refusing };
    let (_sender, cancel) = watch::channel(false);
    let options = RunOptions { run_id: "r".into(), jobs: 2, cancel };
    let summary = run(&plan, &AlwaysBuilds(failing), Some(&gate), options, &mut |_| {}).await;
    (summary, gate.asked.into_inner().unwrap())
}

fn asked(phase: &str, subjects: &[&str]) -> (String, Vec<String>) {
    (phase.to_string(), strings(subjects))
}

fn landed() -> Lake {
    let mut lake = Lake::default();
    lake.land("raw.sep", 0);
    lake
}

#[tokio::test]
async fn each_phase_is_judged_when_it_is_built() {
    let (summary, questions) = gated(&landed(), "", "").await;
    assert!(summary.succeeded());
    assert_eq!(questions, [asked("raw", &["raw.sep"]), asked("base", &["a", "b"]), asked("features", &["c"])]);
}

#[tokio::test]
async fn a_refused_phase_ends_the_run() {
    let (summary, questions) = gated(&landed(), "", "base").await;
    assert_eq!(questions.len(), 2);
    assert!(!summary.succeeded() && !summary.cancelled);
    assert_eq!(summary.steps[2].outcome, Outcome::NotRun);
    assert!(
        summary.to_string().contains("phase base was refused") && summary.to_string().contains("2 built, 1 not run")
    );
    let (summary, _) = gated(&landed(), "", "raw").await;
    assert!(summary.steps.iter().all(|step| step.outcome == Outcome::NotRun), "raw data is judged before anything");
}

#[tokio::test]
async fn what_was_not_built_is_not_judged() {
    let (summary, questions) = gated(&landed(), "b", "").await;
    assert!(!summary.succeeded());
    assert_eq!(questions, [asked("raw", &["raw.sep"]), asked("base", &["a"])]);
}

#[tokio::test]
async fn raw_data_is_judged_again_only_when_it_is_new() {
    let pipeline = load(&PHASES, &[]).unwrap();
    let mut lake = Lake::built(&pipeline);
    assert_eq!(gated(&lake, "", "").await.1, [], "nothing to build");
    let raw = lake.0["raw.sep"].version;
    lake.land("raw.sep", raw + 1);
    assert_eq!(gated(&lake, "", "").await.1[0], asked("raw", &["raw.sep"]));
}

#[tokio::test]
async fn a_run_that_was_stopped_at_a_gate_is_stopped_there_again() {
    let pipeline = load(&PHASES, &[]).unwrap();
    let mut lake = Lake::built(&pipeline);
    lake.0.remove("c");
    let (summary, questions) = gated(&lake, "", "base").await;
    assert_eq!(questions, [asked("base", &["b"])], "c was never built from b, which is up to date");
    assert_eq!(summary.steps[2].outcome, Outcome::NotRun);
}
