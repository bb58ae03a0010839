//! Results for people to look at.

mod table;

pub use table::{Align, Table};
