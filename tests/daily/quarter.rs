//! A quarter of syncs.

use std::time::Duration;

use rand::Rng;

use crate::common::{Desk, soak};
use crate::world::{World, assert_same_raw_tables};

#[test]
fn a_quarter_of_nights_ends_like_a_single_load() {
    for seed in 1..soak(2, 6) {
        quarter(seed);
    }
}

fn quarter(seed: u64) {
    let mut world = World::new(Desk::new(), 25, 300, 63, seed);
    let sessions = world.sessions.clone();
    for (night, session) in sessions.iter().enumerate() {
        world.reveal(*session);
        let today = session.to_string();
        let sync = ["sync", "--as-of", &today];
        world.bad_weather(4);
        // Some nights are missed, and some begin with a machine that goes down.
        if night > 0 && night + 1 < sessions.len() && world.random.random_bool(0.1) {
            continue;
        }
        if world.random.random_bool(0.2) {
            world.kill_within(&sync, Duration::from_millis(400));
        }
        world.ok(&sync);
        world.assert_holds_what_is_shown(*session);
    }
    assert_same_raw_tables(&world.desk, &world.loaded_at_once());
    // Twice the same night changes nothing.
    let today = sessions.last().unwrap().to_string();
    let pulls = |world: &World| world.desk.number("select count(*) from raw._pulls");
    let (before, versions) = (pulls(&world), world.desk.ok(&["history", "raw.sep"]));
    world.ok(&["sync", "--as-of", &today]);
    assert!(pulls(&world) > before);
    assert_eq!(world.desk.ok(&["history", "raw.sep"]), versions);
}
