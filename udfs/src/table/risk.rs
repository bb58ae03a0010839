//! The options of how a covariance is estimated, which several functions have.

use super::declaration::OptionSpec;
use super::options::{Options, choice, count, number};
use crate::kernels::optimize::{Estimator, RiskModel};

/// Their declarations.
pub(super) fn options() -> Vec<OptionSpec> {
    vec![
        choice(
            "covariance",
            &["diagonal", "ledoit_wolf", "factors"],
            "Shrinkage towards the diagonal, of Ledoit and Wolf, or a statistical factor model.",
        ),
        count("cov_window", 60, 2, "Sessions of returns behind the covariance."),
        number("shrinkage", 0.3, 0.0, 1.0, "Weight of the diagonal in the covariance."),
        count("factors", 10, 1, "Principal components of the factor model."),
        number("ridge", 1e-6, 0.0, 1.0, "Added to every daily variance."),
    ]
}

/// The estimate that they ask for.
pub(super) fn model(options: &Options) -> RiskModel {
    RiskModel {
        estimator: match options.word("covariance") {
            "ledoit_wolf" => Estimator::LedoitWolf,
            "factors" => Estimator::Factors { count: options.count("factors") },
            _ => Estimator::Diagonal { intensity: options.number("shrinkage") },
        },
        window: options.count("cov_window"),
        ridge: options.number("ridge"),
        ..RiskModel::default()
    }
}
