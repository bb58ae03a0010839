//! Which columns of a statement are copied as they are encoded, and what is left to compute.
//!
//! A column that a dataset stores already, row by row as the statement has it, need neither be decoded nor encoded again:
//! see [`Splice`]. Two kinds of statements have such columns: those that store an assembly ([`assembled`]) and those that
//! keep the rows of a dataset and add columns to them ([`kept_rows`]). What neither the log nor the plan can tell is found
//! while copying, and then the whole statement is computed.

mod assembled;
mod donor;
mod kept_rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::logical_expr::CreateMemoryTable;

use super::Result;
use super::build::Arranged;
use crate::lake::{Source, Splice};

/// A statement of which columns are copied.
pub(super) struct Spliced {
    pub splice: Arc<Splice>,
    /// The keys, the columns that are computed, and others that are not encoded.
    pub rows: Arranged,
    /// The base's files in each partition of the rows.
    pub files: Vec<Vec<usize>>,
    /// The first date with a value of each column that is copied and not among the rows, by name.
    pub first_dates: BTreeMap<String, String>,
}

impl Spliced {
    /// `None` if nothing can be copied.
    pub(super) async fn of(state: &SessionState, create: &CreateMemoryTable, all: &Arranged) -> Result<Option<Self>> {
        match Self::assembled(state, create, all).await? {
            Some(assembled) => Ok(Some(assembled)),
            None => Self::with_kept_rows(create, all).await,
        }
    }

    /// How many columns are copied.
    pub(super) fn copied(&self) -> usize {
        self.splice.columns.iter().filter(|source| matches!(source, Source::Stored(_))).count()
    }
}
