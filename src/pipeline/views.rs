//! Views of a tree: bound like steps, handed to the engine, and seen through by the steps that read them.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::ast::Statement;
use sha2::{Digest, Sha256};

use super::bound::{BoundStep, Functions};
use super::error::PipelineError;
use super::params::Parameters;
use super::source::{SqlFile, SqlTree};
use super::statement::{Kind, Step};
use super::{AUDIT_FOLDERS, hex};
use crate::engine::View;

/// Bound views by name.
#[derive(Debug, Clone, Default)]
pub struct Views(BTreeMap<String, BoundStep>);

impl Views {
    /// The views of `tree`. Files that are no steps are left for [`super::Pipeline::load`] to refuse.
    ///
    /// # Errors
    /// If a view names an unknown parameter or reads a file that is not there.
    pub fn of(tree: &SqlTree, parameters: &Parameters, functions: &Functions) -> Result<Self, PipelineError> {
        let may_be_one = |file: &&SqlFile| file.text.to_ascii_lowercase().contains("view");
        let files = tree.files().filter(|file| !AUDIT_FOLDERS.contains(&file.phase())).filter(may_be_one);
        let steps = files.filter_map(|file| Step::parse(file, &functions.names).ok());
        let mut waiting: Vec<Step> = steps.filter(|step| step.kind == Kind::View).collect();
        let mut views = Self::default();
        while !waiting.is_empty() {
            let waits = |step: &Step| step.tables.iter().any(|table| waiting.iter().any(|w| w.dataset == table.name));
            // Where all wait for each other they read themselves, which the engine refuses when one is read.
            let next = waiting.remove(waiting.iter().position(|step| !waits(step)).unwrap_or(0));
            // What the patterns of an assembly find is for the engine to say, which knows the lake.
            let next = Step { patterns: Vec::new(), ..next };
            views.insert(BoundStep::of(&next, next.table_names(), parameters, functions, &views)?);
        }
        Ok(views)
    }

    /// Adds a step if it is a view.
    pub(super) fn insert(&mut self, step: BoundStep) {
        if step.kind == Kind::View {
            self.0.insert(step.dataset.clone(), step);
        }
    }

    /// The views, by name.
    pub fn iter(&self) -> impl Iterator<Item = &BoundStep> {
        self.0.values()
    }

    /// As the engine takes them.
    pub fn for_engine(&self) -> Vec<View> {
        self.iter().filter_map(view).collect()
    }

    /// Makes `step` depend on what the views that it reads depend on, in place of the views.
    pub(super) fn see_through(&self, step: &mut BoundStep) {
        let read: Vec<&BoundStep> = self.iter().filter(|view| step.inputs.contains(&view.dataset)).collect();
        if read.is_empty() {
            return;
        }
        let mut hash = Sha256::new();
        hash.update(&step.sql_hash);
        for view in read {
            step.inputs.retain(|input| *input != view.dataset);
            step.inputs.extend(view.inputs.iter().cloned());
            step.pinned.extend(view.pinned.iter().cloned());
            step.parameters.extend(view.parameters.clone());
            // Paths are relative to a file: the same one means another file there.
            let files = view.files.iter().map(|(path, hash)| (format!("{path} of {}", view.dataset), hash.clone()));
            step.files.extend(files);
            step.functions = step.functions.take().or_else(|| view.functions.clone());
            hash.update(&view.sql_hash);
        }
        step.inputs.sort();
        step.inputs.dedup();
        step.sql_hash = hex(hash);
    }
}

/// The view that a bound step defines. Its order is for whoever writes its rows somewhere; a query over it, or a limit
/// within it, has its own.
fn view(step: &BoundStep) -> Option<View> {
    let Statement::CreateView(created) = &step.statement else {
        return None;
    };
    let mut query = created.query.as_ref().clone();
    if query.limit_clause.is_none() && query.fetch.is_none() {
        query.order_by = None;
    }
    let sort = step.order_by.iter().take_while(|key| key.ascending).map(|key| key.column.clone()).collect();
    Some(View { name: step.dataset.clone(), source: step.source.clone(), query, sort })
}
