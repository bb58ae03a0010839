//! The query behind a dataset, for whoever wants its rows as they would be, without storing them.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{Query, Statement};

use super::error::PipelineError;
use super::files::bind_files;
use super::params::Parameters;
use super::source::{SqlFile, SqlTree};
use super::statement::Step;

/// The query of a dataset's file.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The file.
    pub file: SqlFile,
    /// The query with its parameters in place, without an order.
    pub query: Query,
}

impl Definition {
    /// That of `dataset`; `None` if no file of the tree writes it.
    ///
    /// # Errors
    /// If the file names an unknown parameter or reads a file that is not there.
    pub fn of(tree: &SqlTree, dataset: &str, parameters: &Parameters) -> Result<Option<Self>, PipelineError> {
        let mentioned = tree.files().filter(|file| file.text.contains(dataset));
        let mut steps = mentioned.filter_map(|file| Step::parse(file, &BTreeSet::new()).ok());
        let Some(Step { mut statement, file, .. }) = steps.find(|step| step.dataset == dataset) else {
            return Ok(None);
        };
        parameters.bind(&mut statement, &file)?;
        bind_files(&mut statement, &file)?;
        let query = match statement {
            Statement::CreateTable(table) => table.query,
            Statement::CreateView(view) => Some(view.query),
            _ => None,
        };
        Ok(query.map(|mut query| {
            query.order_by = None;
            Self { file, query: *query }
        }))
    }
}
