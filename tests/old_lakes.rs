//! Lakes of earlier releases still open, whole: one of each lies in `tests/data/lakes`, packed.

mod common;

use std::fs::{self, File};

use common::Desk;

#[test]
fn a_lake_of_0_1_0_opens() {
    let desk = Desk::new();
    open(&desk);
    // The newest version, which the log's checkpoint and what follows it describe, and two before it.
    assert_eq!(
        desk.rows("select ticker, date, close2 from prices order by ticker"),
        [["B", "2024-01-02", "280.5"], ["NA", "2023-12-29", "153.0"]]
    );
    assert_eq!(desk.number("select sum(close2) from at_version('prices', 100)"), 4.25 * 100.0);
    assert!(desk.fails(1, &["sql", "-c", "select * from at_version('prices', 5)"]).contains("kairos vacuum"));
    assert_eq!(desk.ok(&["history", "prices"]).lines().count(), 104);
    let raw = "select ticker, close, lastupdated from at_version('raw.sep', 0) order by ticker";
    assert_eq!(desk.rows(raw), [["B", "2.5", "2024-01-03"], ["NA", "1.5", "2024-01-03"]]);
    assert_eq!(desk.rows("select ticker, close from raw.sep order by ticker"), [["B", "2.75"], ["NA", "1.5"]]);
    assert_eq!(desk.rows("select \"column\", value from raw._rejected"), [["close", "x"]]);
    // And it goes on from there.
    let more = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\nC,2024-01-04,1,1,1,9,1,1,1,2024-01-05\n";
    desk.ok(&["land", "sep", &desk.write("more.csv", more)]);
    desk.ok(&[
        "sql",
        "-c",
        "create or replace table prices as select ticker, date, close from raw.sep order by ticker, date",
    ]);
    assert_eq!(desk.number("select count(*) from prices"), 3.0);
    assert!(desk.ok(&["history", "prices"]).contains("103"));
    desk.ok(&["describe", "prices"]);
}

#[test]
fn files_of_0_1_0_are_checked_by_the_sums_in_their_log() {
    let desk = Desk::new();
    open(&desk);
    let log = fs::read_to_string(desk.lake().join("raw/sep/_delta_log/00000000000000000000.json")).unwrap();
    assert!(log.contains("kairos.crc32") && !log.contains("kairos.tail"), "{log}");
    let file = desk.lake().join("raw/sep/year=2023/part-a7e930f762f4426da5e67884503dba2f-00000.parquet");
    let bytes = fs::read(&file).unwrap();
    for at in [10, bytes.len() - 10] {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        fs::write(&file, bytes).unwrap();
        let error = desk.fails(1, &["sql", "-c", "select * from raw.sep"]);
        assert!(error.contains("part-a7e9") && error.contains("(checksum)"), "{error}");
    }
}

fn open(desk: &Desk) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/lakes/0.1.0.zip");
    zip::ZipArchive::new(File::open(path).unwrap()).unwrap().extract(desk.lake()).unwrap();
}
