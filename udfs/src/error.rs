//! What can be wrong with the arguments of a function.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

/// A call that cannot be planned. Each message names the function, the argument and the remedy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArgumentError {
    /// Too few or too many arguments.
    #[error("{function} was called with {found} argument(s); write {usage}")]
    Count {
        /// Name of the function.
        function: &'static str,
        /// Number of arguments in the call.
        found: usize,
        /// How the function is called.
        usage: String,
    },
    /// An argument of a type that does not fit.
    #[error("argument `{argument}` of {function} must be {expected}, found type {found}; write {usage}")]
    Type {
        /// Name of the function.
        function: &'static str,
        /// Name of the argument.
        argument: &'static str,
        /// The types that fit, in words.
        expected: &'static str,
        /// Type of the argument in the call.
        found: DataType,
        /// How the function is called.
        usage: String,
    },
    /// A configuring argument that depends on the row.
    #[error(
        "argument `{argument}` of {function} must be a constant, because it configures the whole \
         query; found `{found}`; write {usage}"
    )]
    NotConstant {
        /// Name of the function.
        function: &'static str,
        /// Name of the argument.
        argument: &'static str,
        /// The expression in the call.
        found: String,
        /// How the function is called.
        usage: String,
    },
    /// A constant outside the values that make sense.
    #[error("argument `{argument}` of {function} must be {expected}, found {found}; write {usage}")]
    Value {
        /// Name of the function.
        function: &'static str,
        /// Name of the argument.
        argument: &'static str,
        /// The values that make sense, in words.
        expected: String,
        /// The constant in the call.
        found: String,
        /// How the function is called.
        usage: String,
    },
    /// `IGNORE NULLS`, which says nothing the function does not do already.
    #[error("{function} does not take IGNORE NULLS; remove it: {usage} already skips missing values")]
    IgnoreNulls {
        /// Name of the function.
        function: &'static str,
        /// How the function is called.
        usage: String,
    },
}

impl From<ArgumentError> for DataFusionError {
    fn from(error: ArgumentError) -> Self {
        Self::Plan(error.to_string())
    }
}
