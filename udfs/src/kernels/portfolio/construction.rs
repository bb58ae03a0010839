//! How portfolios are made from signals.

use super::super::parallel::in_parallel;
use super::{
    Book, Caps, ConstructionError, CrossSection, Direction, Holdings, Neutralize, Overlap, Portfolio, Signal, Ties,
    Turnover, Weighting, propose,
};

/// How portfolios are made from signals, step by step (spec 06 §5.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Construction {
    /// How the signal becomes a score.
    pub signal: Signal,
    /// Which end of it is bought.
    pub direction: Direction,
    /// Names in the long leg; all if there are fewer.
    pub n_long: usize,
    /// Names in the short leg; all if there are fewer.
    pub n_short: usize,
    /// What decides between equal scores.
    pub ties: Ties,
    /// What becomes of a name in both legs.
    pub overlap: Overlap,
    /// What the weights of a leg are proportional to.
    pub weighting: Weighting,
    /// Caps on names and sectors.
    pub caps: Caps,
    /// The sides of the book.
    pub book: Book,
    /// How it is made neutral to the market.
    pub neutralize: Neutralize,
    /// How much is traded on one date.
    pub turnover: Turnover,
    /// What a date does that asks for nothing.
    pub on_empty: OnEmpty,
}

/// What a date does that asks for nothing, for want of names or of signals that tell them apart (spec 06 §1.3, §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEmpty {
    /// It has no portfolio.
    Skip,
    /// It keeps what is held.
    Hold,
    /// It sells what is held.
    Cash,
}

/// One portfolio per date, beginning with nothing. No portfolio depends on a later date.
///
/// The costly part is [`propose`], which knows one date only, so that many threads may work on it; [`Holdings::rebalance`]
/// then takes the dates in order.
///
/// # Errors
/// [`ConstructionError`], if a parameter makes no sense or a date has names in both legs and must not.
pub fn construct(
    dates: &[CrossSection<'_>],
    how: &Construction,
    threads: usize,
) -> Result<Vec<Portfolio>, ConstructionError> {
    how.check()?;
    let mut holdings = Holdings::default();
    let proposals = in_parallel(dates, threads, |date| propose(date, how));
    let each = dates.iter().zip(proposals).enumerate();
    each.map(|(place, (date, proposal))| match proposal {
        Ok(proposal) => Ok(holdings.rebalance(date, &proposal, how)),
        Err(error) => Err(ConstructionError::OnDate { place, source: Box::new(error) }),
    })
    .collect()
}

impl Construction {
    /// Whether every parameter makes sense.
    ///
    /// # Errors
    /// [`ConstructionError::Parameter`] names the first that does not.
    pub fn check(&self) -> Result<(), ConstructionError> {
        if let Signal::ZScore { clip } = self.signal {
            positive("clip", Some(clip))?;
        }
        positive("name cap", self.caps.name)?;
        positive("sector multiple", self.caps.sector_multiple)?;
        positive("sector limit", self.caps.sector_limit)?;
        self.check_legs()?;
        self.check_turnover()
    }

    fn check_legs(&self) -> Result<(), ConstructionError> {
        if let Book::LongShort { gross } = self.book {
            positive("gross", Some(gross))?;
        } else if self.neutralize != Neutralize::None {
            return Err(parameter(
                "neutralize",
                "none, unless the book is long and short",
                format!("{:?}", self.neutralize),
            ));
        }
        let at_least_one = "at least 1 for this book";
        match self.book {
            Book::Long | Book::LongShort { .. } if self.n_long == 0 => {
                Err(parameter("n_long", at_least_one, "0".into()))
            }
            Book::Short | Book::LongShort { .. } if self.n_short == 0 => {
                Err(parameter("n_short", at_least_one, "0".into()))
            }
            _ => Ok(()),
        }
    }

    fn check_turnover(&self) -> Result<(), ConstructionError> {
        match self.turnover {
            Turnover::None => Ok(()),
            Turnover::Restrict { .. } | Turnover::Picks { .. } if self.book != Book::Long => Err(parameter(
                "turnover",
                "none or of the full book, unless the book is long",
                format!("{:?}", self.turnover),
            )),
            Turnover::Restrict { lambda, cap } | Turnover::Picks { lambda, cap_one_way: cap } => {
                fraction("lambda", lambda)?;
                positive("turnover cap", Some(cap))
            }
            Turnover::FullBook { lambda, cap_one_way, dust } => {
                fraction("lambda", lambda)?;
                positive("turnover cap", Some(cap_one_way))?;
                let good = dust >= 0.0 && dust.is_finite();
                if good { Ok(()) } else { Err(parameter("dust", "0 or more", dust.to_string())) }
            }
        }
    }
}

fn positive(name: &'static str, value: Option<f64>) -> Result<(), ConstructionError> {
    match value {
        Some(value) if !(value > 0.0 && value.is_finite()) => Err(parameter(name, "above 0", value.to_string())),
        _ => Ok(()),
    }
}

fn fraction(name: &'static str, value: f64) -> Result<(), ConstructionError> {
    if value > 0.0 && value <= 1.0 { Ok(()) } else { Err(parameter(name, "above 0 and at most 1", value.to_string())) }
}

fn parameter(parameter: &'static str, expected: &'static str, found: String) -> ConstructionError {
    ConstructionError::Parameter { parameter, expected, found }
}
