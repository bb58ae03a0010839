//! Dates are independent of each other: every thread takes the next one.

use std::sync::atomic::{AtomicUsize, Ordering};

/// `of(date)` for all dates from 0, in their order, computed on several threads.
pub(super) fn by_date<T: Send>(dates: usize, threads: usize, of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let date = next.fetch_add(1, Ordering::Relaxed);
            if date >= dates {
                return done;
            }
            done.push((date, of(date)));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for helper in helpers {
            match helper.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(date, _)| *date);
    all.into_iter().map(|(_, result)| result).collect()
}
