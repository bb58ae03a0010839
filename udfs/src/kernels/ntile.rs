//! A cross-section cut into groups of equal size.

use std::ops::Range;

/// Positions in an ascending order that belong to each group.
#[derive(Debug, Clone, Copy)]
pub struct Groups {
    rows: usize,
    groups: usize,
}

/// Cuts `rows` rows into `groups` groups; the first `rows mod groups` are larger by one, as SQL `NTILE`.
pub fn ntile(rows: usize, groups: usize) -> Groups {
    Groups { rows, groups }
}

impl Groups {
    /// The groups from the smallest values to the largest; some are empty if there are fewer rows than groups.
    pub fn iter(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.groups).map(move |group| self.range(group))
    }

    /// One group, counted from 0.
    pub fn range(self, group: usize) -> Range<usize> {
        let (size, larger) = (self.rows / self.groups, self.rows % self.groups);
        let start = |group: usize| group * size + group.min(larger);
        start(group)..start(group + 1)
    }
}
