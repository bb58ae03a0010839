//! How the rows of a dataset are arranged in its files.

use serde::{Deserialize, Serialize};

/// The physical arrangement of a dataset: the order of its rows and where its files are cut.
///
/// Files of one folder follow each other in that order and never share a value of the first sort column, so the rows of
/// one value (one ticker, say) are always in one file. Datasets with the same `splits` can be read side by side without
/// moving a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// Columns by which rows are sorted, ascending, nulls last; empty if unsorted.
    pub sort: Vec<String>,
    /// Values of the first sort column at which a new file must begin, ascending. A file never spans one.
    pub splits: Vec<String>,
}

impl Layout {
    /// Rows sorted by these columns, cut wherever the writer sees fit.
    pub fn sorted_by<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { sort: columns.into_iter().map(Into::into).collect(), splits: Vec::new() }
    }

    /// The range that a value of the first sort column belongs to: range `i` holds values in `[splits[i-1], splits[i])`.
    pub fn range_of(&self, value: &str) -> usize {
        self.splits.partition_point(|split| split.as_str() <= value)
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;

    #[test]
    fn a_split_opens_the_next_range() {
        let layout = Layout { sort: vec!["ticker".into()], splits: vec!["F".into(), "M".into()] };
        let ranges: Vec<_> = ["A", "EZ", "F", "FA", "M", "Z"].map(|t| layout.range_of(t)).into();
        assert_eq!(ranges, [0, 0, 1, 1, 2, 2]);
        assert_eq!(Layout::default().range_of("A"), 0);
    }
}
