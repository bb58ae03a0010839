//! `kairos repl` as a person meets it: at a terminal, which `script` plays here.
#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::Desk;

struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn open(desk: &Desk) -> Self {
        let size = "stty rows 40 cols 60";
        let repl = format!("{size}; '{}' --lake '{}' repl", env!("CARGO_BIN_EXE_kairos"), desk.lake().display());
        let mut command = Command::new("script");
        command.args(["-qec", &repl, "/dev/null"]).current_dir(desk.path("")).env("NO_COLOR", "1").env("TERM", "xterm");
        command.env("XDG_STATE_HOME", desk.path("state")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shown = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        let terminal = Self { child, keys, screen };
        terminal.wait_for("kairos> ");
        terminal
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    fn wait_for(&self, text: &str) -> String {
        let started = Instant::now();
        while !self.shown().contains(text) {
            assert!(started.elapsed() < Duration::from_secs(60), "no {text:?} in\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.shown()
    }

    /// Types with a clear screen, so that what is awaited is an answer to it.
    fn types(&mut self, keys: &str) {
        self.screen.lock().unwrap().clear();
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_session() {
    let desk = Desk::new();
    desk.ok(&["sql", "-c", "create or replace table one as select 41 + 1 as answer, 'x' as ticker"]);
    let mut terminal = Terminal::open(&desk);
    terminal.types("select answer * 1000 as a\r");
    terminal.wait_for("...> ");
    terminal.types("from one;\r");
    terminal.wait_for("42000");
    terminal.types("\\d\r");
    terminal.wait_for("dataset");
    terminal.types("select answr from one;\r");
    terminal.wait_for("did you mean answer?");
    terminal.types("\\d one\r");
    terminal.wait_for("Int64");
    terminal.types("\\history one\r");
    terminal.wait_for("version");
    terminal.types("select ans\t + 1 from one;\r");
    terminal.wait_for("43");
    terminal.types("\\plan select answer from one;\r");
    terminal.wait_for("DataSourceExec");
    terminal.types("\\q\r");
    assert!(terminal.child.wait().unwrap().success());
    let history = std::fs::read_to_string(desk.path("state/kairos/history")).unwrap();
    assert!(history.contains("from one;") && history.contains("\\d one"), "{history}");
}

#[test]
fn ctrl_c_ends_the_statement_and_not_the_session() {
    let desk = Desk::new();
    let mut terminal = Terminal::open(&desk);
    terminal.types(
        "select sum(sqrt(a.value * b.value)) from generate_series(1, 2000000) a \
         cross join generate_series(1, 2000000) b;\r",
    );
    std::thread::sleep(Duration::from_secs(2));
    assert!(!terminal.shown().contains(" s\r\n"), "the statement should still run:\n{}", terminal.shown());
    terminal.types("\u{3}");
    terminal.wait_for("cancelled");
    terminal.types("select 6 * 7000 as x;\r");
    terminal.wait_for("42000");
    terminal.types("select 'not\r");
    terminal.wait_for("...> ");
    terminal.types("\u{3}");
    terminal.wait_for("kairos> ");
    terminal.types("select 8 * 7000 as x;\r");
    terminal.wait_for("56000");
}

/// What a command shows on a terminal of this width.
fn on_a_terminal(desk: &Desk, columns: usize, command: &str, variables: &[(&str, &str)]) -> String {
    let kairos = format!("'{}' --lake '{}'", env!("CARGO_BIN_EXE_kairos"), desk.lake().display());
    let line = format!("stty rows 40 cols {columns}; {kairos} {command}");
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(desk.path("")).env("TERM", "xterm").env_remove("NO_COLOR");
    let output = script.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn tables_fit_a_narrow_terminal() {
    let desk = Desk::new();
    desk.ok(&["sql", "-c", "create or replace table feat_wide as select date '2024-01-02' as date, 1.5 as a"]);
    for columns in [30, 40, 80] {
        for command in ["datasets", "describe feat_wide", "history feat_wide"] {
            let shown = on_a_terminal(&desk, columns, command, &[]);
            // The terminal itself breaks the sentences before a table.
            let sentence = |line: &&str| line.contains('/') || line.contains("feat_wide version");
            for line in shown.lines().filter(|line| !sentence(line)) {
                assert!(line.trim_end().chars().count() <= columns, "{columns} {command}: {line}\n{shown}");
            }
        }
    }
    let narrow = on_a_terminal(&desk, 40, "datasets", &[]);
    assert!(narrow.contains("2024-01-02") && narrow.contains("not fit"), "{narrow}");
    assert!(desk.ok(&["datasets"]).lines().next().unwrap().len() > 50, "a pipe gets every column");
}

#[test]
fn colours_can_be_turned_off() {
    let desk = Desk::new();
    let coloured = |variables: &[(&str, &str)]| on_a_terminal(&desk, 80, "describe x", variables).contains("\u{1b}[3");
    assert!(coloured(&[]), "an error is red on a terminal");
    assert!(!coloured(&[("NO_COLOR", "1")]));
    assert!(!coloured(&[("TERM", "dumb"), ("CLICOLOR", "0")]));
}

#[test]
fn a_quiet_command_says_nothing_but_its_answer() {
    let desk = Desk::new();
    let create = "-q sql -c 'create or replace table x as select 1 as a'";
    assert_eq!(on_a_terminal(&desk, 80, create, &[]).trim(), "");
    assert_eq!(
        on_a_terminal(&desk, 80, "-q sql -c 'select a from x'", &[]).split_whitespace().collect::<Vec<_>>(),
        ["a", "1"]
    );
}

#[test]
fn a_pipe_ends_at_the_first_error() {
    let desk = Desk::new();
    let run = |text: &str| {
        let mut command = desk.command(&["repl"]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = run("select 1 as a;\nselect 2\n as b");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a\n1\nb\n2\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let output = run("select nothing;\nselect 2 as b;\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn completions_and_manual_are_made_from_the_command() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(desk.ok(&["completions", shell]).contains("repl"), "{shell}");
    }
    assert!(desk.ok(&["man"]).contains(".TH kairos"));
    assert!(desk.ok(&["man", "sql"]).contains("max\\-rows"));
    assert!(desk.fails(2, &["man", "sqll"]).contains("did you mean sql?"));
}
