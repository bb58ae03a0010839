//! Trying again: exponential back-off with jitter, bounded by attempts and by time.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Remedy, Result, VendorError};

/// How long to keep trying.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The wait after the first failure; it doubles with each further one.
    pub first: Duration,
    /// The longest wait, unless the vendor asks for more.
    pub longest: Duration,
    /// Attempts in all.
    pub attempts: u32,
    /// Time in all, from the first attempt to the beginning of the last.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { first: seconds(1), longest: seconds(60), attempts: 10, total: seconds(15 * 60) }
    }
}

/// A series of attempts at the same thing.
#[derive(Debug)]
pub(super) struct Attempts {
    patience: Patience,
    failed: u32,
    since: Instant,
}

impl Patience {
    pub(super) fn begin(self) -> Attempts {
        Attempts { patience: self, failed: 0, since: Instant::now() }
    }

    /// Does `attempt` until it succeeds, fails for good, or patience is at an end. `on_wait` is told before each wait.
    pub(super) async fn retry<T, F: Future<Output = Result<T>>>(
        self,
        mut on_wait: impl FnMut(&VendorError, Duration),
        mut attempt: impl FnMut() -> F,
    ) -> Result<T> {
        let mut attempts = self.begin();
        loop {
            match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => attempts.wait_after(error, &mut on_wait).await?,
            }
        }
    }
}

impl Attempts {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// The error itself if trying again does not help; [`VendorError::GaveUp`] if it was tried enough.
    pub async fn wait_after(&mut self, error: VendorError, on_wait: impl FnOnce(&VendorError, Duration)) -> Result<()> {
        let waited = self.since.elapsed();
        match self.next_wait(&error, waited) {
            Some(wait) => {
                on_wait(&error, wait);
                sleep(wait).await;
                Ok(())
            }
            None if error.remedy() == Remedy::Retry => {
                Err(VendorError::GaveUp { attempts: self.failed, waited, last: Box::new(error) })
            }
            None => Err(error),
        }
    }

    /// Counts from the beginning again: the last attempt got further.
    pub fn progressed(&mut self) {
        *self = self.patience.begin();
    }

    /// How long to wait after an error, `waited` after the first attempt; `None` if there is no use in it any more.
    fn next_wait(&mut self, error: &VendorError, waited: Duration) -> Option<Duration> {
        if error.remedy() != Remedy::Retry {
            return None;
        }
        self.failed += 1;
        let Patience { first, longest, attempts, total } = self.patience;
        let doublings = (self.failed - 1).min(20);
        let back_off = first.saturating_mul(1 << doublings).min(longest);
        // Half is certain and half is chance, so that clients that failed together do not return together.
        let wait = back_off.mul_f64(0.5 + 0.5 * rand::random::<f64>()).max(error.retry_after().unwrap_or_default());
        (self.failed < attempts && waited.saturating_add(wait) <= total).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(seconds: Option<u64>) -> VendorError {
        VendorError::RateLimited { asked: "SEP".into(), retry_after: seconds.map(Duration::from_secs) }
    }

    /// The waits after one such error after the other, when the attempts themselves take no time.
    fn waits(patience: Patience, error: &VendorError) -> Vec<f64> {
        let (mut attempts, mut waited, mut waits) = (patience.begin(), Duration::ZERO, Vec::new());
        while let Some(wait) = attempts.next_wait(error, waited) {
            waited += wait;
            waits.push(wait.as_secs_f64());
        }
        waits
    }

    #[test]
    fn waits_double_up_to_the_longest_within_their_jitter() {
        let waits = waits(Patience::default(), &limited(None));
        let full = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0];
        assert_eq!(waits.len(), full.len(), "ten attempts have nine waits between them");
        for (wait, full) in waits.iter().zip(full) {
            assert!((full / 2.0..=full).contains(wait), "{wait} of {full}");
        }
        let jitter: Vec<_> = waits.iter().zip(full).map(|(wait, full)| wait / full).collect();
        assert!(jitter.iter().any(|one| (one - jitter[0]).abs() > 1e-6), "the same share each time: {jitter:?}");
    }

    #[test]
    fn the_vendor_s_wish_is_a_lower_bound() {
        assert_eq!(waits(Patience::default(), &limited(Some(90)))[..3], [90.0; 3]);
        assert!(waits(Patience::default(), &limited(Some(0)))[0] >= 0.5);
    }

    #[test]
    fn time_is_bounded_even_if_the_vendor_wishes_more() {
        let short = Patience { total: Duration::from_secs(5), ..Patience::default() };
        let waits_in_all: f64 = waits(short, &limited(None)).iter().sum();
        assert!((1.0..=5.0).contains(&waits_in_all), "{waits_in_all}");
        assert!(waits(short, &limited(Some(3600))).is_empty());
        assert!(waits(short, &limited(Some(u64::MAX))).is_empty());
    }

    #[tokio::test]
    async fn what_does_not_pass_is_not_tried_again_and_what_does_is() {
        let quick = Patience { first: Duration::from_millis(1), attempts: 3, ..Patience::default() };
        let tries = std::cell::Cell::new(0);
        let attempt = |fails: u32, error: fn() -> VendorError| {
            tries.set(0);
            let tries = &tries;
            quick.retry(
                |_, _| {},
                move || async move {
                    tries.set(tries.get() + 1);
                    if tries.get() <= fails { Err(error()) } else { Ok(tries.get()) }
                },
            )
        };
        assert_eq!(attempt(2, || limited(None)).await.unwrap(), 3);
        assert!(matches!(attempt(3, || limited(None)).await, Err(VendorError::GaveUp { attempts: 3, .. })));
        assert!(matches!(attempt(1, || VendorError::NoKey).await, Err(VendorError::NoKey)));
        assert_eq!(tries.get(), 1);
    }
}
