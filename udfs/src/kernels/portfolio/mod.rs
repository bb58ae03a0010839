//! Portfolios from signals, rebalance by rebalance (spec 06 §5–6).
//!
//! [`propose`] looks at one date: signal → scores → selection → weights → caps → book → neutral book.
//! [`Holdings::rebalance`] trades from what is held towards the proposal and lets the result drift to the next date.
//! [`construct`] does both for every date. [`vol_target`] then finds the leverage from the returns.
//!
//! Names are taken in the order of their tickers, and sums in that order, so that a result is the same to the bit every
//! time.

mod book;
mod caps;
mod construction;
mod error;
mod holdings;
mod neutralize;
mod positions;
mod projection;
mod proposal;
mod selection;
mod signal;
mod turnover;
mod vol_target;
mod water_fill;
mod weighting;

pub use book::{Book, Overlap};
pub use caps::{CapMethod, Caps};
pub use construction::{Construction, OnEmpty, construct};
pub use error::ConstructionError;
pub use holdings::Holdings;
pub use neutralize::Neutralize;
pub use positions::{Portfolio, Position, Status};
pub use proposal::{Pick, Proposal, propose};
pub use signal::{Direction, Signal};
pub use turnover::Turnover;
pub use vol_target::{Leverage, VolMethod, VolTarget, vol_target};
pub use weighting::Weighting;

pub use super::rebalance::{Bounds, CrossSection, NO_SECTOR, Ties};
