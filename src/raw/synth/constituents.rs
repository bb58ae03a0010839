//! Rows of `sp500`: who is in the index of the largest companies, and who came and went.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::{Datelike, NaiveDate};

use super::World;
use super::calendar::Calendar;
use super::frame::Frame;
use super::path::Path;
use super::security::Security;

/// Members at most, and as a share of the companies that could be.
const LARGEST_SIZE: usize = 500;
const SHARE: f64 = 0.4;

/// Ranks, over the size of the index, above which a company gets in and below which it falls out.
const IN_ABOVE: f64 = 0.8;
const OUT_BELOW: f64 = 1.25;

/// Market capitalisation of the candidates at each review.
pub struct Reviews {
    candidates: Vec<Vec<(f64, usize)>>,
}

struct Row<'a> {
    date: NaiveDate,
    action: &'static str,
    security: &'a Security,
    note: Option<&'static str>,
}

/// Sessions on which membership is reviewed: the first one, and the first of each quarter.
pub fn review_sessions(calendar: &Calendar) -> Vec<usize> {
    let quarter = |session: usize| calendar.date(session).month0() / 3;
    let turns = |&session: &usize| session == calendar.first() || quarter(session) != quarter(session - 1);
    (calendar.first()..calendar.len()).filter(turns).collect()
}

/// Market capitalisation of a security at each review, `None` where it is not a candidate.
pub fn sizes(world: &World, security: &Security, path: &Path) -> Vec<Option<f64>> {
    let candidate = |&session: &usize| {
        let listed = security.lifetime.start <= session && session <= security.lifetime.last;
        let (bar, _) = path.at(session).filter(|_| listed && security.kind.in_indices())?;
        Some(bar.market_cap())
    };
    world.reviews.iter().map(candidate).collect()
}

impl Reviews {
    /// Reviews without candidates.
    pub fn new(reviews: usize) -> Self {
        Self { candidates: vec![Vec::new(); reviews] }
    }

    /// Enters the sizes of a security, by its number.
    pub fn add(&mut self, security: usize, sizes: &[Option<f64>]) {
        for (review, size) in self.candidates.iter_mut().zip(sizes) {
            review.extend(size.map(|size| (size, security)));
        }
    }

    /// All additions, removals and the current members. A member that was delisted leaves on its
    /// last session.
    pub fn rows(mut self, world: &World) -> Result<RecordBatch, ArrowError> {
        let mut members = BTreeSet::new();
        let mut rows = Vec::new();
        for (review, candidates) in self.candidates.iter_mut().enumerate() {
            let session = world.reviews[review];
            let next = elect(&members, candidates);
            let event = |action, security: &usize, note| Row {
                date: world.calendar.date(world.securities[*security].lifetime.last.min(session)),
                action,
                security: &world.securities[*security],
                note,
            };
            let note = (review == 0).then_some("first constituents");
            rows.extend(members.difference(&next).map(|security| event("removed", security, None)));
            rows.extend(next.difference(&members).map(|security| event("added", security, note)));
            members = next;
        }
        for security in members.into_iter().map(|member| &world.securities[member]) {
            let action = if security.delisting().is_some() { "removed" } else { "current" };
            let date = world.calendar.date(security.lifetime.last);
            rows.push(Row { date, action, security, note: None });
        }
        batch(&rows)
    }
}

/// The members after a review of `candidates`: the largest companies, then members that are not too
/// small, then whoever is largest of the rest.
fn elect(members: &BTreeSet<usize>, candidates: &mut [(f64, usize)]) -> BTreeSet<usize> {
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let size = ((candidates.len() as f64 * SHARE) as usize).clamp(1, LARGEST_SIZE);
    let ranked: Vec<usize> = candidates.iter().map(|&(_, security)| security).collect();
    let upto = |share: f64| &ranked[..((size as f64 * share) as usize).min(ranked.len())];
    let stay = upto(OUT_BELOW).iter().filter(|security| members.contains(security));
    let mut elected = BTreeSet::new();
    for security in upto(IN_ABOVE).iter().chain(stay).chain(&ranked) {
        if elected.len() < size {
            elected.insert(*security);
        }
    }
    elected
}

fn batch(rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let nobody = || rows.iter().map(|_| Some("N/A"));
    Frame::new()
        .date("date", rows.iter().map(|row| Some(row.date)))
        .text("action", rows.iter().map(|row| Some(row.action)))
        .text("ticker", rows.iter().map(|row| Some(&row.security.ticker)))
        .text("name", rows.iter().map(|row| Some(&row.security.name)))
        .text("contraticker", nobody())
        .text("contraname", nobody())
        .text("note", rows.iter().map(|row| row.note))
        .finish()
}
