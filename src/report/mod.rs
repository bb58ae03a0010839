//! Results for people to look at.

mod fit;
pub mod html;
mod night;
pub mod summary;
mod table;

pub use night::{ChecksLine, Ending, NightReport, SnapshotLine, TableLine};
pub use table::{Align, Table};
