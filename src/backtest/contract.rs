//! What a strategy's file must give, said before the accounting misses it.

use datafusion::arrow::datatypes::{Schema, SchemaRef};

use super::strategy::Strategy;
use super::{BacktestError, Result};

/// The relation of a strategy's choices, and what the accounting reads of it.
pub(super) const CANDIDATES: &str = "candidates";
const OF_CANDIDATES: [&str; 7] = ["date", "ticker", "beta", "period_return", "regime", "eligible", "in_universe"];
/// What the accounting reads of a strategy's result, if that is positions.
const OF_POSITIONS: [&str; 4] = ["date", "ticker", "weight", "status"];
/// A strategy that is made of other runs ends in periods, which have this column.
const PERIODS: &str = "port_ret";

/// Whether a strategy's result is positions, and not periods already.
///
/// # Errors
/// [`BacktestError::Contract`] if it is neither, or if the accounting misses a column.
pub(super) fn ends_in_positions(strategy: &Strategy, result: &Schema, candidates: Option<&SchemaRef>) -> Result<bool> {
    if result.index_of(PERIODS).is_ok() {
        return Ok(false);
    }
    let complain = |what: &str, wanted: &[&str], found: &Schema| {
        let missing: Vec<&str> = wanted.iter().filter(|column| found.index_of(column).is_err()).copied().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let found: Vec<&str> = found.fields().iter().map(|field| field.name().as_str()).collect();
        Err(BacktestError::Contract {
            file: strategy.file.origin.clone(),
            what: format!("{what} must have the columns {}", wanted.join(", ")),
            found: format!("{} missing, found {}", missing.join(", "), found.join(", ")),
        })
    };
    complain("its result", &OF_POSITIONS, result)?;
    match candidates {
        Some(candidates) => complain("its common table expression `candidates`", &OF_CANDIDATES, candidates)?,
        None => {
            return Err(BacktestError::Contract {
                file: strategy.file.origin.clone(),
                what: format!("it must have a common table expression `candidates` ({})", OF_CANDIDATES.join(", ")),
                found: "there is none".to_owned(),
            });
        }
    }
    Ok(true)
}
