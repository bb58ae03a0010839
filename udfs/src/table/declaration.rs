//! What a table function takes: relations with the columns that they have, and options.

use std::fmt;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;

use super::error::TableFunctionError;
use super::options::{OptionKind, OptionValue, Options};
use crate::column::is_number;

/// What a column of a relation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Date,
    Text,
    Number,
    Flag,
}

impl ColumnKind {
    /// The type that the function sees.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Date => DataType::Date32,
            Self::Text => DataType::Utf8,
            Self::Number => DataType::Float64,
            Self::Flag => DataType::Boolean,
        }
    }

    /// Whether a column of type `found` can be cast to it without surprise.
    pub(crate) fn accepts(self, found: &DataType) -> bool {
        found.is_null()
            || match self {
                Self::Date => found.is_temporal(),
                Self::Text => found.is_string() || matches!(found, DataType::Dictionary(_, of) if of.is_string()),
                Self::Number => is_number(found),
                Self::Flag => *found == DataType::Boolean,
            }
    }

    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Date => "a date",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Flag => "true or false",
        }
    }
}

/// A column that a relation has or may have. One that it lacks is NULL throughout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnKind,
    pub(crate) required: bool,
    pub(crate) meaning: &'static str,
}

/// A relation that the function reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RelationSpec {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [ColumnSpec],
    /// Whether further columns pass through to the result. If not, they are an error: most are a slip of the finger.
    pub(crate) keeps_others: bool,
    /// The columns by which its rows arrive sorted; they identify a row.
    pub(crate) key: &'static [&'static str],
}

/// An option, written `name => value`.
#[derive(Debug, Clone)]
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: OptionKind,
    pub(crate) default: Option<OptionValue>,
    pub(crate) meaning: &'static str,
}

/// A call with its options checked: computes the result from its relations.
pub(crate) trait Evaluate: fmt::Debug + Send + Sync {
    /// The result's columns. `others` are the fields that pass through from the first relation.
    fn schema(&self, others: &[datafusion::arrow::datatypes::FieldRef]) -> SchemaRef;

    /// The result, in the order of the result's key. Each relation is one batch, sorted by its key, with the declared
    /// columns first, in their order; no key is NULL or repeated.
    fn evaluate(&self, relations: &[RecordBatch], threads: usize) -> Result<RecordBatch>;
}

/// The declaration of a table function.
#[derive(Debug, Clone)]
pub(crate) struct TableFunction {
    pub(crate) name: &'static str,
    pub(crate) relations: Vec<RelationSpec>,
    pub(crate) options: Vec<OptionSpec>,
    /// The columns by which the result is sorted.
    pub(crate) order: &'static [&'static str],
    pub(crate) prepare: fn(&Options) -> Result<Box<dyn Evaluate>, TableFunctionError>,
}

impl TableFunction {
    /// How the function is called, e.g. `vol_target((returns), target => …)`.
    pub(crate) fn usage(&self) -> String {
        let relations = self.relations.iter().map(|relation| format!("({})", relation.name));
        let required = self.options.iter().filter(|option| option.default.is_none() && !option.kind.is_optional());
        let required = required.map(|option| format!("{} => …", option.name));
        let parts: Vec<String> = relations.chain(required).collect();
        format!("{}({}, …)", self.name, parts.join(", "))
    }
}
