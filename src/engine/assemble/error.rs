//! What can be wrong with an assembly.

use thiserror::Error;

/// Errors of `assemble(…)`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssembleError {
    /// The call is not of the form that it should have.
    #[error(
        "assemble: {0}; write assemble(base, dataset, 'pattern*', … [, repeated => 'dataset'|'number'] [, copies => 'feat_b.x = feat_a.x, …'])"
    )]
    Call(String),
    /// A dataset has no usable key.
    #[error(
        "assemble: {dataset} is not keyed by ticker (text) and date (date): {found}; every dataset of an assembly is"
    )]
    Key {
        /// The dataset.
        dataset: String,
        /// What its columns are instead.
        found: String,
    },
    /// Two columns of the result differ only in letter case.
    #[error(
        "assemble: {dataset}.{column} would be called '{name}', which differs from '{taken}' only in letter case; rename it in the SQL of {dataset}"
    )]
    AlikeNames {
        /// The dataset of the second column.
        dataset: String,
        /// The second column.
        column: String,
        /// Its name in the result.
        name: String,
        /// The name that is taken.
        taken: String,
    },
    /// A declared copy names a column that is not there.
    #[error("assemble: copies names {dataset}.{column}, but {found}")]
    UnknownCopy {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// What there is.
        found: String,
    },
    /// A column that is declared a copy differs from its source.
    #[error(
        "{copy} is declared a copy of {source_column}, but at {key} it is {found} and not {expected}; correct its SQL, or take it out of copies to keep both columns"
    )]
    NotACopy {
        /// The copy, `dataset.column`.
        copy: String,
        /// What it should equal, `dataset.column`.
        source_column: String,
        /// The key of the first row that differs, `ticker A, date 2024-01-31`.
        key: String,
        /// The source's value.
        expected: String,
        /// The copy's value.
        found: String,
    },
    /// A dataset has two rows with one key and different values.
    #[error(
        "{dataset} has two different rows with the key ticker {ticker}, date {date}; a dataset of an assembly has one row per key: aggregate or choose in its SQL"
    )]
    Conflict {
        /// The dataset.
        dataset: String,
        /// The key.
        ticker: String,
        /// The key.
        date: String,
    },
    /// The base has a key twice, or none.
    #[error("the base {dataset} of the assembly has {what}; its rows must have one key each")]
    Base {
        /// The dataset.
        dataset: String,
        /// What is wrong with the row.
        what: String,
    },
}
