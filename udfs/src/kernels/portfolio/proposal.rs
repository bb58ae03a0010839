//! What one date asks for, whatever is held.

use super::super::FLATNESS;
use super::book::Legs;
use super::projection::project;
use super::selection::Order;
use super::{Bounds, Construction, ConstructionError, CrossSection, Neutralize};

/// What the signals of one date ask for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// The score of each row of the cross-section, the higher the better; NaN if it is not eligible or has no signal.
    pub z: Vec<f64>,
    /// The chosen names, in the order of their rows.
    pub picks: Vec<Pick>,
}

/// A chosen name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    /// Its row in the cross-section.
    pub row: usize,
    /// Its place in its leg: 1 is the best long, −1 the best short.
    pub rank: i32,
    /// The weight asked for, as a part of the capital; shorts are negative.
    pub target: f64,
    /// Which caps hold it back.
    pub bounds: Bounds,
}

impl Proposal {
    /// Whether no weight is asked for.
    pub fn is_empty(&self) -> bool {
        self.picks.iter().all(|pick| pick.target == 0.0)
    }
}

/// The names and weights that one date asks for. Knows of no other date, so that dates may be taken in any order.
///
/// The proposal is empty if a side of the book is without a name that has a weight (spec 06 §2.2–2.6).
///
/// # Errors
/// [`ConstructionError::Overlap`], if that is what an overlap is.
pub fn propose(date: &CrossSection<'_>, how: &Construction) -> Result<Proposal, ConstructionError> {
    let scores = how.signal.scores(date, how.direction);
    let order = Order::of(&scores, how.ties);
    let legs = Legs::choose(date, &scores, &order, how);
    let gross = legs.gross();
    let mut picks = legs.merge(order.len(), how)?;
    match how.neutralize {
        Neutralize::None => {}
        Neutralize::Residual { .. } => neutralize(&mut picks, gross, date, how.neutralize),
        Neutralize::Projection => project(&mut picks, gross, date, &how.caps),
    }
    Ok(Proposal { z: scores.limited, picks })
}

/// Makes the picks neutral, at the gross weight that both legs had: a part that caps left in cash stays there.
fn neutralize(picks: &mut [Pick], gross: f64, date: &CrossSection<'_>, how: Neutralize) {
    let mut exposures: Vec<f64> = picks.iter().map(|pick| pick.target).collect();
    let beta: Vec<f64> = picks.iter().map(|pick| date.beta[pick.row]).collect();
    how.apply(&mut exposures, &beta);
    let left: f64 = exposures.iter().map(|exposure| exposure.abs()).sum();
    // What is left of a book that was nothing but market exposure is rounding noise.
    let scale = if left > FLATNESS * gross { gross / left } else { 0.0 };
    for (pick, exposure) in picks.iter_mut().zip(exposures) {
        pick.target = scale * exposure;
    }
}
