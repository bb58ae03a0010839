//! The page in a real browser, if there is one: it says nothing to the console, every chart shows something, and the
//! values under the pointer are read out.

use std::path::{Path, PathBuf};
use std::process::Command;

use kairos::report::html::render;

use crate::sample::{full, minimal};

/// Looks at each chart: how many marks of its data have a size and a colour, and what is read out in its middle.
const LOOK: &str = r##"<script>
const found = [];
for (const svg of document.querySelectorAll("svg")) {
  const frame = ["#E4E6EA", "#A3A9B2", "#2E7FD1", "#A9AFB8", "#E07B28"]; // grid, zero and bands of regimes
  const marks = [...svg.querySelectorAll("polyline, polygon, rect, circle")].filter((mark) => {
    const box = mark.getBoundingClientRect(), style = getComputedStyle(mark);
    const painted = style.fill !== "none" || style.stroke !== "none";
    return painted && box.width + box.height > 0 && !frame.some((colour) => mark.outerHTML.includes(colour));
  });
  const box = svg.getBoundingClientRect();
  svg.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + box.width / 2, clientY: box.top + 20 }));
  const readout = svg.closest("figure")?.querySelector(".readout")?.innerText.replaceAll("\n", " ") ?? "";
  svg.dispatchEvent(new PointerEvent("pointerleave"));
  found.push({ label: svg.getAttribute("aria-label"), marks: marks.length, readout, width: box.width });
}
const text = document.createElement("pre");
text.id = "found";
text.textContent = JSON.stringify({
  found,
  wide: document.documentElement.scrollWidth > innerWidth,
  paper: getComputedStyle(document.body).backgroundColor,
});
document.body.append(text);
</script>"##;

#[derive(serde::Deserialize)]
struct Seen {
    found: Vec<Chart>,
    /// Whether the page is wider than the window.
    wide: bool,
    /// The colour of the background.
    paper: String,
}

#[derive(serde::Deserialize)]
struct Chart {
    label: String,
    marks: usize,
    readout: String,
    width: f64,
}

/// The browser of `KAIROS_BROWSER`, or one that is installed.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("KAIROS_BROWSER").filter(|name| !name.is_empty()).map(PathBuf::from);
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let installed = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = named.into_iter().chain(installed).find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: no browser (scripts/install-browser installs one)");
    }
    found
}

/// How the page is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Light,
    Dark,
}

/// Opens a page; returns its elements after its scripts have run, and what was written to the console.
fn open(browser: &Path, html: &str, mode: Mode, width: usize) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    std::fs::write(&file, html).unwrap();
    let scheme = if mode == Mode::Dark { 0 } else { 1 };
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
    command.args(["--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom"]);
    command.args([format!("--blink-settings=preferredColorScheme={scheme}"), format!("--window-size={width},900")]);
    let output = command.arg(format!("file://{}", file.display())).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stderr);
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8(output.stdout).unwrap(), console)
}

fn look(browser: &Path, html: &str, mode: Mode, width: usize) -> Seen {
    let (dom, console) = open(browser, &html.replace("</body>", &format!("{LOOK}</body>")), mode, width);
    assert!(console.is_empty(), "{console:?}");
    let found = dom.split_once("<pre id=\"found\">").unwrap().1.split_once("</pre>").unwrap().0;
    serde_json::from_str(&found.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")).unwrap()
}

#[test]
fn every_chart_shows_something_and_the_console_is_silent() {
    let Some(browser) = browser() else { return };
    let runs = [(full(250, false, 7), 29, 12), (full(1, false, 5), 20, 5), (minimal(60, 5), 5, 4)];
    for (report, charts, over_time) in runs {
        let html = render(&report).unwrap();
        let seen = look(&browser, &html, Mode::Light, 1100);
        assert!(seen.found.len() >= charts, "{} charts", seen.found.len());
        for chart in &seen.found {
            assert!(chart.marks > 0 && chart.width > 100.0, "{} shows nothing", chart.label);
        }
        let read_out = seen.found.iter().filter(|chart| chart.readout.contains("20")).count();
        assert!(read_out >= over_time, "{read_out} charts read out");
        assert!(!seen.wide, "the page is wider than the window");
    }
}

#[test]
fn the_middle_of_the_equity_is_read_out() {
    let Some(browser) = browser() else { return };
    let report = full(250, false, 7);
    let seen = look(&browser, &render(&report).unwrap(), Mode::Light, 1100);
    let readout = &seen.found[0].readout;
    let date = readout.split_whitespace().next().unwrap();
    let until = report.periods.iter().filter(|period| period.date_end.unwrap().to_string().as_str() <= date);
    let value = until.fold(1.0, |value, period| value * (1.0 + period.port_ret.unwrap()));
    assert!(readout.ends_with(&format!("{value:.2}")), "{readout} is not {value}");
}

#[test]
fn dark_mode_and_small_screens() {
    let Some(browser) = browser() else { return };
    let html = render(&full(60, true, 5)).unwrap();
    let (light, dark) = (look(&browser, &html, Mode::Light, 1100), look(&browser, &html, Mode::Dark, 1100));
    assert_eq!((light.paper.as_str(), dark.paper.as_str()), ("rgb(255, 255, 255)", "rgb(20, 23, 28)"));
    assert!(!look(&browser, &html, Mode::Light, 500).wide);
}

#[test]
fn what_a_page_says_to_the_console_is_heard() {
    let Some(browser) = browser() else { return };
    let (_, console) = open(&browser, "<!DOCTYPE html><body><script>missing()</script></body>", Mode::Light, 800);
    assert!(console.iter().any(|line| line.contains("missing is not defined")), "{console:?}");
}
