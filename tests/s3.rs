//! A lake in a bucket: every command against real S3 servers on this machine, races, refusals, and how many requests a
//! question costs. Where the servers are not installed the tests say that they skip.

mod common;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use common::servers::{BUCKET, Gate, Mood, SECRET, Server, settings};
use common::{Desk, SQL, stderr};

/// The server for everything but races.
fn server() -> Option<Server> {
    Server::s3s().or_else(Server::moto)
}

/// A desk with a pipeline of one file, on the server.
fn small(server: &Server, lake: &str) -> Desk {
    let desk = server.desk(lake);
    desk.write("sql/pipeline.toml", "[factor]\ndefault = 2.0\nunit = \"\"\nabout = \"a factor\"\n");
    desk.write(
        "sql/base/two.sql",
        "-- two\ncreate or replace table two as\nselect x * $factor as x from (values (1.0)) as t(x)\n",
    );
    desk
}

fn seen(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(output))
}

#[test]
fn a_bucket_holds_what_a_folder_holds() {
    let Some(server) = server() else { return };
    let (local, cloud) = (Desk::new(), server.desk("lakes/first"));
    let files = local.path("market").display().to_string();
    local.ok(&["synth", "--tickers", "40", "--days", "300", "--out", &files]);
    for desk in [&local, &cloud] {
        desk.ok(&["land", "--dir", &files]);
        desk.ok(&["--sql", SQL, "run"]);
        desk.ok(&["land", "--dir", &files]);
    }
    let list = |desk: &Desk| desk.rows("select table_schema, table_name from information_schema.tables order by 1, 2");
    assert_eq!(list(&local), list(&cloud));
    for table in ["sep", "tickers", "universe", "sep_base_academic", "feat_momentum_v2", "feat_beta", "feat_targets"] {
        let rows = |desk: &Desk| desk.ok(&["export", table, "--format", "csv"]);
        let rows = (rows(&local), rows(&cloud));
        assert!(rows.0.lines().count() > 40, "{table} is nearly empty");
        assert!(rows.0 == rows.1, "{table} differs");
    }
    // Landing the same again makes no version, and nothing is stale.
    assert_eq!(cloud.ok(&["history", "raw.sep"]).lines().count(), 2);
    assert!(cloud.ok(&["--sql", SQL, "plan"]).contains("0 to build,"));
    assert!(cloud.ok(&["--sql", SQL, "--set", "momentum_weight=0.8", "plan"]).contains("feat_momentum_v2"));
    assert!(cloud.ok(&["--sql", SQL, "graph"]).contains("feat_beta"));
}

#[test]
fn every_command_takes_a_bucket() {
    let Some(server) = server() else { return };
    let desk = small(&server, "second");
    let create = |n: i32| format!("create or replace table x as select {n} as n, date '2024-01-02' as date");
    for n in 0..3 {
        let said = stderr(&desk.run(&["sql", "-c", &create(n)]));
        assert!(said.contains(&format!("x version {n}")) && said.contains("s3://market/second/x"), "{said}");
    }
    assert_eq!(desk.rows("select a.n, b.n from x a, at_version('x', 0) b"), [["2", "0"]]);
    assert!(desk.fails(1, &["sql", "-c", "select * from at_version('x', 9)"]).contains("0 to 2"));
    assert!(desk.fails(1, &["sql", "-c", "select * from y"]).contains("'y'"));
    assert!(desk.ok(&["datasets"]).contains("2024-01-02"));
    assert!(desk.ok(&["describe", "x"]).contains("s3://market/second/x/v00000002-"));
    assert_eq!(desk.ok(&["history", "x"]).lines().count(), 4);
    desk.ok(&["run"]);
    desk.ok(&["--set", "factor=3", "run"]);
    assert_eq!(desk.number("select x from two"), 3.0);
    assert!(desk.ok(&["--set", "factor=3", "plan"]).contains("0 to build,"));
    assert!(desk.ok(&["graph"]).contains("two") && desk.ok(&["params"]).contains("factor"));
    assert_eq!(desk.ok(&["export", "two", "--format", "csv"]), "x\n3.0\n");
    let out = desk.path("out");
    desk.ok(&["export", "--all", "--to", out.to_str().unwrap()]);
    assert!(out.join("x/part-00000.parquet").is_file());
    let csv = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n\
               A,2023-12-29,1,1,1,1,1,1,1,2024-01-03\nA,2024-01-02,1,1,1,1,1,1,1,2024-01-03\n";
    desk.ok(&["land", "sep", &desk.write("sep.csv", csv)]);
    let newer = csv.replace("2024-01-02,1,1,1,1,1", "2024-01-02,2,2,2,2,2").replace("2024-01-03", "2024-01-04");
    desk.ok(&["land", "sep", &desk.write("newer.csv", &newer)]);
    assert_eq!(desk.rows("select close from sep order by date"), [["1.0"], ["2.0"]]);
    assert_eq!(desk.rows("select close from at_version('raw.sep', 0) order by date"), [["1.0"], ["1.0"]]);
    let refused = desk.fails(3, &["land", "sep", &desk.write("bad.csv", &csv.replace("-29,1", "-32,1"))]);
    assert!(refused.contains("2023-12-32"), "{refused}");
}

#[test]
fn the_demo_runs_on_a_bucket() {
    let Some(server) = server() else { return };
    let desk = server.desk("demo");
    let said = desk.ok(&["--sql", SQL, "demo", "--tickers", "60", "--days", "320"]);
    assert!(said.contains("s3://market/demo/feat_momentum_v2"), "{said}");
    assert!(desk.number("select count(*) from feat_momentum_v2") > 1000.0);
}

#[test]
fn of_racing_writers_one_wins_each_version() {
    let Some(server) = Server::moto() else { return };
    let desk = server.desk("race");
    desk.ok(&["sql", "-c", "create or replace table x as select -1 as writer"]);
    let (mut versions, mut lost) = (1, 0);
    // How many writers start from the same version is chance, so go on until enough have lost.
    for round in 0..10 {
        let start = |writer: usize| {
            let sql = format!("create or replace table x as select {} as writer", round * 10 + writer);
            let mut command = desk.command(&["sql", "-c", &sql]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let writers: Vec<_> = (0..6).map(start).collect();
        let mut winners = Vec::new();
        for (writer, child) in writers.into_iter().enumerate() {
            let output = child.wait_with_output().unwrap();
            let said = stderr(&output);
            if output.status.success() {
                let version = said.split_once("x version ").and_then(|(_, rest)| rest.split_once(':'));
                winners.push((version.unwrap().0.parse::<usize>().unwrap(), round * 10 + writer));
            } else {
                assert_eq!(output.status.code(), Some(1), "{said}");
                assert!(said.contains("'x' was changed by another writer") && said.contains("run the command again"));
                lost += 1;
            }
        }
        winners.sort_unstable();
        let numbers: Vec<_> = winners.iter().map(|(version, _)| *version).collect();
        assert_eq!(
            numbers,
            (versions..versions + winners.len()).collect::<Vec<_>>(),
            "one winner per version, no gaps"
        );
        for (version, writer) in &winners {
            assert_eq!(desk.number(&format!("select writer from at_version('x', {version})")), *writer as f64);
        }
        versions += winners.len();
        if lost >= 8 {
            break;
        }
    }
    assert!(lost > 0, "nobody ever lost: no race took place");
    assert_eq!(desk.ok(&["history", "x"]).lines().count(), versions + 1);
}

#[test]
fn one_ticker_costs_few_requests() {
    let Some(server) = Server::moto() else { return };
    let desk = server.desk("world");
    for other in 0..5 {
        desk.ok(&["sql", "-c", &format!("create or replace table other_{other} as select 1 as x")]);
    }
    // Ten tickers in ten files or so, and thirty years of raw prices.
    desk.ok(&[
        "sql",
        "-c",
        "create or replace table prices as select chr(cast(65 + t.value as int)) as ticker, n.value as n \
         from generate_series(0, 9) t cross join generate_series(1, 270000) n order by ticker, n",
    ]);
    assert!(desk.number("select count(*) from prices") > 2e6);
    let mut csv = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n".to_owned();
    for year in 1990..2020 {
        for ticker in ["A", "B"] {
            csv += &format!("{ticker},{year}-01-04,1,1,1,1,1,1,1,2024-01-03\n");
        }
    }
    desk.ok(&["land", "sep", &desk.write("sep.csv", &csv)]);
    let cost = |sql: &str, rows: f64| {
        let before = server.requests().len();
        assert_eq!(desk.number(sql), rows);
        let requests = server.requests().split_off(before);
        println!("{} requests: {sql}", requests.len());
        requests
    };
    let requests = cost("select count(n) from prices where ticker = 'C'", 270_000.0);
    let files: BTreeSet<_> = requests.iter().filter(|request| request.contains(".parquet")).collect();
    assert_eq!(files.len(), 1, "one ticker is in one file: {requests:#?}");
    // Nine row groups, which a ticker of ten years does not fill once.
    assert!(requests.len() <= 16, "{} requests: {requests:#?}", requests.len());
    assert!(requests.iter().all(|request| request.contains("world/prices/")), "{requests:#?}");
    let lists = requests.iter().filter(|request| request.contains("list-type=2")).count();
    assert!(lists <= 1, "{lists} listings: {requests:#?}");
    // A year of a raw dataset is one file of thirty.
    let requests = cost("select count(close) from raw.sep where date = '2001-01-04'", 2.0);
    assert!(requests.len() <= 10, "{} requests: {requests:#?}", requests.len());
}

/// With such a server versions would be lost in silence.
#[test]
fn a_server_that_lets_two_writers_win_is_refused() {
    let Some(server) = Server::moto() else { return };
    let gate = Gate::before(&server, Mood::Forgetful);
    let desk = Desk::at(format!("s3://{BUCKET}/careless"), settings(&gate.endpoint()));
    let message = desk.fails(1, &["sql", "-c", "create or replace table x as select 1 as n"]);
    assert!(message.contains("s3://market/careless") && message.contains("ignores conditional writes"), "{message}");
    let committed = |request: &String| request.starts_with("PUT") && request.contains("_delta_log");
    assert!(!server.requests().iter().any(committed), "something was committed");
    // The same server without the gate keeps the promise.
    server.desk("careless").ok(&["sql", "-c", "create or replace table x as select 1 as n"]);
}

#[test]
fn a_server_that_is_not_there_is_reported_soon() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let desk = Desk::at(format!("s3://{BUCKET}/lake"), settings(&endpoint));
    for command in [&["datasets"][..], &["describe", "x"], &["sql", "-c", "select * from x"], &["--sql", SQL, "plan"]] {
        let started = Instant::now();
        let message = desk.fails(1, command);
        assert!(started.elapsed() < Duration::from_secs(12), "{command:?} takes {:?}", started.elapsed());
        for part in [&endpoint, "s3://market/lake", "cannot be reached", "AWS_ENDPOINT"] {
            assert!(message.contains(part), "{part} is not in:\n{message}");
        }
        assert!(!message.contains(SECRET), "{message}");
    }
    let mut plain = settings(&endpoint);
    plain.retain(|(name, _)| *name != "AWS_ALLOW_HTTP");
    let message = Desk::at(format!("s3://{BUCKET}/lake"), plain).fails(2, &["datasets"]);
    assert!(message.contains("AWS_ALLOW_HTTP=true") && message.contains(&endpoint), "{message}");
    let mut nobody = settings(&endpoint);
    nobody.retain(|(name, _)| !name.contains("KEY"));
    nobody.push(("AWS_METADATA_ENDPOINT", endpoint.clone()));
    let message = Desk::at(format!("s3://{BUCKET}/lake"), nobody).fails(1, &["datasets"]);
    assert!(message.contains("no credentials") && message.contains("AWS_ACCESS_KEY_ID"), "{message}");
}

#[test]
fn a_server_that_says_nothing_is_reported_soon() {
    let Some(server) = server() else { return };
    let gate = Gate::before(&server, Mood::Silent);
    let started = Instant::now();
    let message = Desk::at(format!("s3://{BUCKET}/lake"), settings(&gate.endpoint())).fails(1, &["datasets"]);
    assert!(started.elapsed() < Duration::from_secs(15), "it takes {:?}", started.elapsed());
    for part in [&gate.endpoint(), "no answer within 8 seconds", "AWS_ENDPOINT"] {
        assert!(message.contains(part), "{part} is not in:\n{message}");
    }
}

#[test]
fn a_busy_store_is_waited_for() {
    let Some(server) = server() else { return };
    let busy = Duration::from_secs(12);
    let gate = Gate::before(&server, Mood::BusyFor(busy));
    let (desk, started) = (Desk::at(format!("s3://{BUCKET}/patient"), settings(&gate.endpoint())), Instant::now());
    desk.ok(&["sql", "-c", "create or replace table x as select 7 as n"]);
    assert!(started.elapsed() >= busy, "the store was not busy");
    assert_eq!(desk.number("select n from x"), 7.0);
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let Some(server) = server() else { return };
    let desk = Desk::at("s3://elsewhere/lake".into(), server.settings());
    for command in [&["datasets"][..], &["sql", "-c", "select * from x"]] {
        let message = desk.fails(1, command);
        for part in ["s3://elsewhere/lake", &server.endpoint(), "no such bucket", "create the bucket"] {
            assert!(message.contains(part), "{part} is not in:\n{message}");
        }
    }
}

#[test]
fn wrong_credentials_are_refused_and_never_shown() {
    let wrong = "another/Secret+that=nobody-sees";
    for server in [Server::s3s(), Server::closed_moto()].into_iter().flatten() {
        let mut settings = server.settings();
        settings.iter_mut().filter(|(name, _)| *name == "AWS_SECRET_ACCESS_KEY").for_each(|(_, v)| *v = wrong.into());
        let desk = Desk::at(format!("s3://{BUCKET}/lake"), settings);
        for command in [&["datasets"][..], &["sql", "-c", "select * from x"], &["-v", "-v", "describe", "x"]] {
            let started = Instant::now();
            let output = desk.run(command);
            let message = seen(&output);
            assert_eq!(output.status.code(), Some(1), "{message}");
            assert!(started.elapsed() < Duration::from_secs(5), "{command:?} takes {:?}", started.elapsed());
            for part in ["s3://market/lake", &server.endpoint(), "AWS_SECRET_ACCESS_KEY"] {
                assert!(message.contains(part), "{part} is not in:\n{message}");
            }
            assert!(!message.contains(wrong), "{message}");
        }
    }
}

#[test]
fn a_working_secret_is_never_shown_either() {
    let Some(server) = server() else { return };
    let desk = small(&server, "quiet");
    for arguments in [&["-v", "-v", "run"][..], &["-v", "-v", "--log-format", "json", "datasets"]] {
        for level in [None, Some("trace")] {
            let mut command = desk.command(arguments);
            level.map(|level| command.env("KAIROS_LOG", level));
            let output = command.output().unwrap();
            let said = seen(&output);
            assert!(output.status.success(), "{said}");
            assert!(!said.contains(SECRET), "{arguments:?} with {level:?} shows the secret");
        }
    }
}
