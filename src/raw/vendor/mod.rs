//! The vendor's tables API (Nasdaq Data Link): what is asked of it, and how the answers become files to land.
//!
//! ```text
//! facts of a table ─┐
//! watermark, today ─┴─ plan ──► Step: request, method, complete? ── pull ──► <store>/<table>/<pull id>/
//!                                                                    │         manifest.json, *.csv.gz or one .zip
//!                     repull ◄── prices and actions that came ───────┤
//!                        └────► more steps: whole tickers            └─ sanity ──► the landing ──► raw/_pulls
//! ```
//!
//! * [`Step::for_table`] says what brings a table up to date, [`Restated::steps`] which tickers need their whole history.
//! * [`pull`] downloads a request to its end: [`Client`] asks once, [`Patience`] tries again, each page is a file, and the
//!   [`Manifest`] on disk says after each page where to go on. There is no limit of pages, and no partial success.
//! * [`refuse_sample`] and [`refuse_shrunk`] look at a complete pull before it is landed.
//!
//! The key is read from the environment, sent in a header, and printed by nothing. Nothing here knows the lake.

mod bulk;
mod client;
mod error;
mod facts;
mod key;
mod manifest;
mod page;
mod partial;
mod plan;
mod progress;
mod pull;
mod repull;
mod request;
mod retry;
mod rows;
mod sanity;
mod settings;
mod tally;

pub use client::{BASE_URL_VARIABLE, Client, DEFAULT_BASE_URL};
pub use error::{Remedy, VendorError};
pub use facts::TableFacts;
pub use key::{ApiKey, KEY_VARIABLE, SignedLink};
pub use manifest::{MANIFEST, Manifest, PageFile};
pub use plan::{Rule, Situation, Step};
pub use progress::{OnProgress, Progress};
pub use pull::{Method, Pull, PullRecord, pull};
pub use repull::{Restated, Stored};
pub use request::Request;
pub use retry::Patience;
pub use sanity::{refuse_sample, refuse_shrunk};
pub use settings::Settings;

/// The result of asking the vendor.
pub type Result<T, E = VendorError> = std::result::Result<T, E>;
