//! Tests of the pipeline, one file per concept, and what they share.

mod binding;
mod display;
mod gate;
mod graph;
mod params;
mod plan;
mod run;
mod source;
mod statement;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use async_trait::async_trait;

use super::*;
use crate::lake::CommitRecord;

/// A file of a tree that would be found at `sql/PATH`.
fn file(path: &str, text: &str) -> SqlFile {
    SqlFile { path: path.into(), origin: format!("sql/{path}"), text: text.into() }
}

fn tree(files: &[(&str, &str)]) -> SqlTree {
    SqlTree::from_files(files.iter().map(|(path, text)| file(path, text)))
}

fn functions() -> Functions {
    let names = ["rolling_mean", "zscore", "construct_portfolio"];
    Functions { names: names.map(String::from).into(), fingerprint: "f1".into() }
}

/// The raw tables `sep` and `tickers`, and the dataset `old_dataset` in the lake.
fn known() -> KnownTables {
    KnownTables { raw: ["sep", "tickers"].map(String::from).into(), lake: ["old_dataset"].map(String::from).into() }
}

fn load(files: &[(&str, &str)], settings: &[&str]) -> Result<Pipeline, PipelineError> {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    Pipeline::load(tree(files), &settings, &functions(), &known())
}

fn step(text: &str) -> Step {
    Step::parse(&file("features/x.sql", text), &functions().names).unwrap()
}

/// `raw.sep → base → mid → left, right → top`, and `alone ← raw.tickers`.
const DIAMOND: [(&str, &str); 7] = [
    ("pipeline.toml", "[n]\ndefault = 20\n[x]\ndefault = 0.1\n"),
    ("base/base.sql", "create or replace table base as select * from raw.sep order by ticker, date"),
    (
        "features/mid.sql",
        "create or replace table mid as select rolling_mean(close, $n) over w from base window w as (order by date)",
    ),
    ("features/left.sql", "create or replace table left_side as select $x as x from mid"),
    ("features/right.sql", "create or replace table right_side as select * from mid"),
    ("matrix/top.sql", "create or replace table top as select * from left_side join right_side using (date)"),
    ("universe/alone.sql", "create or replace table alone as select * from tickers"),
];

/// A lake in memory: the current state of each dataset.
#[derive(Default, Clone)]
struct Lake(BTreeMap<String, DatasetState>);

#[async_trait]
impl DatasetStates for Lake {
    async fn state(&self, dataset: &str) -> Result<Option<DatasetState>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.get(dataset).cloned())
    }
}

impl Lake {
    /// Raw tables at version 1 and every step of `pipeline` built from them.
    fn built(pipeline: &Pipeline) -> Self {
        let mut lake = Self::default();
        lake.land("raw.sep", 1);
        lake.land("raw.tickers", 1);
        for node in pipeline.graph.nodes() {
            lake.commit(pipeline.step(&node.step.dataset).unwrap());
        }
        lake
    }

    fn land(&mut self, name: &str, version: u64) {
        self.0.insert(name.into(), DatasetState { version, record: CommitRecord::default() });
    }

    /// Commits the next version of a step, recorded as the engine does and read back from text.
    fn commit(&mut self, step: &BoundStep) -> u64 {
        let version = self.0.get(&step.dataset).map_or(0, |state| state.version + 1);
        let mut record = step.record("run");
        let input = |name: &String| Some((name.clone(), self.0.get(name)?.version));
        record.inputs = step.inputs.iter().filter_map(input).collect();
        let text = serde_json::to_string(&record).unwrap();
        let record = serde_json::from_str(&text).unwrap();
        self.0.insert(step.dataset.clone(), DatasetState { version, record });
        version
    }
}

fn all() -> Selectors {
    Selectors::default()
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.to_build().map(|planned| planned.step.dataset.as_str()).collect()
}

fn selected(pipeline: &Pipeline, selectors: &Selectors) -> BTreeSet<String> {
    let selection = pipeline.graph.select(selectors).unwrap();
    let name = |i: &usize| pipeline.graph.nodes()[*i].step.dataset.clone();
    selection.steps.iter().map(name).collect()
}

fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}
