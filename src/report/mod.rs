//! Results for people to look at.

mod fit;
mod table;

pub use table::{Align, Table};
