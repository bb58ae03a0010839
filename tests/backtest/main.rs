//! `kairos backtest`: the closed-form market of specification 06 §9 through every strategy, the accounting of the default
//! mode, and what is said of a wrong request.

#[path = "../common/mod.rs"]
mod common;

mod accounting;
mod fixture;
mod market;
mod requests;
mod saved;
