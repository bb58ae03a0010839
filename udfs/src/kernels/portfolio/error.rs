//! What can be wrong with a construction.

/// A construction that cannot be carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConstructionError {
    /// A parameter outside the values that make sense.
    #[error("`{parameter}` of a portfolio must be {expected}, found {found}")]
    Parameter {
        /// Name of the parameter.
        parameter: &'static str,
        /// The values that make sense, in words.
        expected: &'static str,
        /// The value in the call.
        found: String,
    },
    /// A name that would be bought and sold short on the same date.
    #[error(
        "{names} name(s) would be in the long and in the short leg: {n_long} longs and {n_short} shorts cannot be told \
         apart among {ranked} names with a signal; choose fewer, widen the universe, or say what becomes of an overlap"
    )]
    Overlap {
        /// How many names have a weight in both legs.
        names: usize,
        /// Names asked for in the long leg.
        n_long: usize,
        /// Names asked for in the short leg.
        n_short: usize,
        /// Names that could be chosen from.
        ranked: usize,
    },
    /// A date on which that is so.
    #[error("date number {}: {source}", place + 1)]
    OnDate {
        /// Its place among the dates, from 0.
        place: usize,
        /// What is wrong on it.
        source: Box<ConstructionError>,
    },
}
