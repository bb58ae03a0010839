//! A cross-section cut into groups of equal size.

use std::ops::Range;

use super::{MISSING, Ranking};

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

/// Means of one variable in groups of another.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupMeans {
    /// Rows in each group, the group with the smallest values first.
    pub counts: Vec<usize>,
    /// Mean in each group; NaN in an empty one.
    pub means: Vec<f64>,
    /// Rows in the largest set of equal values; if it is larger than a group, chance decides who is in which.
    pub largest_tie: usize,
}

/// Means of `y` in groups of the ranked variable, over the rows in which both are present (spec 05 §4.2). Equal values
/// are dealt to groups in the order of their rows.
pub fn group_means(ranking: &Ranking, y: &[f64], groups: usize) -> GroupMeans {
    let mut order = Vec::with_capacity(ranking.count());
    order.extend(ranking.order().iter().map(|row| *row as usize).filter(|row| y[*row].is_finite()));
    let largest_tie = order.chunk_by(|a, b| ranking.tied(*a, *b)).map(<[usize]>::len).max().unwrap_or(0);
    let mean = |rows: &[usize]| match rows {
        [] => MISSING,
        rows => rows.iter().map(|row| y[*row]).sum::<f64>() / rows.len() as f64,
    };
    let parts: Vec<_> = ntile(order.len(), groups).iter().map(|range| &order[range]).collect();
    GroupMeans {
        counts: parts.iter().map(|rows| rows.len()).collect(),
        means: parts.iter().map(|rows| mean(rows)).collect(),
        largest_tie,
    }
}
