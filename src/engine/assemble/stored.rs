//! What the columns of an assembly are in the datasets that it reads.

use super::exec::{AssembleExec, From};
use crate::lake::{DatasetProvider, Stored};

impl AssembleExec {
    /// The dataset whose rows it has.
    pub(in crate::engine) fn base(&self) -> &DatasetProvider {
        &self.what.sources[0]
    }

    /// The datasets that it reads: the base, then the others.
    pub(in crate::engine) fn sources(&self) -> impl Iterator<Item = &DatasetProvider> {
        self.what.sources.iter()
    }

    /// The column of one of its sources that a column of the result is.
    pub(in crate::engine) fn stored(&self, column: usize) -> Option<Stored> {
        match self.what.columns[column] {
            From::Key(key) => self.stored_input((0, key)),
            From::Input(input, column) => self.stored_input((input + 1, column)),
        }
    }

    /// The columns of its sources that have to be equal.
    pub(in crate::engine) fn copies(&self) -> Vec<[Stored; 2]> {
        let stored = |(input, column): (usize, usize)| self.stored_input((input + 1, column));
        self.what.checks.iter().filter_map(|check| Some([stored(check.copy)?, stored(check.source)?])).collect()
    }

    /// A column of an input as its dataset stores it.
    fn stored_input(&self, (dataset, column): (usize, usize)) -> Option<Stored> {
        let schema = self.inputs[dataset].schema();
        let stored = self.what.sources[dataset].snapshot().schema().index_of(schema.field(column).name());
        Some(Stored { dataset, column: stored.ok()? })
    }
}
