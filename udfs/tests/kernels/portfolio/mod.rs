//! Portfolio construction: the worked examples of the specification, its conformance fixture, and random markets.

mod by_hand;
mod conformance;
mod names;
mod panel;
mod properties;
mod trading;
mod vol_target;
mod water_fill;
