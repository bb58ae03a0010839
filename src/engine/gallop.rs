//! Where a stretch of rows in order ends.

/// The first row after `at` for which `holds` is no longer true, or else `len`. It holds for `at`, and from that row on for
/// none. Takes steps that grow, so that a few rows and many are passed alike.
pub(super) fn end_of(at: usize, len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (at, 1);
    while low + step < len && holds(low + step) {
        low += step;
        step *= 2;
    }
    let mut high = len.min(low + step);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn every_end_is_found_in_few_steps() {
        for len in 1..70 {
            for at in 0..len {
                for end in at + 1..=len {
                    let asked = Cell::new(0);
                    let holds = |row: usize| {
                        asked.set(asked.get() + 1);
                        assert!(at < row && row < len);
                        row < end
                    };
                    assert_eq!(end_of(at, len, holds), end);
                    let rows = end - at;
                    assert!(asked.get() <= 2 * rows.ilog2() + 2, "{} for {rows}", asked.get());
                }
            }
        }
    }
}
