//! What a commit remembers about itself: enough to trace every number to the code and the data it came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The provenance of one dataset version, stored in the commit and shown by `kairos history`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommitRecord {
    /// Identifies the `kairos` invocation; all versions of one run share it.
    pub run_id: String,
    /// `build` for a SQL statement, `land` for raw files.
    pub operation: String,
    /// Where the statement or the rows came from: a `.sql` path, or the names of the landed files.
    pub source: String,
    /// What the statement's file says about the dataset in its header comment.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What its columns are for, as the header says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// SHA-256 of the statement's text, hex; `None` for landed data.
    pub sql_hash: Option<String>,
    /// The parameters that the statement names, with the values it was built with.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The CSV files of the user's own that were read, as the statement names them, and the SHA-256 of each.
    pub files: BTreeMap<String, String>,
    /// The datasets that were read and the version of each; the engine adds those that the statement reads itself.
    pub inputs: BTreeMap<String, u64>,
    /// Fingerprint of the Kairos functions, if the statement calls any of them.
    pub functions: Option<String>,
    /// Rows in the version as a whole.
    pub rows: u64,
    /// Wall time from planning to commit.
    pub seconds: f64,
    /// The version of `kairos` that wrote it.
    pub kairos_version: String,
    /// What is known of its columns, by name, beside the bounds and counts of the files.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnRecord>,
}

/// What a commit remembers about one column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnRecord {
    /// The `dataset.column` that it was taken from as it is, if the dataset is an assembly of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The first date with a value, `2024-01-31`, if the dataset has dates and the column any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_date: Option<String>,
}
