//! Results for people to look at.

mod fit;
pub mod html;
pub mod summary;
mod table;

pub use table::{Align, Table};
