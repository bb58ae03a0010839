use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::*;

/// Commits into a [`Lake`], except what it is told to fail.
struct TestBuilder {
    lake: Mutex<Lake>,
    failing: &'static [&'static str],
    panicking: &'static [&'static str],
    /// Never finishes this one, and says when it has begun.
    hanging: Option<&'static str>,
    begun: Notify,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl TestBuilder {
    fn new(lake: Lake) -> Self {
        Self {
            lake: Mutex::new(lake),
            failing: &[],
            panicking: &[],
            hanging: None,
            begun: Notify::new(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("planning failed")]
struct Planning(#[source] std::io::Error);

#[async_trait]
impl Builder for TestBuilder {
    async fn build(&self, step: &BoundStep) -> Result<Built, Box<dyn Error + Send + Sync>> {
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        if self.hanging == Some(step.dataset.as_str()) {
            self.begun.notify_one();
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        if self.failing.contains(&step.dataset.as_str()) {
            return Err(Box::new(Planning(std::io::Error::other("no field named closse"))));
        }
        assert!(!self.panicking.contains(&step.dataset.as_str()), "index out of bounds");
        let version = self.lake.lock().unwrap().commit(step);
        Ok(Built { version, rows: 1_234_567, bytes: 45_600_000, files: 2 })
    }
}

fn options(jobs: usize) -> (watch::Sender<bool>, RunOptions) {
    let (sender, cancel) = watch::channel(false);
    (sender, RunOptions { run_id: "r1".into(), jobs, cancel })
}

async fn execute(plan: &Plan, builder: &TestBuilder, jobs: usize) -> (RunSummary, Vec<RunEvent>) {
    let mut events = Vec::new();
    let (_sender, options) = options(jobs);
    let summary = run(plan, builder, None, options, &mut |event| events.push(event.clone())).await;
    (summary, events)
}

fn raw_only() -> Lake {
    let mut lake = Lake::default();
    lake.land("raw.sep", 0);
    lake.land("raw.tickers", 0);
    lake
}

fn outcome<'a>(summary: &'a RunSummary, dataset: &str) -> &'a Outcome {
    &summary.steps.iter().find(|s| s.dataset == dataset).unwrap().outcome
}

#[tokio::test]
async fn a_run_builds_in_order_and_the_next_one_has_nothing_to_do() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let builder = TestBuilder::new(raw_only());
    let lake = raw_only();
    let plan = pipeline.plan(&all(), false, &lake).await.unwrap();
    let (summary, events) = execute(&plan, &builder, 1).await;
    assert!(summary.succeeded());
    let started: Vec<&str> = (events.iter())
        .filter_map(|e| if let RunEvent::Started { dataset } = e { Some(dataset.as_str()) } else { None })
        .collect();
    assert_eq!(started, ["alone", "base", "mid", "left_side", "right_side", "top"]);
    assert!(matches!(events.first(), Some(RunEvent::RunStarted { to_build, .. }) if to_build.len() == 6));
    assert_eq!(events.last(), Some(&RunEvent::RunFinished(summary.clone())));

    let lake = builder.lake.lock().unwrap().clone();
    let plan = pipeline.plan(&all(), false, &lake).await.unwrap();
    let (summary, events) = execute(&plan, &builder, 1).await;
    assert!(summary.succeeded() && !events.iter().any(|e| matches!(e, RunEvent::Started { .. })));
    assert!(summary.to_string().starts_with("0 built, 6 up to date in "), "{summary}");
}

#[tokio::test]
async fn a_failure_blocks_what_depends_on_it_and_nothing_else() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let mut before = Lake::built(&pipeline);
    before.land("raw.sep", 2);
    before.land("raw.tickers", 2);
    let plan = pipeline.plan(&all(), false, &before).await.unwrap();
    let builder = TestBuilder { failing: &["left_side"], ..TestBuilder::new(before) };
    let (summary, _) = execute(&plan, &builder, 1).await;
    assert!(!summary.succeeded());
    for built in ["alone", "base", "mid", "right_side"] {
        assert!(matches!(outcome(&summary, built), Outcome::Built { .. }), "{built}");
    }
    assert_eq!(*outcome(&summary, "top"), Outcome::Blocked { by: "left_side".into() });
    // The old versions of what was not built are still there.
    let lake = builder.lake.lock().unwrap();
    assert_eq!((lake.0["left_side"].version, lake.0["top"].version, lake.0["mid"].version), (0, 0, 1));
    let text = summary.to_string();
    let expected = "\
left_side (sql/features/left.sql) failed:
  planning failed
  caused by: no field named closse
  not built because of it: top

4 built, 1 failed, 1 blocked in ";
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn the_root_of_a_chain_of_blocked_steps_is_named() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let plan = pipeline.plan(&all(), false, &raw_only()).await.unwrap();
    let builder = TestBuilder { failing: &["base"], ..TestBuilder::new(raw_only()) };
    let (summary, _) = execute(&plan, &builder, 2).await;
    for blocked in ["mid", "left_side", "right_side", "top"] {
        assert_eq!(*outcome(&summary, blocked), Outcome::Blocked { by: "base".into() });
    }
    assert!(matches!(outcome(&summary, "alone"), Outcome::Built { .. }));
}

#[tokio::test]
async fn a_panic_fails_its_step_only() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let plan = pipeline.plan(&all(), false, &raw_only()).await.unwrap();
    let builder = TestBuilder { panicking: &["alone"], ..TestBuilder::new(raw_only()) };
    let (summary, _) = execute(&plan, &builder, 1).await;
    assert!(
        matches!(outcome(&summary, "alone"), Outcome::Failed { error, .. } if error.contains("index out of bounds"))
    );
    assert!(matches!(outcome(&summary, "top"), Outcome::Built { .. }));
}

#[tokio::test]
async fn missing_inputs_fail_without_a_build() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let mut lake = Lake::default();
    lake.land("raw.tickers", 0);
    let plan = pipeline.plan(&all(), false, &lake).await.unwrap();
    let (summary, events) = execute(&plan, &TestBuilder::new(lake), 1).await;
    assert!(
        matches!(outcome(&summary, "base"), Outcome::Failed { error, .. } if error.contains("raw.sep does not exist"))
    );
    assert_eq!(*outcome(&summary, "top"), Outcome::Blocked { by: "base".into() });
    assert_eq!(events.iter().filter(|e| matches!(e, RunEvent::Started { .. })).count(), 1);
}

#[tokio::test]
async fn independent_steps_run_together_up_to_jobs() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let plan = pipeline.plan(&all(), false, &raw_only()).await.unwrap();
    for (jobs, most) in [(0, 1), (1, 1), (2, 2), (8, 2)] {
        let builder = TestBuilder::new(raw_only());
        assert!(execute(&plan, &builder, jobs).await.0.succeeded());
        assert_eq!(builder.most_at_once.load(Ordering::SeqCst), most, "{jobs} jobs");
    }
}

#[tokio::test]
async fn cancelling_drops_what_runs_and_starts_nothing_else() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let plan = pipeline.plan(&all(), false, &raw_only()).await.unwrap();
    let builder = TestBuilder { hanging: Some("mid"), ..TestBuilder::new(raw_only()) };
    let (sender, options) = options(1);
    let mut ignore = |_: &RunEvent| {};
    let cancel = async {
        builder.begun.notified().await;
        sender.send(true).unwrap();
    };
    let (summary, ()) = tokio::join!(run(&plan, &builder, None, options, &mut ignore), cancel);
    assert!(summary.cancelled && !summary.succeeded());
    assert!(matches!(outcome(&summary, "base"), Outcome::Built { .. }));
    for dataset in ["mid", "left_side", "right_side", "top"] {
        assert_eq!(*outcome(&summary, dataset), Outcome::NotRun);
    }
    assert!(summary.to_string().starts_with("cancelled: 2 built, 4 not run in "), "{summary}");
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_it_begins_builds_nothing() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let plan = pipeline.plan(&all(), false, &raw_only()).await.unwrap();
    let (sender, options) = options(1);
    sender.send(true).unwrap();
    let builder = TestBuilder::new(raw_only());
    let summary = run(&plan, &builder, None, options, &mut |_| {}).await;
    assert!(summary.steps.iter().all(|s| s.outcome == Outcome::NotRun));
}
