//! Nights against a server that speaks the vendor's API: the market moves on day by day, requests fail, processes are
//! killed and started twice, rows come late, are restated and taken back. After every night the lake holds what the vendor
//! shows, and in the end what a single load of the final state gives.
//!
//! Every choice follows from a seed, which is printed.

#[path = "../common/mod.rs"]
mod common;

mod command;
mod month;
mod quarter;
mod world;
