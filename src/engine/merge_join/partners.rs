//! The right side of a join, with a place in it that only moves forward.

use std::cmp::Ordering;
use std::collections::VecDeque;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::pairs::Pairs;
use crate::engine::keys::Keys;

/// Batches of the right side that are held for one batch of rows. Where only a few of its rows have partners, as on one date
/// of many, they would be in every batch there is.
const MOST_BATCHES: usize = 2;

/// Rows in the order of their keys, of which those with the key of the row before are kept until a larger one is asked for.
pub(super) struct Partners {
    rows: SendableRecordBatchStream,
    key: [usize; 2],
    /// Read and not passed, in order.
    ahead: VecDeque<Ahead>,
    /// The next row of the first batch.
    at: usize,
    /// How many batches were read.
    read: usize,
}

struct Ahead {
    number: usize,
    batch: RecordBatch,
    keys: Keys,
    /// Whether some key is there twice, or missing.
    repeats: bool,
}

impl Partners {
    pub(super) fn new(rows: SendableRecordBatchStream, key: [usize; 2]) -> Self {
        Self { rows, key, ahead: VecDeque::new(), at: 0, read: 0 }
    }

    /// The partners of the rows with these keys from `row` on, which follow those of the call before; with `all`, a row
    /// without a partner is paired with none. Returns before the last row if the partners are in many batches.
    pub(super) async fn of(&mut self, keys: &Keys, mut row: usize, all: bool) -> Result<(Pairs, usize)> {
        let one_by_one = !keys.repeats();
        let mut pairs = Pairs::default();
        while row < keys.len() && pairs.batches() <= MOST_BATCHES {
            if !keys.is_complete(row) || !self.has_row().await? {
                pairs.add_alone_if(all, row);
                row += 1;
                continue;
            }
            let next = &self.ahead[0];
            let run = if one_by_one && !next.repeats { run(keys, row, &next.keys, self.at) } else { 0 };
            if run > 0 {
                pairs.add(row, next.number, &next.batch, self.at, run);
                row += run;
                self.at += run;
                continue;
            }
            match next.keys.compare(self.at, keys, row) {
                Ordering::Less => self.at = next.keys.first_from(self.at, keys, row),
                Ordering::Greater => {
                    pairs.add_alone_if(all, row);
                    row += 1;
                }
                Ordering::Equal => {
                    self.pair_with_all(keys, row, &mut pairs).await?;
                    row += 1;
                }
            }
        }
        Ok((pairs, row))
    }

    /// Pairs a row with all that have its key, and stays before them: the next row may have it too.
    async fn pair_with_all(&mut self, keys: &Keys, row: usize, pairs: &mut Pairs) -> Result<()> {
        let (mut batch, mut at) = (0, self.at);
        loop {
            if batch == self.ahead.len() && !self.read().await? {
                return Ok(());
            }
            let ahead = &self.ahead[batch];
            while at < ahead.keys.len() {
                if ahead.keys.compare(at, keys, row) != Ordering::Equal {
                    return Ok(());
                }
                pairs.add(row, ahead.number, &ahead.batch, at, 1);
                at += 1;
            }
            (batch, at) = (batch + 1, 0);
        }
    }

    /// Lets go of batches that are passed and reads on; false at the end.
    async fn has_row(&mut self) -> Result<bool> {
        while self.ahead.front().is_none_or(|first| self.at == first.keys.len()) {
            if self.ahead.pop_front().is_some() {
                self.at = 0;
            } else if !self.read().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn read(&mut self) -> Result<bool> {
        let Some(batch) = self.rows.next().await.transpose()? else {
            return Ok(false);
        };
        let keys = Keys::of(&batch, self.key)?;
        let repeats = keys.repeats();
        self.ahead.push_back(Ahead { number: self.read, batch, keys, repeats });
        self.read += 1;
        Ok(true)
    }
}

/// How many rows have the same keys on both sides, each key once. Whether the last key of a batch comes again in the next
/// one is not known yet, so it is not among them.
fn run(keys: &Keys, row: usize, theirs: &Keys, at: usize) -> usize {
    let certain = (keys.len() - row - 1).min(theirs.len() - at - 1);
    keys.common(row, theirs, at).min(certain)
}
