//! Daily returns of all names, and the part of them that one look-back window holds.

/// The return that one price made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Return {
    /// Day of the price, in days since 1970-01-01.
    pub day: i32,
    /// Day of the price before it, from which the return starts. Any day for the first price of a name.
    pub since: i32,
    /// Simple return; not finite where there is none, as for the first price of a name.
    pub value: f64,
}

/// Daily returns of all names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Returns {
    /// The trading days, ascending.
    pub dates: Vec<i32>,
    /// Per number of a ticker its returns, one per day on which it has a price, in ascending order of days.
    pub names: Vec<Vec<Return>>,
}

impl Returns {
    /// The returns of a name with a price on one of the days `first..=last`.
    fn between(&self, ticker: u32, first: i32, last: i32) -> &[Return] {
        let returns = self.names.get(ticker as usize).map_or(&[][..], Vec::as_slice);
        let days_before = |day: i32| self.dates.partition_point(|date| *date < day);
        let (start, end) = (days_before(first), days_before(last.saturating_add(1)));
        // A name that trades every day up to the last one has as many returns after the window as there are days.
        let to = entries_before(returns, last.saturating_add(1), returns.len().saturating_sub(self.dates.len() - end));
        let from = entries_before(returns, first, to.saturating_sub(end.saturating_sub(start)));
        &returns[from..to.max(from)]
    }

    /// The returns of the last `rows` trading days up to and with `day`. Nothing if there are not that many, or the
    /// day before the first is not in the panel: a return counts only if it starts in the window.
    pub(crate) fn trading_rows(&self, day: i32, rows: usize, tickers: &[u32]) -> Option<Sample> {
        let end = self.dates.partition_point(|date| *date <= day);
        let first = end.checked_sub(rows).filter(|first| *first > 0 && rows > 0)?;
        let start = self.dates[first - 1];
        let days = &self.dates[first..end];
        let mut sample = Sample::missing(rows, tickers.len());
        for (name, &ticker) in tickers.iter().enumerate() {
            let entries = self.between(ticker, days[0], day).iter();
            sample.fill(name, days, entries.filter(|entry| entry.since >= start));
        }
        Some(sample)
    }

    /// What the reference sees (spec 06 §2.7.2) in the window of calendar days `after < day <= last`: prices of the
    /// names are carried forward over the days on which any of them has one, so that a day without a price is a
    /// return of 0; the first day has no returns; the last `rows` days are kept.
    pub(crate) fn calendar_days(&self, after: i32, last: i32, rows: usize, tickers: &[u32]) -> LookBack {
        let windows: Vec<_> = tickers.iter().map(|ticker| self.between(*ticker, after + 1, last)).collect();
        let mut days: Vec<i32> = windows.iter().flat_map(|window| window.iter().map(|entry| entry.day)).collect();
        days.sort_unstable();
        days.dedup();
        let days = &days[days.len().saturating_sub(rows).max(1).min(days.len())..];
        let mut sample = Sample::missing(days.len(), tickers.len());
        for (name, window) in windows.iter().enumerate() {
            sample.fill(name, days, window.iter().filter(|entry| entry.since > after));
            sample.name_mut(name).iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
        }
        // Carried forward, a price makes a return on every later day of the window.
        let first_price = windows.iter().map(|window| window.first().map(|entry| entry.day));
        let coverage = first_price
            .map(|first| match (first, days.last()) {
                (None, _) => Coverage::NoPrice,
                (Some(first), Some(last)) if first < *last => Coverage::Returns,
                _ => Coverage::NoReturn,
            })
            .collect();
        LookBack { sample, coverage }
    }
}

/// How many returns lie before a day. A guess that is right spares the search through memory that is not at hand.
fn entries_before(returns: &[Return], day: i32, guess: usize) -> usize {
    let before = |place: usize| returns.get(place).is_some_and(|entry| entry.day < day);
    let right = guess <= returns.len() && !before(guess) && (guess == 0 || before(guess - 1));
    if right { guess } else { returns.partition_point(|entry| entry.day < day) }
}

/// What a look-back window of calendar days holds.
#[derive(Debug, Clone)]
pub(crate) struct LookBack {
    /// The returns, without a missing one.
    pub sample: Sample,
    /// What there is of each name.
    pub coverage: Vec<Coverage>,
}

/// What a look-back window of calendar days holds of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// No price at all.
    NoPrice,
    /// A price, but none before the last day, so that no return can be computed.
    NoReturn,
    /// At least one return.
    Returns,
}

/// Returns of some names over some days; a missing one is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    rows: usize,
    names: usize,
    /// One name after the other.
    values: Vec<f64>,
}

impl Sample {
    /// A sample from the returns of each name, all over the same days.
    pub fn of(names: &[Vec<f64>]) -> Self {
        let rows = names.iter().map(Vec::len).min().unwrap_or(0);
        let values = names.iter().flat_map(|name| name[..rows].iter().copied()).collect();
        Self { rows, names: names.len(), values }
    }

    fn missing(rows: usize, names: usize) -> Self {
        Self { rows, names, values: vec![f64::NAN; rows * names] }
    }

    /// How many days there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many names there are.
    pub fn names(&self) -> usize {
        self.names
    }

    /// The returns of a name, in the order of the days.
    pub fn name(&self, name: usize) -> &[f64] {
        &self.values[name * self.rows..(name + 1) * self.rows]
    }

    fn name_mut(&mut self, name: usize) -> &mut [f64] {
        &mut self.values[name * self.rows..(name + 1) * self.rows]
    }

    /// Takes away all returns of a name.
    pub(crate) fn forget(&mut self, name: usize) {
        self.name_mut(name).fill(f64::NAN);
    }

    /// The returns, one name after the other.
    pub(crate) fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The sample of some of the names.
    pub(crate) fn select(&self, names: &[usize]) -> Self {
        let values = names.iter().flat_map(|name| self.name(*name).iter().copied()).collect();
        Self { rows: self.rows, names: names.len(), values }
    }

    /// Writes returns to the rows of their days. Both are ascending.
    fn fill<'a>(&mut self, name: usize, days: &[i32], entries: impl Iterator<Item = &'a Return>) {
        let values = self.name_mut(name);
        let mut row = 0;
        for entry in entries {
            while days.get(row).is_some_and(|day| *day < entry.day) {
                row += 1;
            }
            match days.get(row) {
                Some(day) if *day == entry.day && entry.value.is_finite() => values[row] = entry.value,
                Some(_) => {}
                None => break,
            }
        }
    }
}
