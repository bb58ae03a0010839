//! Losses from the highest value reached (spec 06 §6.8): how deep, how long.

/// A stretch below an earlier peak. Numbers are positions in the equity series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drawdown {
    /// The last position of the peak.
    pub peak: usize,
    /// Where it is deepest; the first such position.
    pub trough: usize,
    /// Where the peak is reached again; `None` if it is not.
    pub recovery: Option<usize>,
    /// The loss at the trough, negative.
    pub depth: f64,
}

/// Equity over its running maximum, less one: 0 at a peak, negative below it.
pub(super) fn underwater(equity: &[f64]) -> Vec<f64> {
    let mut peak = f64::MIN_POSITIVE;
    let below = |value: &f64| {
        peak = peak.max(*value);
        value / peak - 1.0
    };
    equity.iter().map(below).collect()
}

/// The `count` deepest drawdowns, the deepest first.
pub(super) fn worst(equity: &[f64], count: usize) -> Vec<Drawdown> {
    let below = underwater(equity);
    let mut found = Vec::new();
    let mut open: Option<Drawdown> = None;
    for (at, depth) in below.iter().copied().enumerate() {
        if depth < 0.0 {
            let peak = at.saturating_sub(1);
            let drawdown = open.get_or_insert(Drawdown { peak, trough: at, recovery: None, depth });
            if depth < drawdown.depth {
                (drawdown.trough, drawdown.depth) = (at, depth);
            }
        } else if let Some(drawdown) = open.take() {
            found.push(Drawdown { recovery: Some(at), ..drawdown });
        }
    }
    found.extend(open);
    found.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    found.truncate(count);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_in_the_first_period_counts() {
        let below = underwater(&[1.0, 0.96, 0.9888, 1.01]);
        assert!((below[1] + 0.04).abs() < 1e-12 && below[0] == 0.0 && below[3] == 0.0);
    }

    #[test]
    fn drawdowns_have_a_peak_a_trough_and_perhaps_a_recovery() {
        let equity = [1.0, 1.2, 1.1, 0.9, 1.2, 1.3, 1.3, 1.04, 1.1];
        let found = worst(&equity, 5);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].peak, found[0].trough, found[0].recovery), (1, 3, Some(4)));
        assert!((found[0].depth + 0.25).abs() < 1e-12);
        assert_eq!((found[1].peak, found[1].trough, found[1].recovery), (6, 7, None));
        assert!((found[1].depth + 0.2).abs() < 1e-12);
        assert_eq!(worst(&equity, 1), found[..1]);
    }

    #[test]
    fn what_only_rises_has_none() {
        assert!(worst(&[1.0, 1.1, 1.2], 5).is_empty());
        assert!(worst(&[], 5).is_empty());
    }

    #[test]
    fn ruin_is_a_loss_of_everything() {
        let found = worst(&[1.0, 0.0, 0.0], 5);
        assert_eq!((found.len(), found[0].depth, found[0].recovery), (1, -1.0, None));
    }
}
