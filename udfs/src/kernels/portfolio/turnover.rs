//! From the weights held to the weights asked for (spec 06 §2.5 and §6.2).

use super::{Bounds, Position};

/// How much of the way to the target is traded on one date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turnover {
    /// All of it.
    None,
    /// The reference (spec 06 §2.5): a step of `lambda`, at most `cap` in the sum of absolute changes, divided by the
    /// sum, then restricted to the chosen names. The others are sold at once, outside the cap, and their weight is left
    /// in cash. Weights do not drift between dates: what is held before is the weight of the date before. For long
    /// books.
    Restrict {
        /// Weight on the new target, in (0, 1].
        lambda: f64,
        /// The largest sum of absolute changes.
        cap: f64,
    },
    /// The reference's live rebalance (spec 07 §5.6): a step of `lambda`, at most `cap_one_way` in half the sum of absolute
    /// changes, both over the chosen names only, divided by the sum. The others are sold at once and not counted. Weights do
    /// not drift between dates. For long books.
    Picks {
        /// Weight on the new target, in (0, 1].
        lambda: f64,
        /// The largest half of the sum of absolute changes.
        cap_one_way: f64,
    },
    /// A step of `lambda`, at most `cap_one_way` in half the sum of absolute changes, over all names held or asked for
    /// (spec 06 §6.2). Nothing is divided by its sum. Outside the cap are names that left the cross-section, which must
    /// be sold, and dust. With nothing held the target is bought at once.
    FullBook {
        /// Weight on the new target, in (0, 1].
        lambda: f64,
        /// The largest half of the sum of absolute changes.
        cap_one_way: f64,
        /// A name that is not asked for is closed once its absolute weight is below this.
        dust: f64,
    },
}

impl Turnover {
    /// Whether what is held drifts with returns until the next date.
    pub(super) fn drifts(self) -> bool {
        !matches!(self, Self::Restrict { .. } | Self::Picks { .. })
    }

    /// Sets the weights, given what is held before and the targets.
    pub(super) fn trade(self, positions: &mut [Position]) {
        match self {
            Self::Restrict { lambda, cap } if positions.iter().any(|p| p.before != 0.0) => {
                restrict(positions, lambda, cap);
            }
            Self::Picks { lambda, cap_one_way } if positions.iter().any(|p| p.before != 0.0) => {
                picks(positions, lambda, cap_one_way);
            }
            Self::FullBook { lambda, cap_one_way, dust }
                if positions.iter().any(|p| p.before != 0.0 && p.may_stay()) =>
            {
                step(positions, lambda, cap_one_way);
                sweep(positions, dust);
            }
            _ => positions.iter_mut().for_each(|position| position.weight = position.target),
        }
    }
}

/// Keeps what is held, except for names that must be sold.
pub(super) fn hold(positions: &mut [Position]) {
    for position in positions {
        position.weight = if position.may_stay() { position.before } else { 0.0 };
        position.target = position.weight;
    }
}

fn restrict(positions: &mut [Position], lambda: f64, cap: f64) {
    let step = |position: &Position| lambda * (position.target - position.before);
    let turnover: f64 = positions.iter().map(|position| step(position).abs()).sum();
    let scale = if turnover > cap { cap / turnover } else { 1.0 };
    let sum: f64 = positions.iter().map(|position| position.before + scale * step(position)).sum();
    let held: f64 = positions.iter().map(|position| position.before).sum();
    for position in positions {
        let moved = if sum > 0.0 { (position.before + scale * step(position)) / sum } else { position.before / held };
        let chosen = position.rank != 0;
        position.weight = if chosen && moved.is_finite() { moved } else { 0.0 };
        position.bounds = position.bounds.with_if(chosen && scale < 1.0, Bounds::TURNOVER_CAP);
    }
}

fn picks(positions: &mut [Position], lambda: f64, cap_one_way: f64) {
    let step = |position: &Position| lambda * (position.target - position.before);
    let chosen = |position: &&Position| position.rank != 0;
    let one_way = positions.iter().filter(chosen).map(|position| step(position).abs()).sum::<f64>() / 2.0;
    let scale = if one_way > cap_one_way { cap_one_way / one_way } else { 1.0 };
    let moved = |position: &Position| position.before + scale * step(position);
    let sum: f64 = positions.iter().filter(chosen).map(moved).sum();
    for position in positions {
        let chosen = position.rank != 0;
        position.weight = if chosen && sum > 0.0 { moved(position) / sum } else { 0.0 };
        position.bounds = position.bounds.with_if(chosen && scale < 1.0, Bounds::TURNOVER_CAP);
    }
}

fn step(positions: &mut [Position], lambda: f64, cap_one_way: f64) {
    let step = |position: &Position| lambda * (position.target - position.before);
    let one_way = positions.iter().filter(|p| p.may_stay()).map(|p| step(p).abs()).sum::<f64>() / 2.0;
    let scale = if one_way > cap_one_way { cap_one_way / one_way } else { 1.0 };
    for position in positions {
        let step = step(position);
        position.weight = if position.may_stay() { position.before + scale * step } else { 0.0 };
        let cut = position.may_stay() && scale < 1.0 && step != 0.0;
        position.bounds = position.bounds.with_if(cut, Bounds::TURNOVER_CAP);
    }
}

fn sweep(positions: &mut [Position], dust: f64) {
    for position in positions.iter_mut().filter(|p| p.target == 0.0 && p.weight != 0.0 && p.weight.abs() < dust) {
        position.weight = 0.0;
        position.bounds = position.bounds.with(Bounds::DUST);
    }
}
