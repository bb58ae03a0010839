//! What runs read: each dataset at the version that it has when it is first asked for.
//!
//! A matrix repeats columns of other datasets. One that was stored before any of them changed is not read: its query stands
//! for it, which takes the columns that a run needs from the datasets themselves. So a changed composite is seen without storing
//! the matrix anew, and no run is of a signal that is not the lake's any more.

use std::collections::BTreeMap;

use super::Result;
use crate::engine::Engine;
use crate::lake::Lake;
use crate::pipeline::{Definition, Parameters, SqlTree};

/// The folder whose datasets only repeat others.
const MATRIX: &str = "matrix";

/// The datasets of a [`super::Backtester`].
pub(super) struct Inputs<'a> {
    tree: &'a SqlTree,
    /// In which every dataset so far stays at its version.
    pub(super) engine: Engine,
    /// The versions that are read.
    pub(super) versions: BTreeMap<String, u64>,
    /// The matrices that are behind, with the datasets that are newer.
    pub(super) behind: BTreeMap<String, Vec<String>>,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(engine: &Engine, tree: &'a SqlTree) -> Self {
        Self { tree, engine: engine.clone(), versions: BTreeMap::new(), behind: BTreeMap::new() }
    }

    /// Fixes the version of a dataset, for this and all later runs. One that does not exist is left for the engine to miss.
    pub(super) async fn pin(&mut self, name: &str, parameters: &Parameters) -> Result<()> {
        if self.versions.contains_key(name) || self.behind.contains_key(name) {
            return Ok(());
        }
        let Some(snapshot) = self.engine.lake().snapshot(&Lake::dataset_of(name)).await? else { return Ok(()) };
        if snapshot.dataset() != name {
            // Raw tables are those of the lake in every engine.
            self.versions.insert(name.to_owned(), snapshot.version());
            return Ok(());
        }
        let definition = Definition::of(self.tree, name, parameters)?.filter(|found| found.file.phase() == MATRIX);
        let record = self.engine.lake().record(name, snapshot.version()).await?;
        // What a person made by a statement of their own is what they want.
        let of_file = |source: &str| definition.as_ref().is_some_and(|found| source.ends_with(&found.file.path));
        let made_of = record.filter(|record| of_file(&record.source)).map(|record| record.inputs);
        let (current, newer) = self.current(&made_of.unwrap_or_default()).await?;
        let engine = self.engine.clone();
        match definition {
            Some(definition) if !newer.is_empty() => {
                self.engine = engine.with_query(name, definition.query).await?;
                self.behind.insert(name.to_owned(), newer);
                self.versions.extend(current);
            }
            _ => {
                self.versions.insert(name.to_owned(), snapshot.version());
                self.engine = engine.with_snapshot(snapshot);
            }
        }
        Ok(())
    }

    /// The versions that these datasets have now, and the names of those that had another.
    async fn current(&self, then: &BTreeMap<String, u64>) -> Result<(BTreeMap<String, u64>, Vec<String>)> {
        let (mut current, mut newer) = (BTreeMap::new(), Vec::new());
        for (name, version) in then {
            let Some(snapshot) = self.engine.lake().snapshot(&Lake::dataset_of(name)).await? else {
                continue; // nothing that is gone is newer
            };
            if snapshot.version() != *version {
                newer.push(name.clone());
            }
            current.insert(name.clone(), snapshot.version());
        }
        Ok((current, newer))
    }
}
