//! Properties of a generated market.

mod filings;
mod market;
mod prices;
mod runs;
mod securities;
mod truth;
