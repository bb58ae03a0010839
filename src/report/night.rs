//! The report of a night: what came, what was built and what is wrong, for a person in ten seconds and for machines.

use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

/// How many names a line shows.
const SHOWN: usize = 4;

/// How a night ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Everything is up to date with the session.
    Done,
    /// It was already, before.
    NothingNew,
    /// The vendor has not published the session yet.
    NotPublished,
    /// A critical check found something, so nothing is built on it.
    Refused,
    /// Something failed.
    #[default]
    Failed,
}

/// What a night did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NightReport {
    /// The run in commits and logs.
    pub run_id: String,
    /// The session it is about.
    pub session: NaiveDate,
    /// How it ended.
    pub ending: Ending,
    /// Why, if it did not end well.
    pub reason: Option<String>,
    /// Sessions before this one that were missing.
    pub caught_up: Vec<NaiveDate>,
    /// What came, by table; empty if nothing was asked.
    pub tables: Vec<TableLine>,
    /// Datasets that were built.
    pub built: Vec<String>,
    /// How many were up to date.
    pub up_to_date: usize,
    /// Datasets that failed or wait for one that did.
    pub not_built: Vec<String>,
    /// What the checks found.
    pub checks: ChecksLine,
    /// The table of the last session, for live scoring.
    pub snapshot: Option<SnapshotLine>,
    /// Wall time.
    pub seconds: f64,
}

/// What came of one table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TableLine {
    /// The table.
    pub table: String,
    /// New keys.
    pub inserted: u64,
    /// Keys with another row than before.
    pub updated: u64,
    /// Keys that the vendor took back.
    pub removed: u64,
    /// Bad rows that were set aside.
    pub rejected: u64,
    /// Tickers that came again from their first day.
    pub whole_tickers: usize,
    /// The newest change that is known.
    pub watermark: Option<NaiveDate>,
}

/// What the checks found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChecksLine {
    /// How many found nothing.
    pub passed: usize,
    /// Findings on which nothing may be built.
    pub critical: Vec<String>,
    /// Findings to look at.
    pub warnings: Vec<String>,
}

/// The table of the last session.
#[derive(Debug, Clone, Serialize)]
pub struct SnapshotLine {
    /// Its version.
    pub version: u64,
    /// Its date.
    pub date: NaiveDate,
    /// Its rows.
    pub tickers: u64,
}

impl fmt::Display for NightReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match self.ending {
            Ending::Done => "done",
            Ending::NothingNew => "nothing new",
            Ending::NotPublished => "NOT PUBLISHED YET",
            Ending::Refused => "REFUSED",
            Ending::Failed => "FAILED",
        };
        writeln!(f, "session  {} ({})", self.session, self.session.format("%a"))?;
        if !self.caught_up.is_empty() {
            let days = self.caught_up.iter().map(NaiveDate::to_string).collect::<Vec<_>>();
            writeln!(f, "missed   {} before it, caught up: {}", counted(days.len(), "session"), named(&days))?;
        }
        if !self.tables.is_empty() {
            writeln!(f, "data     {}", self.data())?;
        }
        if !self.built.is_empty() || self.up_to_date > 0 || !self.not_built.is_empty() {
            write!(f, "build    {} built, {} up to date", self.built.len(), self.up_to_date)?;
            match self.not_built.as_slice() {
                [] => writeln!(f)?,
                names => writeln!(f, ", {} NOT BUILT: {}", names.len(), named(names))?,
            }
        }
        let ChecksLine { passed, critical, warnings } = &self.checks;
        if *passed > 0 || !critical.is_empty() || !warnings.is_empty() {
            writeln!(f, "checks   {passed} ok, {} to look at, {} critical", warnings.len(), critical.len())?;
            critical.iter().try_for_each(|finding| writeln!(f, "         CRITICAL {finding}"))?;
            warnings.iter().take(SHOWN).try_for_each(|finding| writeln!(f, "         {finding}"))?;
            if warnings.len() > SHOWN {
                writeln!(f, "         and {} more: `kairos check`", warnings.len() - SHOWN)?;
            }
        }
        if let Some(snapshot) = &self.snapshot {
            let SnapshotLine { date, tickers, version } = snapshot;
            writeln!(f, "live     latest_snapshot version {version}: {tickers} tickers on {date}")?;
        }
        if let Some(reason) = &self.reason {
            writeln!(f, "why      {}", reason.replace('\n', "\n         "))?;
        }
        write!(f, "result   {ending} in {:.0} s", self.seconds)
    }
}

impl NightReport {
    fn data(&self) -> String {
        let sum = |of: fn(&TableLine) -> u64| self.tables.iter().map(of).sum::<u64>();
        let changed = self.tables.iter().filter(|table| table.inserted + table.updated + table.removed > 0).count();
        let mut parts = vec![format!("{} of {} tables changed", changed, self.tables.len())];
        let counts = [
            (sum(|table| table.inserted), "rows new"),
            (sum(|table| table.updated), "changed"),
            (sum(|table| table.removed), "removed"),
            (sum(|table| table.rejected), "bad and set aside (raw._rejected)"),
            (sum(|table| table.whole_tickers as u64), "tickers again from their first day"),
        ];
        parts.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")));
        parts.join(", ")
    }
}

fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

fn named(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_in_words_and_for_machines() {
        let table = |table: &str, inserted| TableLine { table: table.into(), inserted, ..TableLine::default() };
        let report = NightReport {
            session: date("2026-11-24"),
            ending: Ending::Done,
            caught_up: vec![date("2026-11-23")],
            tables: vec![
                table("sep", 40),
                TableLine { updated: 3, whole_tickers: 1, ..table("sf1", 2) },
                table("sf3", 0),
            ],
            built: vec!["universe".into()],
            up_to_date: 2,
            checks: ChecksLine { passed: 30, warnings: vec!["price_jumps (2 rows)".into()], ..ChecksLine::default() },
            snapshot: Some(SnapshotLine { version: 7, date: date("2026-11-24"), tickers: 512 }),
            seconds: 41.3,
            ..NightReport::default()
        };
        let expected = "\
session  2026-11-24 (Tue)
missed   1 session before it, caught up: 2026-11-23
data     2 of 3 tables changed, 42 rows new, 3 changed, 1 tickers again from their first day
build    1 built, 2 up to date
checks   30 ok, 1 to look at, 0 critical
         price_jumps (2 rows)
live     latest_snapshot version 7: 512 tickers on 2026-11-24
result   done in 41 s";
        assert_eq!(report.to_string(), expected);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["ending"], "done");
        assert_eq!(json["tables"][1]["whole_tickers"], 1);
        assert_eq!(json["session"], "2026-11-24");
    }

    #[test]
    fn a_bad_night_says_why() {
        let report = NightReport {
            session: date("2026-11-24"),
            reason: Some("sep ends on 2026-11-23".into()),
            ending: Ending::NotPublished,
            not_built: (0..6).map(|n| format!("d{n}")).collect(),
            ..NightReport::default()
        };
        let text = report.to_string();
        assert!(text.contains("6 NOT BUILT: d0, d1, d2, d3 and 2 more"), "{text}");
        assert!(text.ends_with("why      sep ends on 2026-11-23\nresult   NOT PUBLISHED YET in 0 s"), "{text}");
    }
}
