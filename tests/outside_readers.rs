//! Other programs open our datasets: the same rows, types and versions with deltalake, polars, duckdb and pyarrow.

mod common;

use std::process::Command;

use common::servers::Server;
use common::{Desk, python, stderr};

const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/outside_readers.py");

/// One row of every type that a dataset can store, one of nothing, one of extremes.
const KINDS: &str = "
create or replace table kinds as
select * from (values
    ('AA', date '2024-01-02', 1.5, cast(3 as bigint), true, timestamp '2024-01-02T03:04:05Z', cast(1.25 as decimal(10, 2)),
     arrow_cast(7, 'Int32'), arrow_cast(2.5, 'Float32'), arrow_cast('b', 'Binary'), make_array(1.0, null), arrow_cast(5, 'Int8'),
     arrow_cast(6, 'Int16'), 'text'),
    ('NA', date '1999-12-31', null, null, null, null, null, null, null, null, null, null, null, null),
    ('Ö\"x%y z', date '1969-12-31', 'nan'::double, -9223372036854775807, false, timestamp '1960-01-01T00:00:00.000001Z',
     cast(-99999999.99 as decimal(10, 2)), arrow_cast(-7, 'Int32'), arrow_cast(0, 'Float32'), arrow_cast('', 'Binary'),
     make_array(3.0), arrow_cast(-128, 'Int8'), arrow_cast(2, 'Int16'), repeat('ÿé long ', 60)),
    ('ZZ', date '2262-04-11', 'inf'::double, 9223372036854775807, true, null, 0, arrow_cast(0, 'Int32'), '-inf'::float,
     null, null, null, null, '')
) as t (ticker, date, x, n, flag, at, price, i, r, b, l, t8, t16, text)
order by ticker, date";

const MODULES: &str = "deltalake, polars, duckdb, pyarrow";

/// Lets the other programs compare a version with our own export of it.
fn compare(desk: &Desk, python: &str, dataset: &str, version: usize, versions: usize, parquet: bool) {
    let table = format!("{}/{}", desk.lake_location(), dataset.replace('.', "/"));
    // The second line of `describe` is the folder of the newest version, if it has one of its own.
    let described = desk.ok(&["describe", dataset]);
    let newest = described.lines().nth(1).unwrap().trim();
    let folder = if parquet && version == versions - 1 { newest } else { "-" };
    let expected = desk.path(&format!("{dataset}-{version}.parquet")).display().to_string();
    desk.ok(&["sql", "-c", &format!("select * from at_version('{dataset}', {version})"), "-o", &expected]);
    let mut command = Command::new(python);
    command.arg(READER).args([table.as_str(), &expected, &version.to_string(), &versions.to_string(), folder]);
    let output = command.envs(desk.settings()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{dataset} at {version}:\n{said}{}", stderr(&output));
    println!("{dataset} version {version}\n{said}");
}

/// Landed prices with two merges, so that files leave and years stay.
fn land(desk: &Desk) {
    let header = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated";
    for (at, rows) in [
        "A,2023-12-29,1,1,1,1,1,1,1,2024-01-03\nNA,2024-01-02,1,1,1,1,1,1,1,2024-01-03",
        "A,2024-01-02,1,1,1,2,1,1,1,2024-01-04",
        "NA,2024-01-02,1,1,1,3,1,1,1,2024-01-05\nA,2022-01-03,1,1,1,4,,1,1,2024-01-05",
    ]
    .iter()
    .enumerate()
    {
        desk.ok(&["land", "sep", &desk.write(&format!("{at}.csv"), &format!("{header}\n{rows}\n"))]);
    }
}

#[test]
fn every_type_and_version_reads_the_same_elsewhere() {
    let Some(python) = python(MODULES) else { return };
    let desk = Desk::new();
    desk.ok(&["sql", "-c", KINDS]);
    compare(&desk, &python, "kinds", 0, 1, true);
    // Another shape later: columns go and come.
    desk.ok(&[
        "sql",
        "-c",
        "create or replace table kinds as select ticker, date, n, 1 as added from kinds order by ticker",
    ]);
    compare(&desk, &python, "kinds", 1, 2, true);
    compare(&desk, &python, "kinds", 0, 2, false);
    land(&desk);
    for version in 0..3 {
        compare(&desk, &python, "raw.sep", version, 3, false);
    }
}

/// Files that are put together from column chunks of others.
#[test]
fn copied_columns_read_the_same_elsewhere() {
    let Some(python) = python(MODULES) else { return };
    let desk = Desk::new();
    // More rows than a row group has.
    let days = "select 'T' || cast(t.value as varchar) as ticker, date '2020-01-01' + cast(d.value as int) as date,
            t.value + d.value * 0.1 as tenths
        from generate_series(1, 190) t cross join generate_series(1, 180) d";
    for statement in [
        KINDS,
        "create or replace table twin as select * from kinds order by ticker, date",
        "create or replace table assembled as select *, length(text) as letters, text as again
         from assemble(kinds, twin) order by ticker, date",
        &format!("create or replace table days as {days} order by ticker, date"),
        "create or replace table thirds as select ticker, date, tenths / 3 as third,
                case when tenths > 100 then ticker end as late from days order by ticker, date",
        "create or replace table long as select *, third > 1 as more from assemble(days, thirds) order by ticker, date",
    ] {
        desk.ok(&["sql", "-c", statement]);
    }
    compare(&desk, &python, "assembled", 0, 1, true);
    compare(&desk, &python, "long", 0, 1, true);
}

#[test]
fn a_long_history_reads_the_same_elsewhere() {
    let Some(python) = python(MODULES) else { return };
    let desk = Desk::new();
    // The log writes a checkpoint after ten versions.
    for n in 0..14 {
        desk.ok(&[
            "sql",
            "-c",
            &format!("create or replace table x as select 'T{n}' as ticker, {n} as n order by ticker"),
        ]);
    }
    let log = std::fs::read_dir(desk.lake().join("x/_delta_log")).unwrap();
    let names = log.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().any(|name| name.contains("checkpoint.parquet")), "there is no checkpoint to read");
    for version in [0, 9, 10, 11, 13] {
        compare(&desk, &python, "x", version, 14, true);
    }
}

#[test]
fn a_bucket_reads_the_same_elsewhere() {
    let Some(python) = python(MODULES) else { return };
    // s3s-fs answers a look at a folder, which pyarrow begins with, with an internal error.
    let Some(server) = Server::moto() else { return };
    let desk = server.desk("lakes/outside");
    desk.ok(&["sql", "-c", KINDS]);
    desk.ok(&[
        "sql",
        "-c",
        "create or replace table kinds as select * from kinds where ticker <> 'AA' order by ticker",
    ]);
    compare(&desk, &python, "kinds", 0, 2, true);
    compare(&desk, &python, "kinds", 1, 2, true);
    land(&desk);
    for version in 0..3 {
        compare(&desk, &python, "raw.sep", version, 3, false);
    }
}
