//! Kairos: a columnar batch engine for systematic equity research.
//!
//! Raw US equity data lands as versioned Parquet in a lake; `.sql` files compute universe, features and signals from
//! it with DataFusion and our own functions; every version remembers the code and the data it came from.
//!
//! ```text
//! cli ─► audit ─► pipeline ─► engine ─► lake          cli ─► raw ─► lake
//!                                └────► kairos-udfs   cli ─► report
//! cli ─► diagnostics ─► engine                        cli ─► backtest ─► pipeline
//! ```
#![warn(missing_docs)]

pub mod audit;
pub mod backtest;
pub mod cli;
pub mod diagnostics;
pub mod engine;
pub mod exchange;
pub mod lake;
pub mod pipeline;
pub mod raw;
pub mod report;
