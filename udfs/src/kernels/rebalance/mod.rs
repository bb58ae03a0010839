//! What every rebalance does, whether its book is constructed by rules or is the solution of a program: scores of a
//! cross-section, neutralisation by regression, the drift of weights to the next date, and which limits hold a position back.

mod bounds;
mod cross_section;
mod drift;
mod residual;
mod scores;

pub use bounds::Bounds;
pub use cross_section::{CrossSection, NO_SECTOR};
pub(crate) use drift::drifted;
pub(crate) use residual::residual;
pub(crate) use scores::Scores;
pub use scores::Ties;
