//! Runs the `kairos` command in a scratch folder, as a user would.
#![allow(dead_code)] // each test file uses a part of it

pub mod servers;
pub mod vendor;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's SQL, whatever the working directory.
pub const SQL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql");
/// The overlay that reproduces the reference.
pub const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/reference");

/// A scratch folder, with a lake in it or elsewhere.
pub struct Desk {
    folder: tempfile::TempDir,
    lake: String,
    settings: Vec<(&'static str, String)>,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = folder.path().join("lake").display().to_string();
        Self { folder, lake, settings: Vec::new() }
    }

    /// A desk whose lake is at this URL, reached with these environment variables.
    pub fn at(lake: String, settings: Vec<(&'static str, String)>) -> Self {
        Self { lake, settings, ..Self::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn lake(&self) -> PathBuf {
        self.path("lake")
    }

    /// Where the lake is, as it is given to the command.
    pub fn lake_location(&self) -> &str {
        &self.lake
    }

    /// The environment variables that the command gets.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.settings.clone()
    }

    /// Writes a file below the folder and returns its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The command with its lake set, not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kairos"));
        command.current_dir(self.folder.path()).env_remove("KAIROS_LAKE").env_remove("NO_COLOR");
        // What this machine happens to be set up for must not decide a test.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.arg("--lake").arg(&self.lake).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed and returns what it prints.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "kairos {arguments:?} failed: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with this exit code and returns its message.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "kairos {arguments:?}: {}", stderr(&output));
        stderr(&output)
    }

    /// The cells of a query's result, row by row, as text; NULL is empty.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let text = self.ok(&["sql", "--format", "csv", "-c", sql]);
        let cell = |cell: &str| cell.trim_matches('"').to_owned();
        text.lines().skip(1).map(|line| line.split(',').map(cell).collect()).collect()
    }

    /// The only number of a query's result.
    pub fn number(&self, sql: &str) -> f64 {
        let rows = self.rows(sql);
        rows[0][0].parse().unwrap_or_else(|_| panic!("{sql} gives {rows:?}"))
    }
}

/// How often to try something: a little in every run of the tests, much in `make soak`.
pub fn soak<T>(usual: T, soaking: T) -> T {
    if std::env::var_os("KAIROS_SOAK").is_some() { soaking } else { usual }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A Python with these modules: the one that `make test` sets up, else the one on the path.
pub fn python(modules: &str) -> Option<String> {
    let named = std::env::var("KAIROS_PYTHON").ok();
    let candidates = named.into_iter().chain(["python3".to_owned()]);
    let import = format!("import {modules}");
    let usable = |python: &String| {
        Command::new(python).args(["-c", &import]).output().is_ok_and(|output| output.status.success())
    };
    let found = candidates.into_iter().find(usable);
    if found.is_none() {
        eprintln!("skipped: no Python with the modules {modules}");
    }
    found
}

/// The folder of golden and real data beside the repository, if this machine has it.
pub fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared");
    let found = shared.join("golden").is_dir();
    if !found {
        eprintln!("skipped: there is no ../shared with golden data");
    }
    found.then_some(shared)
}
