//! Independent, reproducible streams of random numbers.
//!
//! Every part of the generator draws from its own ChaCha stream, addressed by seed, purpose and
//! index. So the numbers of one security do not depend on how many others exist before it, nor on
//! which thread draws them.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// What a stream of random numbers is used for.
#[derive(Clone, Copy)]
pub enum Purpose {
    /// Regimes, market, sector and style returns.
    Market = 1,
    /// The list of securities and their traits.
    Securities,
    /// The price path of one issuer.
    Price,
    /// The statements of one issuer.
    Firm,
    /// When one issuer files what.
    Filings,
    /// Cells of the statements of one security that the vendor lacks.
    Gaps,
    /// Insider transactions of one issuer.
    Insiders,
    /// Institutional holdings of one security.
    Holders,
    /// The price difference between the share classes of one issuer.
    Spread,
    /// The path of one fund.
    Fund,
}

/// The stream of `purpose` and `index` under `seed`.
pub fn stream(seed: u64, purpose: Purpose, index: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((purpose as u64) << 48) | index as u64);
    rng
}

/// A standard normal number.
pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}

/// A number with mean 0, deviation 1 and the tails of Student's t with four degrees of freedom, cut
/// at ±9.
///
/// The chi-square of four degrees of freedom is twice the sum of two exponentials, hence the
/// product of uniforms.
pub fn fat_tailed(rng: &mut ChaCha8Rng) -> f64 {
    let uniforms = (1.0 - rng.random::<f64>()) * (1.0 - rng.random::<f64>());
    let chi_square_per_degree = (-uniforms.ln() / 2.0).max(1e-3);
    let deviation_of_t4 = std::f64::consts::SQRT_2;
    (normal(rng) / chi_square_per_degree.sqrt() / deviation_of_t4).clamp(-9.0, 9.0)
}

/// A number between `low` and `high`.
pub fn between(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// A number between `low` and `high`, uniform in its logarithm.
pub fn log_between(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    between(rng, low.ln(), high.ln()).exp()
}

/// True with probability `probability`.
pub fn chance(rng: &mut ChaCha8Rng, probability: f64) -> bool {
    rng.random::<f64>() < probability
}

/// One of `choices`, or `None` when there is none.
pub fn pick<'a, T>(rng: &mut ChaCha8Rng, choices: &'a [T]) -> Option<&'a T> {
    use rand::seq::IndexedRandom;
    choices.choose(rng)
}

/// The position of one of `weights`, drawn in proportion to them; 0 when they sum to nothing.
pub fn pick_weighted(rng: &mut ChaCha8Rng, weights: &[f64]) -> usize {
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    for (position, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return position;
        }
    }
    0
}
