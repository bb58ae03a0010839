use super::*;

async fn plan(pipeline: &Pipeline, lake: &Lake) -> Plan {
    pipeline.plan(&all(), false, lake).await.unwrap()
}

fn reasons(plan: &Plan, dataset: &str) -> Vec<String> {
    let planned = plan.steps.iter().find(|s| s.step.dataset == dataset).unwrap();
    match &planned.action {
        Action::Build(reasons) => reasons.iter().map(Reason::to_string).collect(),
        other => panic!("{dataset}: {other:?}"),
    }
}

fn without(path: &str) -> Vec<(&'static str, &'static str)> {
    DIAMOND.into_iter().filter(|(p, _)| *p != path).collect()
}

/// `DIAMOND` with another text at `path`.
fn edited(path: &'static str, text: &'static str) -> Pipeline {
    let mut files = without(path);
    files.push((path, text));
    load(&files, &[]).unwrap()
}

#[tokio::test]
async fn nothing_stale_builds_nothing() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let plan = plan(&pipeline, &Lake::built(&pipeline)).await;
    assert!(plan.steps.iter().all(|s| s.action == Action::Skip && s.current == Some(0)));
    assert!(plan.to_string().ends_with("0 to build, 6 up to date"), "{plan}");
}

#[tokio::test]
async fn a_new_lake_builds_everything() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let mut lake = Lake::default();
    lake.land("raw.sep", 0);
    lake.land("raw.tickers", 0);
    let plan = plan(&pipeline, &lake).await;
    assert_eq!(names(&plan), ["alone", "base", "mid", "left_side", "right_side", "top"]);
    assert_eq!(reasons(&plan, "top"), ["never built"]);
}

#[tokio::test]
async fn an_edit_makes_its_step_and_what_depends_on_it_stale() {
    let lake = Lake::built(&load(&DIAMOND, &[]).unwrap());
    let pipeline = edited("features/left.sql", "create or replace table left_side as select $x + 1 as x from mid");
    let plan = plan(&pipeline, &lake).await;
    assert_eq!(names(&plan), ["left_side", "top"]);
    assert_eq!(reasons(&plan, "left_side"), ["SQL changed"]);
    assert_eq!(reasons(&plan, "top"), ["input left_side is rebuilt"]);
}

#[tokio::test]
async fn a_comment_makes_nothing_stale() {
    let lake = Lake::built(&load(&DIAMOND, &[]).unwrap());
    let pipeline = edited(
        "features/left.sql",
        "-- now with a header\ncreate or replace table left_side\nas select $x as x from mid;",
    );
    assert!(names(&plan(&pipeline, &lake).await).is_empty());
}

#[tokio::test]
async fn a_parameter_concerns_only_the_steps_that_name_it() {
    let lake = Lake::built(&load(&DIAMOND, &[]).unwrap());
    let pipeline = load(&DIAMOND, &["x=0.25"]).unwrap();
    let plan = plan(&pipeline, &lake).await;
    assert_eq!(names(&plan), ["left_side", "top"]);
    assert_eq!(reasons(&plan, "left_side"), ["$x changed: 0.1 → 0.25"]);
}

#[tokio::test]
async fn floats_that_json_reads_inexactly_do_not_look_changed() {
    // Values spread over the exponents; serde_json without `float_roundtrip` misreads some such values by one unit.
    let mut bits = 0x3fb9_9999_9999_999a_u64;
    for _ in 0..2000 {
        bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let value = f64::from_bits(bits);
        if value.is_finite() {
            let pipeline = load(&DIAMOND, &[&format!("x={value:?}")]).unwrap();
            let plan = plan(&pipeline, &Lake::built(&pipeline)).await;
            assert!(names(&plan).is_empty(), "{value:?}");
        }
    }
}

#[tokio::test]
async fn a_new_version_of_an_input_is_seen() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let mut lake = Lake::built(&pipeline);
    lake.land("raw.tickers", 2);
    let plan = plan(&pipeline, &lake).await;
    assert_eq!(names(&plan), ["alone"]);
    assert_eq!(reasons(&plan, "alone"), ["input raw.tickers changed: version 1 → 2"]);
}

#[tokio::test]
async fn inputs_that_come_and_go_are_seen_without_an_edit() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let mut lake = Lake::built(&pipeline);
    let inputs = &mut lake.0.get_mut("alone").unwrap().record.inputs;
    *inputs = BTreeMap::from([("raw.old".to_string(), 1)]);
    let plan = plan(&pipeline, &lake).await;
    let expected = ["input raw.tickers is new", "input raw.old is no longer read"];
    assert_eq!(reasons(&plan, "alone"), expected);
}

#[tokio::test]
async fn new_functions_concern_only_the_steps_that_call_them() {
    let lake = Lake::built(&load(&DIAMOND, &[]).unwrap());
    let functions = Functions { fingerprint: "f2".into(), ..functions() };
    let pipeline = Pipeline::load(tree(&DIAMOND), &[], &functions, &known()).unwrap();
    let plan = plan(&pipeline, &lake).await;
    assert_eq!(names(&plan), ["mid", "left_side", "right_side", "top"]);
    assert_eq!(reasons(&plan, "mid"), ["kairos functions changed"]);
}

#[tokio::test]
async fn force_builds_what_was_asked_for_and_what_depends_on_it() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let lake = Lake::built(&pipeline);
    let only = Selectors { datasets: strings(&["left_side"]), ..all() };
    let plan = pipeline.plan(&only, true, &lake).await.unwrap();
    assert_eq!(names(&plan), ["left_side"]);
    assert_eq!(reasons(&plan, "left_side"), ["forced"]);
    let from = Selectors { from: strings(&["left_side"]), ..all() };
    let plan = pipeline.plan(&from, true, &lake).await.unwrap();
    assert_eq!(reasons(&plan, "top"), ["forced", "input left_side is rebuilt"]);
}

#[tokio::test]
async fn a_dataset_name_brings_its_stale_inputs_along_and_a_phase_does_not() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let mut lake = Lake::built(&pipeline);
    lake.land("raw.sep", 2);
    let left = Selectors { datasets: strings(&["left_side"]), ..all() };
    let plan = pipeline.plan(&left, false, &lake).await.unwrap();
    assert_eq!(names(&plan), ["base", "mid", "left_side"]);
    let matrix = Selectors { phases: strings(&["matrix"]), ..all() };
    assert!(names(&pipeline.plan(&matrix, false, &lake).await.unwrap()).is_empty());
}

#[tokio::test]
async fn missing_inputs_are_predicted() {
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let mut lake = Lake::default();
    lake.land("raw.tickers", 0);
    let plan = plan(&pipeline, &lake).await;
    assert_eq!(names(&plan), ["alone"]);
    let text = plan.to_string();
    let expected = "cannot  base        raw.sep does not exist: land it with `kairos land`, or say that there is none with `kairos land sep --empty`";
    assert!(text.contains(expected), "{text}");
    assert!(text.ends_with("1 to build, 0 up to date, 5 cannot be built"), "{text}");
    // What is up to date does not need its inputs any more.
    let mut lake = Lake::built(&pipeline);
    lake.0.remove("raw.sep");
    assert!(names(&pipeline.plan(&all(), false, &lake).await.unwrap()).is_empty());
}

#[tokio::test]
async fn a_plan_reads_well() {
    let lake = {
        let mut lake = Lake::built(&load(&DIAMOND, &[]).unwrap());
        lake.land("raw.sep", 4);
        lake
    };
    let pipeline = load(&DIAMOND, &["n=60"]).unwrap();
    let only = Selectors { datasets: strings(&["mid", "alone"]), ..all() };
    let plan = pipeline.plan(&only, false, &lake).await.unwrap();
    let expected = "\
-       alone  up to date, version 0
build   base   input raw.sep changed: version 1 → 4
build   mid    $n changed: 20 → 60
               input base is rebuilt
2 to build, 1 up to date";
    assert_eq!(plan.to_string(), expected);
}

#[tokio::test]
async fn a_lake_that_cannot_be_read_is_an_error_that_names_the_dataset() {
    struct Broken;
    #[async_trait]
    impl DatasetStates for Broken {
        async fn state(&self, dataset: &str) -> Result<Option<DatasetState>, Box<dyn Error + Send + Sync>> {
            if dataset == "mid" { Err("no route".into()) } else { Ok(None) }
        }
    }
    let pipeline = load(&DIAMOND, &[]).unwrap();
    let error = pipeline.plan(&all(), false, &Broken).await.unwrap_err().to_string();
    assert_eq!(error, "cannot read the state of mid: no route");
}
