//! What can go wrong on the way, by chance from a seed or on command.

use std::collections::VecDeque;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with this `Retry-After`, if any.
    RateLimited(Option<u64>),
    /// 500 or 503.
    Status(u16),
    /// The connection ends before an answer.
    Drop,
    /// The connection ends in the middle of the answer.
    Truncate,
    /// A well-formed HTTP answer whose JSON is cut.
    Cut,
    /// The answer stops for so many milliseconds half-way.
    Slow(u64),
    /// 200 with a page of HTML.
    Html,
    /// The next cursor is the one that was asked for.
    RepeatCursor,
    /// No rows, and a new cursor to where the page began.
    NoRows,
    /// One more column than before.
    ExtraColumn,
}

/// Faults that pass if the same is asked again.
pub const PASSING: [Fault; 9] = [
    Fault::RateLimited(None),
    Fault::RateLimited(Some(0)),
    Fault::Status(500),
    Fault::Status(503),
    Fault::Drop,
    Fault::Truncate,
    Fault::Cut,
    Fault::Slow(30),
    Fault::Html,
];

/// Which requests fail.
pub struct Faults {
    next: VecDeque<Option<Fault>>,
    kinds: Vec<Fault>,
    probability: f64,
    left: usize,
    random: ChaCha8Rng,
}

impl Faults {
    pub fn none() -> Self {
        Self::random(0, 0.0, 0, &[])
    }

    /// Each request fails with this probability, `total` requests at most.
    pub fn random(seed: u64, probability: f64, total: usize, kinds: &[Fault]) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self { next: VecDeque::new(), kinds: kinds.to_vec(), probability, left: total, random }
    }

    /// Decides about the next requests, one after the other, before chance does.
    pub fn then(&mut self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.next.extend(faults);
    }

    pub fn draw(&mut self) -> Option<Fault> {
        if let Some(decided) = self.next.pop_front() {
            return decided;
        }
        if self.left == 0 || !self.random.random_bool(self.probability) {
            return None;
        }
        self.left -= 1;
        self.kinds.choose(&mut self.random).copied()
    }
}
