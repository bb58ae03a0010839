//! A month of `kairos daily`: sync, checks, the whole pipeline, checks.

use std::process::Stdio;
use std::time::Duration;

use rand::Rng;

use crate::common::servers::Server;
use crate::common::{Desk, SQL, soak};
use crate::world::{World, assert_same_raw_tables, seen};

/// What a night builds here: the whole default pipeline.
const ALL: [&str; 2] = ["--sql", SQL];

#[test]
fn a_month_of_nights_ends_like_a_single_load() {
    for seed in 11..soak(12, 15) {
        let world = month(Desk::new(), &ALL, 21, seed, Duration::from_millis(2500));
        let whole = world.loaded_at_once();
        assert_same_raw_tables(&world.desk, &whole);
        whole.ok(&[&ALL[..], &["run"]].concat());
        for dataset in ["universe", "feat_matrix", "latest_snapshot", "regime_history_academic"] {
            assert_same_numbers(dataset, &world.desk, &whole);
        }
    }
}

/// With a pipeline of three files, since a server in Python is slow.
#[test]
fn some_nights_in_a_bucket() {
    let Some(server) = Server::moto() else { return };
    let desk = server.desk("nights");
    let tree = small_tree(&desk);
    let world = month(desk, &["--sql", &tree], soak(4, 21), 21, Duration::from_millis(4000));
    assert_same_raw_tables(&world.desk, &world.loaded_at_once());
}

/// Lives through the nights, and says after each what must hold.
fn month(desk: Desk, tree: &[&str], nights: usize, seed: u64, longest_night: Duration) -> World {
    let mut world = World::new(desk, 60, 420, nights, seed);
    for (night, session) in world.sessions.clone().into_iter().enumerate() {
        world.reveal(session);
        let today = session.to_string();
        let daily = [tree, &["daily", "--as-of", &today]].concat();
        world.bad_weather(3);
        match world.random.random_range(0..4) {
            0 => world.kill_within(&daily, longest_night),
            1 => start_twice(&world, &daily),
            // Missed, and caught up by the next.
            2 if night > 0 && night + 1 < world.sessions.len() && world.random.random_bool(0.3) => continue,
            _ => {}
        }
        let said = world.ok(&daily);
        assert!(said.contains("result   done") || said.contains("result   nothing new"), "{said}");
        world.assert_holds_what_is_shown(session);
        assert_eq!(world.desk.rows("select max(date) from latest_snapshot"), [[today.clone()]], "{said}");
        let plan = world.desk.ok(&[tree, &["plan"]].concat());
        assert!(plan.contains("0 to build,"), "{plan}");
        let doubles = "select count(*) - count(distinct (ticker || cast(date as varchar))) from raw.sep";
        assert_eq!(world.desk.number(doubles), 0.0);
    }
    // Once more: nothing is asked twice of the lake, and nothing is built.
    let today = world.sessions.last().unwrap().to_string();
    world.server.state().faults = crate::common::vendor::Faults::none();
    let said = world.ok(&[tree, &["daily", "--as-of", &today]].concat());
    assert!(said.contains("build    0 built") && said.contains("result   nothing new"), "{said}");
    world
}

/// Two at the same time: one works, the other is told so or comes when it is done.
fn start_twice(world: &World, daily: &[&str]) {
    let spawn = || world.command(daily).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let both = [spawn(), spawn()].map(|child| child.wait_with_output().unwrap());
    let worked = both.iter().filter(|output| output.status.success()).count();
    for output in &both {
        let told = output.status.code() == Some(3) && seen(output).contains("is under way already");
        assert!(output.status.success() || told, "{}", seen(output));
    }
    assert!(worked >= 1);
}

fn small_tree(desk: &Desk) -> String {
    for file in ["base/sep_base.sql", "checks/duplicate_keys.sql", "checks/price_sanity.sql", "pipeline.toml"] {
        desk.write(&format!("tree/{file}"), &std::fs::read_to_string(format!("{SQL}/{file}")).unwrap());
    }
    let latest = "-- latest_snapshot: the last prices.\ncreate or replace table latest_snapshot as\n\
                  select * from sep_base where date = (select max(date) from sep_base) order by ticker, date\n";
    desk.write("tree/matrix/latest_snapshot.sql", latest);
    desk.path("tree").display().to_string()
}

/// Whether a dataset has the same rows in two lakes. The files are cut elsewhere, so sums may differ in their last digit.
fn assert_same_numbers(dataset: &str, one: &Desk, other: &Desk) {
    let key = if dataset.starts_with("regime") { "date" } else { "ticker, date" };
    let sql = format!("select * from {dataset} order by {key}");
    let rows = |desk: &Desk| desk.ok(&["sql", "--format", "csv", "-c", &sql]);
    let (one, other) = (rows(one), rows(other));
    assert_eq!(one.lines().count(), other.lines().count(), "rows of {dataset}");
    assert!(one.lines().count() > 20, "{dataset} is nearly empty");
    let header: Vec<&str> = one.lines().next().unwrap().split(',').collect();
    for (line, (a, b)) in one.lines().zip(other.lines()).enumerate() {
        for (column, (a, b)) in a.split(',').zip(b.split(',')).enumerate() {
            let near = || {
                let (a, b) = (a.parse::<f64>().ok()?, b.parse::<f64>().ok()?);
                Some((a - b).abs() <= 1e-7 * a.abs().max(1.0))
            };
            assert!(a == b || near() == Some(true), "{dataset} line {line}, {}: {a} {b}", header[column]);
        }
    }
}
