//! Tables that are put together from columns of others as they are encoded.
//!
//! A dataset with the same rows as another, written by [`super::DatasetWriter`], has the same files and row groups. Its
//! column chunks can then stand in a file beside those of the other, byte for byte, and neither is decoded. What is copied
//! is checked like all that is read, and compared where it must be equal: the keys of every dataset with those of the
//! first one. Columns that are nowhere stored come as rows and are encoded.
//!
//! ```text
//! dataset a   ┃ ticker date x y ┃ 32 Ki rows ┃ …
//! dataset b   ┃ ticker date z   ┃ 32 Ki rows ┃ …     keys of b = keys of a
//! rows        ┃ w               ┃
//!             ▼
//! file        ┃ ticker date x y z w ┃ 32 Ki rows ┃ …
//! ```

mod chunk;
mod comparison;
mod donor;
mod writer;

use std::ops::Range;

use datafusion::arrow::datatypes::SchemaRef;

use super::{DatasetProvider, Snapshot};
pub(crate) use writer::SpliceWriter;

/// A stored column: a dataset of a splice and a column of its schema, both by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stored {
    pub dataset: usize,
    pub column: usize,
}

/// Where a column of the table comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// It is copied.
    Stored(Stored),
    /// It is the column at this position of the rows.
    Rows(usize),
}

/// How a table is put together.
#[derive(Debug)]
pub(crate) struct Splice {
    /// Its columns and types.
    pub schema: SchemaRef,
    /// Where each column comes from.
    pub columns: Vec<Source>,
    /// The dataset whose rows it has, then others that line up with it.
    pub datasets: Vec<DatasetProvider>,
    /// Columns that must be equal, row by row.
    pub equal: Vec<[Stored; 2]>,
}

impl Step {
    /// The dataset's columns that are copied.
    fn copied<'a>(&self, splice: &'a Splice) -> impl Iterator<Item = usize> + 'a {
        let stored = |source: &Source| match source {
            Source::Stored(stored) => Some(stored.column),
            Source::Rows(_) => None,
        };
        splice.columns[self.columns.clone()].iter().filter_map(stored)
    }
}

/// One request: what is taken of one dataset's row group at once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    /// `None` for columns of the rows.
    dataset: Option<usize>,
    /// The columns of the table.
    columns: Range<usize>,
    /// The dataset's columns that are compared with others.
    compared: Vec<usize>,
}

impl Splice {
    /// The columns of the rows that are encoded, in the table's order.
    fn given(&self) -> Vec<usize> {
        let of_rows = |source: &Source| match source {
            Source::Rows(column) => Some(*column),
            Source::Stored(_) => None,
        };
        self.columns.iter().filter_map(of_rows).collect()
    }

    /// The columns of the table in their order, in stretches from one dataset. The first one is that of the first dataset,
    /// with which others are compared; each dataset is compared in its first step.
    fn steps(&self) -> Vec<Step> {
        let dataset = |source: &Source| match source {
            Source::Stored(stored) => Some(stored.dataset),
            Source::Rows(_) => None,
        };
        let mut steps = Vec::new();
        let mut end = 0;
        for stretch in self.columns.chunk_by(|a, b| dataset(a) == dataset(b)) {
            let columns = end..end + stretch.len();
            end = columns.end;
            steps.push(Step { dataset: dataset(&stretch[0]), columns, compared: Vec::new() });
        }
        if steps.first().is_none_or(|step| step.dataset != Some(0)) {
            steps.insert(0, Step { dataset: Some(0), columns: 0..0, compared: Vec::new() });
        }
        for stored in self.equal.iter().flatten() {
            let at = match steps.iter().position(|step| step.dataset == Some(stored.dataset)) {
                Some(at) => at,
                None => {
                    steps.push(Step { dataset: Some(stored.dataset), columns: end..end, compared: Vec::new() });
                    steps.len() - 1
                }
            };
            let compared = &mut steps[at].compared;
            if !compared.contains(&stored.column) {
                compared.push(stored.column);
            }
        }
        steps
    }
}

/// Whether the log lets us hope that `other` has the rows of `base` in the same files: as many in each, and with the same
/// bounds of the key. The keys themselves are compared when they are copied.
pub(crate) fn lines_up(base: &Snapshot, other: &Snapshot, key: &[&str]) -> bool {
    let bounds = |snapshot: &Snapshot, file: usize| {
        let statistics = &snapshot.files()[file].statistics;
        let columns = key.iter().map(|name| snapshot.schema().index_of(name));
        let columns = columns.map(|at| at.ok().and_then(|at| statistics.column_statistics.get(at)));
        columns.map(|column| column.map(|c| (c.min_value.clone(), c.max_value.clone()))).collect::<Option<Vec<_>>>()
    };
    let same = |file: usize| {
        let (ours, theirs) = (bounds(base, file), bounds(other, file));
        base.files()[file].rows() == other.files()[file].rows() && ours.is_some() && ours == theirs
    };
    let one_folder = |snapshot: &Snapshot| snapshot.files().windows(2).all(|two| two[0].folder() == two[1].folder());
    let files = base.files().len();
    other.files().len() == files && one_folder(base) && one_folder(other) && (0..files).all(same)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::Schema;

    use super::*;

    fn splice(columns: &[Option<(usize, usize)>], equal: &[[(usize, usize); 2]]) -> Splice {
        let stored = |(dataset, column)| Stored { dataset, column };
        Splice {
            schema: Arc::new(Schema::empty()),
            columns: columns.iter().map(|of| of.map_or(Source::Rows(0), |of| Source::Stored(stored(of)))).collect(),
            datasets: Vec::new(),
            equal: equal.iter().map(|pair| pair.map(stored)).collect(),
        }
    }

    fn step(dataset: Option<usize>, columns: Range<usize>, compared: &[usize]) -> Step {
        Step { dataset, columns, compared: compared.to_vec() }
    }

    #[test]
    fn a_dataset_is_read_once_and_what_others_are_compared_with_comes_first() {
        let keys = [[(0, 0), (1, 0)], [(0, 1), (1, 1)]];
        let of = splice(&[Some((0, 0)), Some((0, 1)), Some((1, 2)), Some((1, 3)), None], &keys);
        let expected = [step(Some(0), 0..2, &[0, 1]), step(Some(1), 2..4, &[0, 1]), step(None, 4..5, &[])];
        assert_eq!(of.steps(), expected);
        let of = splice(&[None, Some((1, 2)), Some((0, 0)), Some((1, 3))], &[[(0, 0), (1, 0)], [(0, 0), (2, 5)]]);
        let expected = [
            step(Some(0), 0..0, &[0]),
            step(None, 0..1, &[]),
            step(Some(1), 1..2, &[0]),
            step(Some(0), 2..3, &[]),
            step(Some(1), 3..4, &[]),
            step(Some(2), 4..4, &[5]),
        ];
        assert_eq!(of.steps(), expected);
    }
}
