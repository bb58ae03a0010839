//! `pearson(x, y)` and `spearman(x, y)`: correlations.

use super::function::AggregateFunction;
use crate::kernels;

pub(super) fn functions() -> Vec<AggregateFunction> {
    vec![
        correlation(
            "pearson",
            "Pearson's correlation of the rows in which x and y are present; NULL if either does not vary. The same \
             whatever the order of the rows, to the last digit.",
            kernels::pearson,
        ),
        correlation(
            "spearman",
            "Spearman's rank correlation of the rows in which x and y are present, with average ranks for equal values; \
             NULL if either does not vary. The same whatever the order of the rows, to the last digit.",
            kernels::spearman,
        ),
    ]
}

fn correlation(name: &'static str, description: &'static str, of: fn(&[f64], &[f64]) -> f64) -> AggregateFunction {
    let evaluate = move |columns: &[&[f64]]| {
        let mut pairs: Vec<(f64, f64)> = columns[0].iter().copied().zip(columns[1].iter().copied()).collect();
        // Rows arrive in any order, and sums of their products would tell which.
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        Ok(of(&x, &y))
    };
    AggregateFunction::new(name, description, evaluate).series("x", "One variable.").series("y", "The other variable.")
}
