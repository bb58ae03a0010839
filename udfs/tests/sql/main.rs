//! The functions as SQL sees them: the worked examples of the specification, its golden test, and
//! what a query with wrong arguments is told.

mod errors;
mod golden;
mod point_in_time;
mod registration;
mod scalar;
mod support;
mod worked_composites;
mod worked_factors;
mod worked_features;
