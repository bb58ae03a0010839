//! The functions as SQL sees them: the worked examples of the specification, its golden test, and
//! what a query with wrong arguments is told.

mod aggregate;
mod errors;
mod golden;
mod point_in_time;
mod registration;
mod scalar;
mod support;
mod tables;
mod worked_composites;
mod worked_factors;
mod worked_features;
