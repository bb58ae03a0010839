//! Columns that have to be equal, compared as they are copied.

use std::collections::HashMap;

use super::Stored;
use super::chunk::Chunk;
use super::donor::Donor;
use crate::lake::Result;

/// The chunks of one row group that others have to equal.
pub(super) struct Comparison<'a> {
    equal: &'a [[Stored; 2]],
    donors: &'a [Donor],
    held: HashMap<Stored, Chunk>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(equal: &'a [[Stored; 2]], donors: &'a [Donor]) -> Self {
        Self { equal, donors, held: HashMap::new() }
    }

    /// Compares the first chunks of a request, which are these columns; returns the others.
    pub(super) fn take(&mut self, dataset: usize, columns: &[usize], mut chunks: Vec<Chunk>) -> Result<Vec<Chunk>> {
        let others = chunks.split_off(columns.len().min(chunks.len()));
        for (column, chunk) in columns.iter().zip(chunks) {
            self.add(Stored { dataset, column: *column }, chunk)?;
        }
        Ok(others)
    }

    /// Compares a chunk with those that came before, and keeps it for those to come.
    fn add(&mut self, stored: Stored, chunk: Chunk) -> Result<()> {
        let partners = self.equal.iter().filter_map(|[one, other]| match () {
            () if *one == stored => Some(other),
            () if *other == stored => Some(one),
            () => None,
        });
        let mut awaited = false;
        for partner in partners {
            let Some(before) = self.held.get(partner) else {
                awaited = true;
                continue;
            };
            let donor = &self.donors[stored.dataset];
            if !chunk.equals(before).map_err(|error| donor.failed(error))? {
                return Err(donor.unlike("a column differs from the one that it should equal"));
            }
        }
        if awaited {
            self.held.insert(stored, chunk.alone());
        }
        Ok(())
    }
}
