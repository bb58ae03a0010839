//! How large the largest of many t-statistics is by chance.

/// The |t| that the largest of `tests` statistics exceeds with probability 5 % at most if none of the features says
/// anything (Bonferroni), under the normal distribution.
pub fn bonferroni_threshold(tests: usize) -> f64 {
    let level = 0.05 / tests.max(1) as f64;
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if two_sided(middle) > level { low = middle } else { high = middle }
    }
    high
}

/// Probability that a normal variable is further than `t` from its mean: erfc(t/√2), by the Chebyshev fit of Press et
/// al., Numerical Recipes, §6.2; relative error below 1.2e-7.
fn two_sided(t: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.26551223,
        1.00002368,
        0.37409196,
        0.09678418,
        -0.18628806,
        0.27886807,
        -1.13520398,
        1.48851587,
        -0.82215223,
        0.17087277,
    ];
    let z = t / std::f64::consts::SQRT_2;
    let u = 1.0 / (1.0 + 0.5 * z);
    u * (-z * z + FIT.iter().rev().fold(0.0, |sum, factor| sum * u + factor)).exp()
}

#[cfg(test)]
mod tests {
    use super::bonferroni_threshold;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (tests, expected) in [(1, 1.959964), (10, 2.807034), (100, 3.480756)] {
            assert!((bonferroni_threshold(tests) - expected).abs() < 1e-5, "{tests}");
        }
    }
}
