//! Selectors: which part of the graph a command is about.

use std::collections::BTreeSet;

use glob::Pattern;

use super::error::PipelineError;
use super::graph::Graph;
use kairos_udfs::nearest;

/// The selectors of a command line. Several of one kind widen, different kinds narrow each other.
///
/// A dataset is named exactly, by a pattern (`feat_*`), or by the path of its `.sql` file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selectors {
    /// These datasets, and whatever they depend on.
    pub datasets: Vec<String>,
    /// The datasets of these phases.
    pub phases: Vec<String>,
    /// These datasets and everything that depends on them.
    pub from: Vec<String>,
    /// These datasets and everything they depend on.
    pub to: Vec<String>,
}

/// The selected steps, as positions in [`Graph::nodes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The steps that are built if they are stale.
    pub steps: BTreeSet<usize>,
    /// The steps that `--force` builds even if they are not: those that were asked for, without the inputs that only
    /// came along with a dataset name.
    pub targets: BTreeSet<usize>,
}

impl Graph {
    /// Applies selectors; none of them selects everything.
    ///
    /// # Errors
    /// If a selector matches nothing, or nothing satisfies all of them.
    pub fn select(&self, selectors: &Selectors) -> Result<Selection, PipelineError> {
        let mut steps: BTreeSet<usize> = (0..self.nodes().len()).collect();
        let mut targets = steps.clone();
        if !selectors.datasets.is_empty() {
            targets = self.matching_any(&selectors.datasets)?;
            steps = self.upstream(&targets);
        }
        let mut narrow = |allowed: BTreeSet<usize>| {
            steps = &steps & &allowed;
            targets = &targets & &allowed;
        };
        if !selectors.phases.is_empty() {
            narrow(self.in_phases(&selectors.phases)?);
        }
        if !selectors.from.is_empty() {
            narrow(self.downstream(&self.matching_any(&selectors.from)?));
        }
        if !selectors.to.is_empty() {
            narrow(self.upstream(&self.matching_any(&selectors.to)?));
        }
        if steps.is_empty() && !self.nodes().is_empty() {
            return Err(PipelineError::EmptySelection);
        }
        Ok(Selection { steps, targets })
    }

    fn matching_any(&self, selectors: &[String]) -> Result<BTreeSet<usize>, PipelineError> {
        let mut found = BTreeSet::new();
        for selector in selectors {
            found.extend(self.matching(selector)?);
        }
        Ok(found)
    }

    fn matching(&self, selector: &str) -> Result<BTreeSet<usize>, PipelineError> {
        let is_path = selector.ends_with(".sql");
        let wanted = selector.trim_start_matches("./");
        let pattern = Pattern::new(wanted).ok();
        let matches = |name: &str| name == wanted || pattern.as_ref().is_some_and(|pattern| pattern.matches(name));
        let found: BTreeSet<usize> = (self.nodes().iter().enumerate())
            .filter(|(_, node)| match is_path {
                true => {
                    let file = &node.step.file;
                    let shown = file.origin.trim_start_matches("./");
                    matches(&file.path) || matches(shown) || matches(&format!("sql/{}", file.path))
                }
                false => matches(&node.step.dataset),
            })
            .map(|(position, _)| position)
            .collect();
        if found.is_empty() {
            let name = |position: usize| {
                let step = &self.nodes()[position].step;
                if is_path { step.file.origin.as_str() } else { step.dataset.as_str() }
            };
            return Err(PipelineError::UnknownSelector {
                kind: "dataset",
                selector: selector.to_string(),
                similar: nearest(wanted, (0..self.nodes().len()).map(name)),
            });
        }
        Ok(found)
    }

    fn in_phases(&self, phases: &[String]) -> Result<BTreeSet<usize>, PipelineError> {
        let known = self.phases();
        let mut found = BTreeSet::new();
        for wanted in phases {
            let Some((_, positions)) = known.iter().find(|(phase, _)| phase == wanted) else {
                return Err(PipelineError::UnknownSelector {
                    kind: "phase",
                    selector: wanted.clone(),
                    similar: nearest(wanted, known.iter().map(|(phase, _)| *phase)),
                });
            };
            found.extend(positions);
        }
        Ok(found)
    }
}
