//! Disks that are full or may not be written to.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};
use std::sync::Arc;

use kairos::lake::Lake;
use kairos::raw::{LandOptions, RawTable, land};

use super::common::{Desk, stderr};
use super::storage::Refusing;
use super::{build, open, text};

#[tokio::test]
async fn a_full_or_read_only_disk_stops_the_commit_and_nothing_else() {
    for why in [ErrorKind::StorageFull, ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path());
        build(&lake, "create or replace table x as select 1 as n").await.unwrap();
        let csv = folder.path().join("sep.csv");
        std::fs::write(&csv, "ticker,date,open,high,low,close,volume,closeadj\nA,2024-01-03,1,1,1,1,1,1\n").unwrap();
        let sep = RawTable::find("sep").unwrap();
        // At the first write, a data file; and at the second, the entry of the log.
        for writes in [0, 1] {
            let path = folder.path().to_str().unwrap();
            let refusing = Lake::on(path, Arc::new(Refusing::after(writes, why))).unwrap();
            let error = build(&refusing, "create or replace table x as select 2 as n").await.unwrap_err().to_string();
            let said = std::io::Error::from(why).to_string();
            assert!(error.contains(&said) && error.contains('x'), "{error}");
            assert_eq!(lake.snapshot("x").await.unwrap().unwrap().version(), 0);
            let refusing = Lake::on(path, Arc::new(Refusing::after(writes, why))).unwrap();
            let landed = land(&refusing, sep, std::slice::from_ref(&csv), &LandOptions::default()).await;
            let error = landed.unwrap_err().to_string();
            assert!(error.contains(&said), "{error}");
            assert!(lake.snapshot("raw/sep").await.unwrap().is_none());
        }
        assert!(text(&lake, "select n from x").await.unwrap().contains("| 1 |"));
        assert_eq!(build(&lake, "create or replace table x as select 2 as n").await.unwrap(), 1);
        land(&lake, sep, &[csv], &LandOptions::default()).await.unwrap();
        assert_eq!(lake.snapshot("raw/sep").await.unwrap().unwrap().rows(), 1);
    }
}

/// The real command on a real disk that ends in the middle of a file: what may be written to one file is limited.
#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_file_stops_the_command() {
    let desk = Desk::new();
    let sql = |n: u32| {
        format!("create or replace table x as select value as v, sin(value * {n}) as s from generate_series(1, 50000)")
    };
    desk.ok(&["sql", "-c", &sql(1)]);
    let rows = (1..20_000).map(|n| format!("T{n},2024-01-03,1,1,1,1,{n},1\n")).collect::<String>();
    desk.write("sep.csv", &format!("ticker,date,open,high,low,close,volume,closeadj\n{rows}"));
    let (again, land) = (sql(2), ["land", "sep", "sep.csv"]);
    for arguments in [&["sql", "-c", &again][..], &land] {
        let whole = desk.command(arguments);
        let mut limited = Command::new("sh");
        // 16 KiB; without the signal, so that writing fails as on a full disk.
        limited.args(["-c", "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\""]);
        limited.arg(whole.get_program()).args(whole.get_args()).current_dir(desk.path(""));
        let output = limited.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("File too large"), "{arguments:?}: {}", stderr(&output));
        assert_eq!(desk.number("select count(*) from x"), 50_000.0);
        assert_eq!(desk.number("select count(*) from x where s = sin(v)"), 50_000.0, "the version before, in full");
    }
    desk.ok(&["sql", "-c", &sql(2)]);
    assert_eq!(desk.number("select count(*) from x where s = sin(v * 2)"), 50_000.0);
    desk.ok(&land);
    assert_eq!(desk.number("select count(*) from raw.sep"), 19_999.0);
    let halves = desk.ok(&["vacuum", "--keep-days", "0", "--keep-versions", "1", "--dry-run"]);
    assert!(halves.contains("would remove"), "{halves}");
}

/// The real command as a user who may only read.
#[test]
fn a_folder_that_may_only_be_read_is_read() {
    let desk = Desk::new();
    desk.ok(&["sql", "-c", "create or replace table x as select 1 as n"]);
    let run = |arguments: &[&str]| -> Option<Output> {
        let mut command = desk.command(arguments);
        // What a folder allows is nothing to root, so that root becomes nobody.
        if is_root(&desk) {
            command.uid(65534).gid(65534);
        }
        command.output().ok()
    };
    std::fs::set_permissions(desk.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    let folders = ["lake", "lake/x", "lake/x/_delta_log"].map(|name| desk.path(name));
    folders.iter().for_each(|path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o555)).unwrap());
    match run(&["--version"]) {
        Some(output) if output.status.success() => {
            let read = run(&["sql", "--format", "csv", "-c", "select n from x"]).unwrap();
            assert!(read.status.success() && String::from_utf8_lossy(&read.stdout).contains('1'), "{}", stderr(&read));
            let written = run(&["sql", "-c", "create or replace table x as select 2 as n"]).unwrap();
            assert_eq!(written.status.code(), Some(1));
            assert!(
                stderr(&written).contains("Permission denied") && stderr(&written).contains('x'),
                "{}",
                stderr(&written)
            );
        }
        _ => eprintln!("skipped: another user may not run the command where it is built"),
    }
    folders.iter().for_each(|path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap());
    assert_eq!(desk.number("select n from x"), 1.0);
    desk.ok(&["sql", "-c", "create or replace table x as select 2 as n"]);
    assert_eq!(desk.number("select n from x"), 2.0);
}

fn is_root(desk: &Desk) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(desk.write("mine", "")).unwrap().uid() == 0
}
