//! The feature matrix: the table function `assemble`, and the pipeline that builds the matrix with it.

#[path = "../common/mod.rs"]
mod common;

mod assemble;
mod copies;
mod pipeline;
mod threads;
