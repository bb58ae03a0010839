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
    pub async fn wait_after(
        &mut self,
        error: VendorError,
        mut on_wait: impl FnMut(&VendorError, Duration),
    ) -> Result<()> {
        if error.remedy() != Remedy::Retry {
            return Err(error);
        }
        self.failed += 1;
        let wait = self.next_wait(error.retry_after());
        let waited = self.since.elapsed();
        if self.failed >= self.patience.attempts || waited + wait > self.patience.total {
            return Err(VendorError::GaveUp { attempts: self.failed, waited, last: Box::new(error) });
        }
        on_wait(&error, wait);
        sleep(wait).await;
        Ok(())
    }

    /// Counts from the beginning again: the last attempt got further.
    pub fn progressed(&mut self) {
        *self = self.patience.begin();
    }

    /// Half of the back-off is certain and half is chance, so that clients that failed together do not return together.
    fn next_wait(&self, asked_for: Option<Duration>) -> Duration {
        let doublings = self.failed.saturating_sub(1).min(20);
        let back_off = self.patience.first.saturating_mul(1 << doublings).min(self.patience.longest);
        let wait = back_off.mul_f64(0.5 + 0.5 * rand::random::<f64>());
        wait.max(asked_for.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    fn limited(seconds: Option<u64>) -> VendorError {
        VendorError::RateLimited { asked: "SEP".into(), retry_after: seconds.map(Duration::from_secs) }
    }

    async fn run(patience: Patience, errors: Vec<VendorError>) -> (Result<u32>, Vec<Duration>, Duration) {
        let (begin, waits, tries) = (Instant::now(), RefCell::new(Vec::new()), Cell::new(0));
        let errors = RefCell::new(errors.into_iter());
        let result = patience
            .retry(
                |_, wait| waits.borrow_mut().push(wait),
                || {
                    tries.set(tries.get() + 1);
                    let next = errors.borrow_mut().next();
                    async move { next.map_or(Ok(7), Err) }
                },
            )
            .await;
        (result, waits.into_inner(), begin.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_within_their_jitter_and_are_really_waited() {
        let errors = (0..5).map(|_| limited(None)).collect();
        let (result, waits, elapsed) = run(Patience::default(), errors).await;
        assert_eq!(result.unwrap(), 7);
        for (wait, full) in waits.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0]) {
            assert!((full / 2.0..=full).contains(&wait.as_secs_f64()), "{wait:?} of {full}");
        }
        assert!(elapsed >= waits.iter().sum());
    }

    #[tokio::test(start_paused = true)]
    async fn the_vendor_s_wish_is_a_lower_bound() {
        let (result, waits, elapsed) = run(Patience::default(), vec![limited(Some(90))]).await;
        assert_eq!((result.unwrap(), waits.as_slice()), (7, [Duration::from_secs(90)].as_slice()));
        assert!(elapsed >= Duration::from_secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_and_time_are_bounded() {
        let many = || (0..100).map(|_| limited(None)).collect();
        let (result, waits, elapsed) = run(Patience::default(), many()).await;
        assert!(matches!(result, Err(VendorError::GaveUp { attempts: 10, .. })) && waits.len() == 9);
        assert!(elapsed <= Duration::from_secs(15 * 60));
        let short = Patience { total: Duration::from_secs(5), ..Patience::default() };
        let (result, _, elapsed) = run(short, many()).await;
        assert!(matches!(result, Err(VendorError::GaveUp { .. })) && elapsed <= Duration::from_secs(5));
        let (result, waits, _) = run(short, vec![limited(Some(3600))]).await;
        assert!(matches!(result, Err(VendorError::GaveUp { attempts: 1, .. })) && waits.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_not_tried_again() {
        let (result, waits, _) = run(Patience::default(), vec![VendorError::NoKey]).await;
        assert!(matches!(result, Err(VendorError::NoKey)) && waits.is_empty());
    }
}
