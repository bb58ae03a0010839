//! Kairos: a columnar batch engine for systematic equity research.
#![warn(missing_docs)]

pub mod engine;
pub mod lake;
