//! What can be wrong with the call of a table function.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

/// A call that cannot be planned. Each message names the function, the part of the call and the remedy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TableFunctionError {
    /// Too few or too many relations.
    #[error("{function} takes {expected}, found {found} relation(s); write {usage}")]
    Relations {
        /// Name of the function.
        function: &'static str,
        /// The relations that it takes, in words.
        expected: String,
        /// How many the call has.
        found: usize,
        /// How the function is called.
        usage: String,
    },
    /// An argument that is neither a relation nor `name => value`.
    #[error(
        "{function} cannot take the argument {argument}; a relation is a query in parentheses or the name of a common \
         table expression, an option is name => value: {usage}"
    )]
    Argument {
        /// Name of the function.
        function: &'static str,
        /// The argument as it is written.
        argument: String,
        /// How the function is called.
        usage: String,
    },
    /// An option that the function does not have.
    #[error("{function} has no option {option}{}; it has {}", did_you_mean(nearest), known.join(", "))]
    UnknownOption {
        /// Name of the function.
        function: &'static str,
        /// The option in the call.
        option: String,
        /// Options with similar names.
        nearest: Vec<String>,
        /// All options.
        known: Vec<&'static str>,
    },
    /// The value of an option is none that makes sense.
    #[error("{function}: {option} must be {expected}, found {found}")]
    OptionValue {
        /// Name of the function.
        function: &'static str,
        /// The option.
        option: &'static str,
        /// The values that make sense, in words.
        expected: String,
        /// The value in the call.
        found: String,
    },
    /// Options that do not go together.
    #[error("{function}: {what}")]
    Options {
        /// Name of the function.
        function: &'static str,
        /// What is wrong.
        what: String,
    },
    /// An option that the call must have.
    #[error("{function}: the option {option} is missing: {meaning}")]
    MissingOption {
        /// Name of the function.
        function: &'static str,
        /// The option.
        option: &'static str,
        /// What it says.
        meaning: &'static str,
    },
    /// A relation without a column that it must have.
    #[error(
        "{function}: the relation {relation} has no column {column} ({meaning}); it has {}: name one `… as {column}`",
        found.join(", ")
    )]
    MissingColumn {
        /// Name of the function.
        function: &'static str,
        /// The relation.
        relation: &'static str,
        /// The column.
        column: &'static str,
        /// What it holds.
        meaning: &'static str,
        /// The relation's columns.
        found: Vec<String>,
    },
    /// A relation with a column of which the function knows nothing.
    #[error(
        "{function}: it does not use the column {column} of the relation {relation}{}; it knows {}",
        did_you_mean(nearest), known.join(", ")
    )]
    UnknownColumn {
        /// Name of the function.
        function: &'static str,
        /// The relation.
        relation: &'static str,
        /// The column.
        column: String,
        /// Columns with similar names.
        nearest: Vec<String>,
        /// All columns that the relation may have.
        known: Vec<&'static str>,
    },
    /// A column of a type that does not fit.
    #[error("{function}: {relation}.{column} must be {expected}, found type {found}")]
    ColumnType {
        /// Name of the function.
        function: &'static str,
        /// The relation.
        relation: &'static str,
        /// The column.
        column: &'static str,
        /// What fits, in words.
        expected: &'static str,
        /// Its type.
        found: DataType,
    },
    /// A row without a key.
    #[error(
        "{function}: a row of the relation {relation} has no {column}; leave it out with `where {column} is not null`"
    )]
    MissingKey {
        /// Name of the function.
        function: &'static str,
        /// The relation.
        relation: &'static str,
        /// The column of the key.
        column: &'static str,
    },
    /// Two rows with one key.
    #[error(
        "{function}: the relation {relation} has two rows for {key}; it must have one row per key: look for a join that \
         multiplies rows"
    )]
    DuplicateKey {
        /// Name of the function.
        function: &'static str,
        /// The relation.
        relation: &'static str,
        /// The key.
        key: String,
    },
}

impl From<TableFunctionError> for DataFusionError {
    fn from(error: TableFunctionError) -> Self {
        Self::Plan(error.to_string())
    }
}

fn did_you_mean(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!(", did you mean {}?", nearest.join(", ")) }
}
