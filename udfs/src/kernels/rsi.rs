//! Relative strength index.

use super::{MISSING, present};

/// Wilder's relative strength index over `n` changes (at least 1), 0 to 100.
///
/// J. Welles Wilder, *New Concepts in Technical Trading Systems* (1978); spec 02 §11.3. Gains and
/// losses are one-row changes; the averages start as the simple mean of the first n changes and then
/// follow `A ← (A·(n − 1) + change)/n`. `RSI = 100 − 100/(1 + gain/loss) = 100·gain/(gain + loss)`,
/// missing while both averages are 0. A change next to a missing value is missing: its row has no
/// result and leaves the averages as they are.
pub fn rsi(x: &[f64], n: usize) -> Vec<f64> {
    let n = n.max(1) as f64;
    let (mut gain, mut loss, mut changes) = (0.0, 0.0, 0.0);
    let mut previous = None;
    x.iter()
        .map(|&value| {
            let current = present(value);
            let change = previous.zip(current).map(|(before, now): (f64, f64)| now - before);
            previous = current;
            let Some(change) = change else {
                return MISSING;
            };
            // Until n changes are known this is their running mean, from then on Wilder's average.
            changes += 1.0;
            let weight = 1.0 / f64::min(changes, n);
            gain = gain * (1.0 - weight) + change.max(0.0) * weight;
            loss = loss * (1.0 - weight) + (-change).max(0.0) * weight;
            if changes >= n && gain + loss > 0.0 { 100.0 * gain / (gain + loss) } else { MISSING }
        })
        .collect()
}
