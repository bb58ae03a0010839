//! Progress of a run for a person: one line per dataset, live on a terminal, plain otherwise.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{DecimalBytes, HumanCount, ProgressBar, ProgressStyle};

use super::gate::GateReport;
use super::outcome::{Built, Outcome, RunEvent, StepOutcome};

/// Shows the events of a run. Pass [`ProgressDisplay::show`] to the observer of [`super::run`].
pub struct ProgressDisplay {
    target: Target,
    /// Width of the longest name that is going to be shown.
    name_width: usize,
    running: Vec<String>,
}

enum Target {
    /// A spinner with the datasets under way below the finished lines.
    Live {
        spinner: ProgressBar,
        colour: bool,
    },
    Plain(Box<dyn Write + Send>),
    Silent,
}

impl ProgressDisplay {
    /// Shows on standard error: live if it is a terminal, plain lines if not, nothing if `quiet`. No colour if the
    /// variable `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub fn stderr(quiet: bool) -> Self {
        if quiet {
            return Self::new(Target::Silent);
        }
        if !io::stderr().is_terminal() {
            return Self::plain(Box::new(io::stderr()));
        }
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self::new(Target::Live { spinner: ProgressBar::new_spinner(), colour })
    }

    /// Writes plain lines to `writer`.
    pub fn plain(writer: Box<dyn Write + Send>) -> Self {
        Self::new(Target::Plain(writer))
    }

    fn new(target: Target) -> Self {
        Self { target, name_width: 0, running: Vec::new() }
    }

    /// Shows one event. Datasets that were up to date are not shown: the summary counts them.
    pub fn show(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted { to_build, .. } => {
                self.name_width = to_build.iter().map(String::len).max().unwrap_or(0);
                self.begin();
            }
            RunEvent::Started { dataset } => {
                self.running.push(dataset.clone());
                self.refresh();
            }
            RunEvent::Finished(step) => {
                self.running.retain(|name| *name != step.dataset);
                self.print(line(step, self.name_width));
                self.refresh();
            }
            RunEvent::Checked(report) => self.print(checked(report)),
            RunEvent::RunFinished(_) => {
                if let Target::Live { spinner, .. } = &self.target {
                    spinner.finish_and_clear();
                }
            }
        }
    }

    fn begin(&self) {
        if let Target::Live { spinner, .. } = &self.target {
            let template = "{spinner} {msg}   {elapsed}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(Duration::from_millis(100));
        }
    }

    fn refresh(&self) {
        if let Target::Live { spinner, .. } = &self.target {
            spinner.set_message(self.running.join(", "));
            spinner.reset_elapsed();
        }
    }

    fn print(&mut self, line: Option<Line>) {
        let Some(line) = line else {
            return;
        };
        match &mut self.target {
            Target::Live { spinner, colour } => spinner.println(if *colour { line.coloured() } else { line.plain() }),
            // A closed pipe must not stop the run.
            Target::Plain(writer) => drop(writeln!(writer, "{}", line.plain())),
            Target::Silent => {}
        }
    }
}

const GREEN: &str = "32";
const RED: &str = "31";
const YELLOW: &str = "33";

/// A line with a mark in front whose colour says the same again.
struct Line {
    mark: char,
    ansi: &'static str,
    text: String,
}

impl Line {
    fn plain(&self) -> String {
        format!("{} {}", self.mark, self.text)
    }

    fn coloured(&self) -> String {
        format!("\x1b[{}m{}\x1b[0m {}", self.ansi, self.mark, self.text)
    }
}

fn line(step: &StepOutcome, width: usize) -> Option<Line> {
    let (mark, ansi, rest) = match &step.outcome {
        Outcome::Skipped { .. } => return None,
        Outcome::Built { built, seconds } => ('✓', GREEN, measures(built, *seconds)),
        Outcome::Failed { error, .. } => ('✗', RED, format!("failed: {}", error.lines().next().unwrap_or(""))),
        Outcome::Blocked { by } => ('-', YELLOW, format!("blocked by {by}")),
        Outcome::NotRun => ('-', YELLOW, "not run".to_string()),
    };
    Some(Line { mark, ansi, text: format!("{:<width$}  {rest}", step.dataset) })
}

/// A gate's findings in one line; nothing if it found nothing.
fn checked(report: &GateReport) -> Option<Line> {
    let all: Vec<&str> = report.critical.iter().chain(&report.warnings).map(String::as_str).collect();
    let (mark, ansi) = if report.critical.is_empty() { ('!', YELLOW) } else { ('✗', RED) };
    let text =
        format!("{} after {}: {}", if all.len() == 1 { "check" } else { "checks" }, report.phase, all.join("; "));
    (!all.is_empty()).then_some(Line { mark, ansi, text })
}

fn measures(built: &Built, seconds: f64) -> String {
    let rows = HumanCount(built.rows).to_string();
    let size = DecimalBytes(built.bytes).to_string();
    format!("{rows:>13} rows  {seconds:>7.1} s  {size:>10}")
}
