//! The command as a user meets it: what runs, what is skipped, what is refused and in which words.

mod common;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Desk, SQL, stderr};

/// A desk with a small synthetic market landed.
fn market() -> Desk {
    let desk = Desk::new();
    let files = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "60", "--days", "320", "--out", &files]);
    desk.ok(&["land", "--dir", &files]);
    desk
}

/// A desk with a pipeline of its own: two datasets in a row.
fn small() -> Desk {
    let desk = Desk::new();
    desk.write("sql/pipeline.toml", "[factor]\ndefault = 2.0\nunit = \"\"\nabout = \"a factor\"\n");
    desk.write("sql/base/one.sql", "-- one\ncreate or replace table one as\nselect 1.0 as x\n");
    desk.write("sql/base/two.sql", "-- two\ncreate or replace table two as\nselect x * $factor as x\nfrom one\n");
    desk
}

#[test]
fn only_what_is_stale_is_built() {
    let desk = small();
    desk.ok(&["run"]);
    assert_eq!(desk.number("select x from two"), 2.0);
    let version = |dataset: &str| {
        let history = desk.ok(&["history", dataset]);
        history.lines().count() - 2
    };
    desk.ok(&["run"]);
    assert_eq!((version("one"), version("two")), (0, 0), "nothing changed");
    // A comment is no change.
    desk.write("sql/base/one.sql", "-- one, explained\ncreate or replace table one as\nselect 1.0 as x\n");
    desk.ok(&["run"]);
    assert_eq!((version("one"), version("two")), (0, 0), "only a comment changed");
    let plan = desk.ok(&["--set", "factor=3", "plan"]);
    assert!(plan.contains("factor"), "{plan}");
    desk.ok(&["--set", "factor=3", "run"]);
    assert_eq!((version("one"), version("two")), (0, 1), "a parameter of two changed");
    assert_eq!(desk.number("select x from two"), 3.0);
    desk.write("sql/base/one.sql", "-- one\ncreate or replace table one as\nselect 5.0 as x\n");
    desk.ok(&["--set", "factor=3", "run"]);
    assert_eq!((version("one"), version("two")), (1, 2), "one's SQL changed, so two's input did");
    assert_eq!(desk.number("select x from two"), 15.0);
    assert_eq!(desk.number("select x from at_version('two', 0)"), 2.0);
    desk.ok(&["--set", "factor=3", "run", "--force", "two"]);
    assert_eq!((version("one"), version("two")), (1, 3), "forced");
}

#[test]
fn a_failing_step_blocks_its_dependants_and_nothing_else() {
    let desk = small();
    desk.ok(&["run"]);
    desk.write("sql/base/one.sql", "-- one\ncreate or replace table one as\nselect 1 / (x - x) as x from other\n");
    desk.write("sql/base/other.sql", "-- other\ncreate or replace table other as\nselect 7 as x\n");
    let message = desk.fails(1, &["run"]);
    for part in ["one", "Divide by zero", "blocked", "1 built, 1 failed, 1 blocked"] {
        assert!(message.contains(part), "{part} is not in:\n{message}");
    }
    assert_eq!(desk.number("select x from two"), 2.0, "the old version stays");
    assert_eq!(desk.number("select x from other"), 7.0, "the independent step was built");
    let logs: Vec<_> = std::fs::read_dir(desk.lake().join("_runs")).unwrap().collect();
    assert_eq!(logs.len(), 2);
}

#[test]
fn selectors_and_dry_run() {
    let desk = small();
    let plan = desk.ok(&["run", "--dry-run"]);
    assert!(plan.contains("one") && plan.contains("two"), "{plan}");
    assert!(!desk.lake().join("one").exists(), "a dry run writes nothing");
    desk.ok(&["run", "--to", "one"]);
    assert!(!desk.lake().join("two").exists());
    desk.ok(&["run", "t*"]);
    assert_eq!(desk.number("select x from two"), 2.0);
    let message = desk.fails(2, &["run", "twoo"]);
    assert!(message.contains("two"), "{message}");
    desk.fails(2, &["run", "--phase", "nothing"]);
}

#[test]
fn graphs() {
    let desk = small();
    assert!(desk.ok(&["graph"]).contains("two"));
    assert!(desk.ok(&["graph", "--format", "dot"]).starts_with("digraph"));
    assert!(desk.ok(&["graph", "--format", "mermaid"]).contains("d_one --> d_two"));
}

#[test]
fn wrong_sql_is_pointed_at() {
    let desk = small();
    desk.write("sql/base/two.sql", "-- two\ncreate or replace table two as\nselect x * $facto as x\nfrom one\n");
    let message = desk.fails(1, &["run"]);
    assert!(message.contains("two.sql:3:") && message.contains("$factor"), "{message}");
    desk.write("sql/base/two.sql", "-- two\ncreate or replace table two as\nselect y as x\nfrom one\n");
    let message = desk.fails(1, &["run"]);
    assert!(message.contains("two.sql:3:8") && message.contains("y"), "{message}");
    desk.write("sql/base/two.sql", "-- two\ncreate or replace table two as\nselect x\nfrom onne\n");
    let message = desk.fails(1, &["run"]);
    assert!(message.contains("two.sql:4:6") && message.contains("did you mean one"), "{message}");
    desk.write("sql/base/two.sql", "-- two\ncreate or replace table two as\nselect x from one\n");
    desk.write("sql/base/one.sql", "-- one\ncreate or replace table one as\nselect x from two\n");
    let message = desk.fails(1, &["run"]);
    for part in ["one.sql", "two.sql", "circle"] {
        assert!(message.contains(part), "{part} is not in:\n{message}");
    }
    desk.write("sql/base/one.sql", "-- one\ncreate or replace tabel one as\nselect 1 as x\n");
    let message = desk.fails(1, &["run"]);
    assert!(message.contains("one.sql:2"), "{message}");
    assert!(desk.fails(1, &["sql", "-c", "select 1 +\n  nothing"]).contains("-c:2:3"));
    assert!(desk.fails(1, &["sql", "-c", "-- nothing"]).contains("no SQL statement"));
    assert!(desk.fails(1, &["sql", "nowhere.sql"]).contains("nowhere.sql"));
}

#[test]
fn errors_end_with_a_command_to_paste() {
    let desk = small();
    desk.ok(&["run"]);
    let last = |message: &str| message.trim_end().lines().last().unwrap_or_default().trim().to_owned();
    for (wrong, right) in [
        (&["describe", "onne"][..], "describe one"),
        (&["--set", "factr=3", "run"], "--set 'factor=3' run"),
        (&["run", "twoo"], "run two"),
        (&["sql", "-c", "select o.xx from one o"], "sql -c 'select o.x from one o'"),
        (&["sql", "-c", "select * from onne"], "sql -c 'select * from one'"),
        (&["sql", "-c", "select squrt(x) from one"], "sql -c 'select sqrt(x) from one'"),
        (&["land", "sepp", "f.csv"], "land sep f.csv"),
        (&["sql", "sql/base/twoo.sql"], "sql sql/base/two.sql"),
    ] {
        let output = desk.run(wrong);
        let said = last(&stderr(&output));
        assert!(said.starts_with("kairos ") && said.ends_with(right), "{wrong:?} ends with {said}");
    }
    // A slip in a file is not on the command line.
    desk.write("sql/base/two.sql", "-- two\ncreate or replace table two as\nselect xx * $factor as x\nfrom one\n");
    assert!(!last(&stderr(&desk.run(&["run"]))).starts_with("kairos "));
}

#[test]
fn wrong_words_on_the_command_line() {
    let desk = small();
    assert!(desk.fails(2, &["--set", "factr=3", "run"]).contains("factor"));
    assert!(desk.fails(2, &["--set", "factor=abc", "run"]).contains("factor"));
    assert!(desk.fails(2, &["run", "--nothing"]).contains("--nothing"));
    assert!(desk.fails(2, &["land", "sepp", "x.csv"]).contains("sep"));
    assert!(desk.fails(1, &["land", "sep", "missing.csv"]).contains("missing.csv"));
    assert!(desk.fails(1, &["land", "--dir", "nowhere"]).contains("nowhere"));
    assert!(desk.fails(2, &["--overlay", "nowhere", "run"]).contains("nowhere"));
    assert!(desk.fails(2, &["--lake", "ftp://x", "datasets"]).contains("ftp"));
    desk.ok(&["run"]);
    assert!(desk.fails(1, &["describe", "tow"]).contains("two"));
    assert!(desk.fails(1, &["history", "zzz"]).contains("zzz"));
    assert!(desk.fails(1, &["sql", "-c", "select * from tow"]).contains("two"));
    assert!(desk.fails(2, &["sql", "-c", "select 1", "-o", "x.xlsx"]).contains("--format"));
}

#[test]
fn bad_rows_refuse_a_file_or_are_set_aside() {
    let desk = Desk::new();
    let header = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated";
    let good = "A,2024-01-02,1,1,1,1,1,1,1,2024-01-03";
    desk.ok(&["land", "sep", &desk.write("good.csv", &format!("{header}\n{good}\n"))]);
    let bad = format!("{header}\nNA,2024-01-02,2,2,2,2,2,2,2,2024-01-03\nB,2024-13-02,1,1,1,1,1,1,1,2024-01-03\n");
    let bad = desk.write("bad.csv", &bad);
    let message = desk.fails(3, &["land", "sep", &bad]);
    for part in ["bad.csv", "3", "date", "2024-13-02"] {
        assert!(message.contains(part), "{part} is not in:\n{message}");
    }
    assert_eq!(desk.number("select count(*) from sep"), 1.0);
    desk.ok(&["land", "sep", &bad, "--quarantine"]);
    assert_eq!(desk.rows("select ticker from sep order by ticker"), [["A"], ["NA"]]);
    assert_eq!(desk.number("select count(*) from raw._rejected"), 1.0);
    let missing = desk.write("missing.csv", "ticker,date\nA,2024-01-02\n");
    let message = desk.fails(1, &["land", "sep", &missing]);
    assert!(message.contains("close") && message.contains("volume"), "{message}");
}

#[test]
fn a_file_builds_its_dataset_and_the_run_knows() {
    let desk = market();
    desk.ok(&["--sql", SQL, "run", "feat_momentum_v2"]);
    let file = format!("{SQL}/features/momentum.sql");
    let first = desk.number("select count(*) from feat_momentum_v2");
    desk.ok(&["--sql", SQL, "--set", "momentum_weight=0.9", "sql", &file]);
    let history = desk.ok(&["history", "feat_momentum_v2"]);
    assert_eq!(history.lines().count(), 3, "{history}");
    assert!(history.contains("sep_base_academic@0") && history.contains("momentum_weight=0.9"), "{history}");
    assert_eq!(desk.number("select count(*) from at_version('feat_momentum_v2', 0)"), first);
    let plan = desk.ok(&["--sql", SQL, "--set", "momentum_weight=0.9", "run", "feat_momentum_v2", "--dry-run"]);
    assert!(plan.contains("up to date") && !plan.contains("build  feat_momentum_v2"), "{plan}");
}

#[test]
fn exports_and_formats() {
    let desk = small();
    desk.ok(&["run"]);
    assert_eq!(desk.ok(&["export", "two", "--format", "csv"]), "x\n2.0\n");
    assert_eq!(desk.ok(&["sql", "-c", "select x from two", "--format", "json"]), "{\"x\":2.0}\n");
    assert_eq!(desk.ok(&["sql", "-c", "select x, 'a' as y from two"]), "x  y\n2  a\n");
    let out = desk.path("out");
    desk.ok(&["export", "--all", "--to", out.to_str().unwrap()]);
    assert!(out.join("two/part-00000.parquet").is_file() && out.join("one").is_dir());
    let message = desk.fails(1, &["export", "two", "--to", out.to_str().unwrap()]);
    assert!(message.contains("--overwrite"), "{message}");
    desk.ok(&["sql", "-c", "create or replace table three as select x, 'a' as y from two"]);
    for _ in 0..2 {
        desk.ok(&["export", "three", "--to", out.to_str().unwrap(), "--overwrite", "--partition-by", "y"]);
    }
    assert!(out.join("three/y=a").is_dir());
    let message = desk.fails(1, &["export", "two", "--to", "other", "--partition-by", "z"]);
    assert!(message.contains("'z'"), "{message}");
    let file = desk.path("rows.parquet");
    desk.ok(&["sql", "-c", "select * from two", "-o", file.to_str().unwrap()]);
    assert!(file.is_file());
    assert!(desk.ok(&["describe", "two"]).contains("Float64"));
    assert!(desk.ok(&["datasets"]).contains("two"));
    assert!(desk.ok(&["params"]).contains("factor"));
}

#[test]
fn damaged_storage_is_named_and_nothing_else_is_lost() {
    let desk = small();
    desk.ok(&["run"]);
    let find = |folder: &std::path::Path, ending: &str| {
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.display().to_string().ends_with(ending) {
                    return entry;
                }
            }
        }
        panic!("no file ending in {ending}");
    };
    let data = find(&desk.lake().join("one"), ".parquet");
    std::fs::write(&data, b"this is not Parquet").unwrap();
    let message = desk.fails(1, &["sql", "-c", "select * from one"]);
    assert!(message.to_lowercase().contains("parquet"), "{message}");
    assert_eq!(desk.number("select x from two"), 2.0);
    let log = find(&desk.lake().join("two"), ".json");
    std::fs::write(&log, b"{\"not\": \"a log\"").unwrap();
    let message = desk.fails(1, &["sql", "-c", "select * from two"]);
    assert!(message.contains("'two'") && message.contains("log"), "{message}");
    let broken = desk.write("sep.parquet", "PAR1 and then nothing");
    let message = desk.fails(1, &["land", "sep", &broken]);
    assert!(message.contains("sep.parquet"), "{message}");
}

#[cfg(unix)]
#[test]
fn an_unreadable_lake_is_named() {
    let desk = Desk::new();
    desk.write("lake", "a file where a folder should be");
    let message = desk.fails(1, &["sql", "-c", "select * from x"]);
    assert!(message.contains("lake") || message.contains("'x'"), "{message}");
    let message = desk.fails(1, &["--sql", SQL, "run", "security"]);
    assert!(!message.is_empty());
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_last_version() {
    let desk = small();
    desk.ok(&["run"]);
    // Takes long and needs no memory.
    desk.write(
        "sql/base/one.sql",
        "-- one\ncreate or replace table one as\nselect sum(sqrt(a.value * b.value)) as x \
         from generate_series(1, 2000000) a cross join generate_series(1, 2000000) b\n",
    );
    let mut run = desk.command(&["run"]).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(run.try_wait().unwrap().is_none(), "the run should still be busy");
    Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    let started = Instant::now();
    while run.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(20), "Ctrl-C does not end the run");
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("cancelled"), "{}", stderr(&output));
    assert_eq!(desk.number("select x from one"), 1.0);
    assert_eq!(desk.number("select x from two"), 2.0);
}

#[test]
fn whoever_has_read_enough_of_the_rows_sees_no_error() {
    let desk = Desk::new();
    for format in ["csv", "json"] {
        let query = "select value, value * 1.5 as x from generate_series(1, 1000000)";
        let mut command = desk.command(&["sql", "--format", format, "-c", query]);
        let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // As `| head` does; a million rows do not fit into a pipe.
        drop(run.stdout.take());
        let output = run.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_file_without_rows_lands_an_empty_table() {
    let desk = Desk::new();
    let header = "ticker,investorname,securitytype,calendardate,value,units\n";
    let file = desk.write("sf3.csv", header);
    desk.ok(&["land", "sf3", &file]);
    assert_eq!(desk.number("select count(*) from raw.sf3"), 0.0);
    // Again it is nothing new, and rows can follow.
    let told = stderr(&desk.run(&["land", "sf3", &file]));
    assert!(told.contains("nothing new"), "{told}");
    desk.ok(&["land", "sf3", &desk.write("more.csv", &format!("{header}A,X,SHR,2024-03-31,100,10\n"))]);
    assert_eq!(desk.number("select sum(value) from raw.sf3"), 100.0);
}
