//! docs/research.md does what it says: its commands run as they stand, in a lake that has been built.

mod common;

use std::process::Command;

use common::{Desk, stderr};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/research.md");

/// The blocks of commands of the page, in order.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(PAGE).unwrap();
    let blocks = text.split("```sh\n").skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap().to_owned()).collect()
}

/// Runs a block in the desk's folder, where `kairos` is the one under test, and returns all that it prints.
fn shell(desk: &Desk, block: &str) -> String {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_kairos")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", block]).current_dir(desk.path("")).env("PATH", path).env("KAIROS_LAKE", desk.lake());
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{block}\n{}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output)
}

#[test]
fn the_page_runs() {
    let desk = Desk::new();
    let market = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "60", "--days", "320", "--out", &market]);
    desk.ok(&["land", "--dir", &market]);
    desk.ok(&["run"]);
    let printed: Vec<String> = commands().iter().map(|block| shell(&desk, block)).collect();
    let [weights, _, _, built, judged, grown] = printed.as_slice() else { panic!("{} blocks", printed.len()) };
    assert!(weights.contains("$v8_value_weight changed: 0.3 → 0.4"), "{weights}");
    assert!(built.contains("feat_sentiment") && built.contains("feat_composite_v9"), "{built}");
    assert!(judged.contains("ic_v9"), "{judged}");
    assert!(grown.contains("file sentiment.csv changed"), "{grown}");
    assert!(grown.contains("sentiment.csv@"), "{grown}");

    // Scores are carried to sessions after their day only, and for ten days.
    let news = desk.path("idea/factors/sentiment.csv").display().to_string();
    let early = format!(
        "select count(*) from feat_sentiment f
         where f.sentiment is not null and not exists (
             select 1 from read_csv('{news}') n
             where n.ticker = f.ticker and n.date < f.date and n.date >= f.date - 10 and n.sentiment = f.sentiment)"
    );
    assert_eq!(desk.number(&early), 0.0);
    assert!(desk.number("select count(sentiment_z) from feat_sentiment") > 1000.0);
    assert_eq!(
        desk.number("select count(*) from feat_composite_v9"),
        desk.number("select count(*) from sep_base_academic")
    );
    // Where both are known the composite is their weighted mean.
    let differ = "select count(*) filter (
            where abs(v.alpha_composite_v9 - (0.8 * e.alpha_composite_v8 + 0.2 * s.sentiment_z)) > 1e-12
        ), count(*)
        from feat_composite_v9 v
        join feat_composite_v8 e on v.ticker = e.ticker and v.date = e.date
        join feat_sentiment s on v.ticker = s.ticker and v.date = s.date
        where e.alpha_composite_v8 is not null and s.sentiment_z is not null";
    let rows = desk.rows(differ);
    assert_eq!(rows[0][0], "0");
    assert!(rows[0][1].parse::<u64>().unwrap() > 100, "{rows:?}");
}

/// What can be wrong with a file says where it was named and what to do.
#[test]
fn a_file_that_is_not_there() {
    let desk = Desk::new();
    let statement = "create or replace table feat_mine as\nselect * from read_csv('mine.csv')\norder by ticker, date\n";
    let file = desk.write("idea/factors/mine.sql", statement);
    let message = desk.fails(1, &["sql", &file]);
    for part in ["mine.csv", "mine.sql:2:24", "starts from the folder of its .sql file"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    let overlay = desk.path("idea").display().to_string();
    let message = desk.fails(1, &["--overlay", &overlay, "plan", "feat_mine"]);
    assert!(message.contains("mine.sql:2:24"), "{message}");
    let message = desk.fails(1, &["sql", "-c", "select * from read_csv(3)"]);
    assert!(message.contains("read_csv takes the path of a file"), "{message}");
    desk.write("idea/factors/mine.csv", "ticker,date,score\nNA,2024-01-02,1.5\nA,2024-01-02,\n");
    desk.ok(&["sql", &file]);
    let rows = desk.rows("select ticker, date, score, arrow_typeof(date) from feat_mine");
    assert_eq!(rows, [["A", "2024-01-02", "", "Date32"], ["NA", "2024-01-02", "1.5", "Date32"]]);
}
