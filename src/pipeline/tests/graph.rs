use super::*;

fn order(pipeline: &Pipeline) -> Vec<&str> {
    pipeline.graph.nodes().iter().map(|node| node.step.dataset.as_str()).collect()
}

fn fails(files: &[(&str, &str)]) -> String {
    load(files, &[]).unwrap_err().to_string()
}

#[test]
fn steps_are_ordered_by_dependency_then_phase_then_path() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    assert_eq!(order(&pipeline), ["alone", "base", "mid", "left_side", "right_side", "top"]);
    let mut reversed = DIAMOND;
    reversed.reverse();
    assert_eq!(order(&load(&reversed, &[]).unwrap()), order(&pipeline));
    assert_eq!(pipeline.step("mid").unwrap().inputs, ["base"]);
}

#[test]
fn names_resolve_to_steps_then_raw_tables_then_the_lake() {
    let pipeline = load(
        &[
            ("base/a.sql", "create or replace table a as select * from sep, raw.sep s, raw.tickers, old_dataset"),
            ("base/b.sql", "create or replace table old_dataset_2 as select * from old_dataset, a"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!(pipeline.step("a").unwrap().inputs, ["old_dataset", "raw.sep", "raw.tickers"]);
    assert_eq!(pipeline.step("old_dataset_2").unwrap().inputs, ["a", "old_dataset"]);
}

#[test]
fn an_unknown_table_is_shown_with_similar_ones() {
    let text = fails(&[
        ("base/base.sql", "create or replace table sep_base as select * from sep"),
        ("features/b.sql", "-- beta\ncreate or replace table b as\nselect *\nfrom sep_bas"),
    ]);
    let expected = "\
there is no table sep_bas
 --> sql/features/b.sql:4:6
  |
4 | from sep_bas
  |      ^^^^^^^
help: did you mean sep_base?";
    assert_eq!(text, expected);
    let text = fails(&[("base/b.sql", "create or replace table b as select * from raw.ticker")]);
    assert!(text.contains("did you mean raw.tickers?"), "{text}");
    let text = fails(&[("base/b.sql", "create or replace table b as select * from quite_unlike_any")]);
    assert!(!text.contains("help"), "{text}");
}

#[test]
fn two_files_with_one_dataset_name_both() {
    let text = fails(&[
        ("base/a.sql", "create or replace table x as select 1"),
        ("features/b.sql", "create or replace table\n  X as select 1"),
    ]);
    assert!(text.contains("two files write the dataset x"), "{text}");
    assert!(text.contains("sql/base/a.sql:1:25") && text.contains("sql/features/b.sql:2:3"), "{text}");
}

#[test]
fn a_dataset_called_like_a_raw_table_is_refused() {
    let text = fails(&[("base/sep.sql", "create or replace table sep as select 1")]);
    assert!(text.contains("sep is a raw table") && text.contains("sql/base/sep.sql:1:25"), "{text}");
}

#[test]
fn a_cycle_names_every_file_and_line_in_it_and_nothing_else() {
    let text = fails(&[
        ("a/a.sql", "create or replace table a as select * from b"),
        ("b/b.sql", "create or replace table b as\nselect * from c, sep"),
        ("c/c.sql", "create or replace table c as\n\nselect * from a"),
        ("d/behind.sql", "create or replace table behind as select * from a"),
    ]);
    assert!(text.contains("in a circle: a → b → c → a"), "{text}");
    for place in ["sql/a/a.sql:1:44", "sql/b/b.sql:2:15", "sql/c/c.sql:3:15"] {
        assert!(text.contains(place), "{place}: {text}");
    }
    assert!(!text.contains("behind"), "{text}");
    let own = fails(&[("a/a.sql", "create or replace table a as select * from a")]);
    assert!(own.contains("in a circle: a → a") && own.contains("at_version('a', n)"), "{own}");
    // A pinned read of an older version is no cycle.
    let pinned = "create or replace table a as select * from at_version('a', 1)";
    assert!(load(&[("a/a.sql", pinned)], &[]).is_ok());
}

#[test]
fn queries_are_allowed_in_their_folders_only() {
    assert!(load(&[("checks/c.sql", "select 1")], &[]).unwrap().graph.nodes().is_empty());
    assert!(fails(&[("diagnostics/c.sql", "selct 1")]).contains("sql/diagnostics/c.sql:1:1"));
    assert!(fails(&[("features/c.sql", "select 1")]).contains("defines a dataset"));
}

fn select(datasets: &[&str], phases: &[&str], from: &[&str], to: &[&str]) -> Selectors {
    let [datasets, phases, from, to] = [datasets, phases, from, to].map(strings);
    Selectors { datasets, phases, from, to }
}

#[test]
fn selectors_widen_within_a_kind_and_narrow_across_kinds() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    for (selectors, expected) in [
        (all(), vec!["alone", "base", "left_side", "mid", "right_side", "top"]),
        (select(&["mid"], &[], &[], &[]), vec!["base", "mid"]),
        (select(&["*_side"], &[], &[], &[]), vec!["base", "left_side", "mid", "right_side"]),
        (select(&["sql/features/mid.sql"], &[], &[], &[]), vec!["base", "mid"]),
        (select(&["./features/mid.sql", "alone"], &[], &[], &[]), vec!["alone", "base", "mid"]),
        (select(&[], &["features"], &[], &[]), vec!["left_side", "mid", "right_side"]),
        (select(&[], &["universe", "base"], &[], &[]), vec!["alone", "base"]),
        (select(&[], &[], &["left_side"], &[]), vec!["left_side", "top"]),
        (select(&[], &[], &[], &["left_side"]), vec!["base", "left_side", "mid"]),
        (select(&[], &[], &["mid"], &["left_side"]), vec!["left_side", "mid"]),
        (select(&["top"], &["features"], &[], &[]), vec!["left_side", "mid", "right_side"]),
    ] {
        let expected: BTreeSet<String> = expected.into_iter().map(String::from).collect();
        assert_eq!(selected(&pipeline, &selectors), expected, "{selectors:?}");
    }
}

#[test]
fn selectors_that_match_nothing_are_errors() {
    let graph = load(&DIAMOND, &[]).unwrap().graph;
    for (selectors, expected) in [
        (select(&["left_sid"], &[], &[], &[]), "no dataset matches left_sid\nhelp: did you mean left_side"),
        (select(&[], &["feature"], &[], &[]), "no phase matches feature\nhelp: did you mean features?"),
        (select(&[], &[], &["nope*"], &[]), "no dataset matches nope*"),
        (select(&["features/lft.sql"], &[], &[], &[]), "did you mean sql/features/left.sql"),
        (select(&["["], &[], &[], &[]), "no dataset matches ["),
        (select(&["alone"], &["matrix"], &[], &[]), "narrow each other"),
    ] {
        let text = graph.select(&selectors).unwrap_err().to_string();
        assert!(text.contains(expected), "{selectors:?}: {text}");
    }
}
