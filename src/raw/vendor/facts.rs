//! What a pull must know about a table.

/// The facts about a raw table that decide how it is pulled. All are column names of the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFacts {
    /// The table's name in lower case, as in the lake.
    pub name: &'static str,
    /// Columns that identify a row.
    pub key: &'static [&'static str],
    /// The key column that says which day a row is about, if there is one.
    pub date: Option<&'static str>,
    /// The column that says when the vendor last changed a row, if there is one.
    pub updated: Option<&'static str>,
}
