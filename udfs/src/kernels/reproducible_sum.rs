//! Sums that do not depend on the order of their terms.
//!
//! Floating-point addition is not associative, so a mean over the names of a date would differ in its last digits with the
//! order in which their rows arrive, that is, with the number of threads. Here every term is cut to a multiple of a unit
//! that depends on the largest term alone, and integers are added. This is the idea of J. Demmel and H. D. Nguyen, "Fast
//! Reproducible Floating-Point Summation" (ARITH 21, 2013), with one pass more and 62 bits below the largest term, which is
//! also more exact than adding one after the other.

/// Bits of each of the two integers that a term becomes. With 2³¹ terms neither sum overflows.
const BITS: i32 = 31;

/// A sum of terms whose largest magnitude is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReproducibleSum {
    scale: f64,
    high: i64,
    low: i64,
}

impl ReproducibleSum {
    /// For up to 2³¹ terms, all finite and none larger than `largest` in magnitude.
    pub(crate) fn of_terms_up_to(largest: f64) -> Self {
        // The exponent of `largest`, so that every term is below 2^(exponent + 1). Below the smallest normal numbers there
        // is nothing to tell apart.
        let exponent = ((largest.abs().to_bits() >> 52) as i32 - 1023).max(-990);
        Self { scale: 2.0_f64.powi(BITS - 1 - exponent), high: 0, low: 0 }
    }

    /// Adds a term.
    #[inline]
    pub(crate) fn add(&mut self, term: f64) {
        let scaled = term * self.scale;
        let high = scaled as i64;
        self.high += high;
        // Exact: both are multiples of the last bit of `scaled`.
        self.low += ((scaled - high as f64) * (1_i64 << BITS) as f64) as i64;
    }

    /// The sum.
    pub(crate) fn value(&self) -> f64 {
        let whole = (i128::from(self.high) << BITS) + i128::from(self.low);
        whole as f64 / (1_i64 << BITS) as f64 / self.scale
    }
}

/// The sum of finite terms, the same in every order.
pub(crate) fn reproducible_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(0.0_f64, |largest, term| largest.max(term.abs()));
    let mut sum = ReproducibleSum::of_terms_up_to(largest);
    terms.for_each(|term| sum.add(term));
    sum.value()
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::seq::SliceRandom;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn every_order_gives_the_same_and_it_is_near_the_truth() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..300 {
            let size = random.random_range(0..400);
            let level = 10.0_f64.powi(random.random_range(-270..290));
            let spread = random.random_range(0..30);
            let mut terms: Vec<f64> = (0..size)
                .map(|_| level * random.random_range(-1.0..1.0) * 10.0_f64.powi(-random.random_range(0..=spread)))
                .collect();
            let sum = reproducible_sum(terms.iter().copied());
            for _ in 0..5 {
                terms.shuffle(&mut random);
                assert_eq!(reproducible_sum(terms.iter().copied()).to_bits(), sum.to_bits());
            }
            // Kahan's sum of the terms in units of the level.
            let (mut total, mut carry) = (0.0, 0.0);
            for term in terms.iter().map(|term| term / level) {
                let add = term - carry;
                let next = total + add;
                carry = (next - total) - add;
                total = next;
            }
            assert!((sum / level - total).abs() <= 1e-15 * size as f64, "{sum} {total} {level}");
        }
    }

    #[test]
    fn extremes() {
        assert_eq!(reproducible_sum([].into_iter()), 0.0);
        assert_eq!(reproducible_sum([-0.0, 0.0].into_iter()), 0.0);
        assert_eq!(reproducible_sum([0.1].into_iter()), 0.1);
        assert_eq!(reproducible_sum([f64::MAX, -f64::MAX, 1.0].into_iter()), 0.0);
        assert_eq!(reproducible_sum([f64::MAX, f64::MAX].into_iter()), f64::INFINITY);
        assert_eq!(reproducible_sum([f64::MIN_POSITIVE / 8.0].into_iter()), f64::MIN_POSITIVE / 8.0);
        assert_eq!(reproducible_sum([1e16, 1.0, -1e16].into_iter()), 1.0);
    }
}
