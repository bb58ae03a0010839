//! How to talk to the vendor: sizes and times.

use std::time::Duration;

use super::Patience;

/// How to talk to the vendor.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Rows per page; the vendor gives 10,000 at most.
    pub rows_per_page: u32,
    /// How long to keep trying after failures.
    pub patience: Patience,
    /// The longest silence within an answer.
    pub silence: Duration,
    /// The longest time for a whole page.
    pub page_time: Duration,
    /// The time between two looks at a bulk file that is being prepared.
    pub bulk_poll: Duration,
    /// The longest time that the vendor may take to prepare a bulk file.
    pub bulk_time: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            rows_per_page: 10_000,
            patience: Patience::default(),
            silence: seconds(60),
            page_time: seconds(300),
            bulk_poll: seconds(15),
            bulk_time: seconds(2 * 3600),
        }
    }
}
