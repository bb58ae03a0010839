use chrono::NaiveDate;

use super::*;

const BASE: &str = r#"
[zeta]
default = 0.5
unit = "USD"
about = "A float"

[count]
default = 20

[basis]
default = "closeadj"
choices = ["closeadj", "close"]

[strict]
default = true

[since]
default = 2000-01-01

[alpha]
default = "alpha_v8"
unit = "column"

[target]
default = 0.2
strategies = { ls = 0.12, ls_opt = 1 }
"#;

fn parameters(overlays: &[&str], settings: &[&str]) -> Result<Parameters, PipelineError> {
    let mut manifests = vec![file("pipeline.toml", BASE)];
    manifests.extend(overlays.iter().map(|text| file("idea/pipeline.toml", text)));
    Parameters::load(&manifests, &strings(settings))
}

fn value(parameters: &Parameters, name: &str) -> ParameterValue {
    parameters.get(name).unwrap().value.clone()
}

#[test]
fn types_come_from_toml_and_order_from_the_file() {
    let parameters = parameters(&[], &[]).unwrap();
    let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["zeta", "count", "basis", "strict", "since", "alpha", "target"]);
    assert_eq!(value(&parameters, "zeta"), ParameterValue::Float(0.5));
    assert_eq!(value(&parameters, "count"), ParameterValue::Integer(20));
    assert_eq!(value(&parameters, "basis"), ParameterValue::Text("closeadj".into()));
    assert_eq!(value(&parameters, "strict"), ParameterValue::Boolean(true));
    let date = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
    assert_eq!(value(&parameters, "since"), ParameterValue::Date(date));
    assert_eq!(value(&parameters, "alpha"), ParameterValue::Column("alpha_v8".into()));
    let zeta = parameters.get("zeta").unwrap();
    assert_eq!(zeta.unit.as_deref(), Some("USD"));
    assert_eq!(zeta.about.as_deref(), Some("A float"));
    assert_eq!(zeta.set_by, "sql/pipeline.toml");
}

#[test]
fn settings_are_read_as_the_declared_type() {
    let settings = ["zeta=3", "count=-7", "basis=close", "strict=false", "since=2020-02-29", "alpha=Alpha \"V9\""];
    let parameters = parameters(&[], &settings).unwrap();
    assert_eq!(value(&parameters, "zeta"), ParameterValue::Float(3.0));
    assert_eq!(value(&parameters, "count"), ParameterValue::Integer(-7));
    assert_eq!(value(&parameters, "basis"), ParameterValue::Text("close".into()));
    assert_eq!(value(&parameters, "strict"), ParameterValue::Boolean(false));
    let date = NaiveDate::from_ymd_opt(2020, 2, 29).unwrap();
    assert_eq!(value(&parameters, "since"), ParameterValue::Date(date));
    assert_eq!(value(&parameters, "alpha"), ParameterValue::Column("Alpha \"V9\"".into()));
    let zeta = parameters.get("zeta").unwrap();
    assert_eq!((zeta.set_by.as_str(), &zeta.default), ("--set", &ParameterValue::Float(0.5)));
}

#[test]
fn wrong_settings_say_what_was_expected() {
    for (setting, expected) in [
        ("zetta=1", "did you mean zeta?"),
        ("zeta", "write --set name=value"),
        ("zeta=much", "zeta expects a finite number, found \"much\""),
        ("zeta=inf", "zeta expects a finite number"),
        ("count=1.5", "count expects an integer, found \"1.5\""),
        ("basis=open", "basis expects one of closeadj, close, found \"open\""),
        ("strict=1", "strict expects true or false"),
        ("since=2023-02-29", "since expects a date (YYYY-MM-DD)"),
        ("alpha=", "alpha expects the name of a column, found \"\""),
        ("alpha=a\nb", "alpha expects the name of a column, found \"a\\nb\""),
    ] {
        let error = parameters(&[], &[setting]).unwrap_err().to_string();
        assert!(error.contains(expected), "{setting}: {error}");
    }
}

#[test]
fn overlays_change_defaults_and_declare_new_parameters() {
    let overlay = "zeta = 2\nbasis = \"close\"\n[fresh]\ndefault = 1\n[count]\nabout = \"rows\"\n";
    let parameters = parameters(&[overlay], &[]).unwrap();
    assert_eq!(value(&parameters, "zeta"), ParameterValue::Float(2.0));
    assert_eq!(value(&parameters, "basis"), ParameterValue::Text("close".into()));
    assert_eq!(value(&parameters, "fresh"), ParameterValue::Integer(1));
    assert_eq!(value(&parameters, "count"), ParameterValue::Integer(20));
    assert_eq!(parameters.get("count").unwrap().about.as_deref(), Some("rows"));
    assert_eq!(parameters.get("zeta").unwrap().set_by, "sql/idea/pipeline.toml");
}

#[test]
fn numbers_below_the_least_are_refused() {
    let overlay = "[zeta]\nleast = 0\n[count]\nleast = 1\n";
    let set = |setting: &str| parameters(&[overlay], &[setting]);
    assert_eq!(value(&set("zeta=0").unwrap(), "zeta"), ParameterValue::Float(0.0));
    assert_eq!(value(&set("count=1").unwrap(), "count"), ParameterValue::Integer(1));
    for (setting, expected) in [
        ("zeta=-1e-9", "zeta expects a finite number of at least 0.0, found \"-1e-9\""),
        ("count=0", "count expects an integer of at least 1, found \"0\""),
    ] {
        let error = set(setting).unwrap_err().to_string();
        assert!(error.contains(expected), "{setting}: {error}");
    }
}

#[test]
fn wrong_manifests_are_located() {
    for (overlay, expected) in [
        ("zetta = 1", "did you mean zeta?"),
        ("count = 1.5", "count expects an integer, found 1.5"),
        ("basis = \"open\"", "basis expects one of closeadj, close"),
        ("[count]\ndefault = \"x\"", "count expects an integer, found \"x\""),
        ("[new]\nabout = \"x\"", "new has no default"),
        ("[new]\ndefault = nan", "new cannot default to nan"),
        ("[new]\ndefault = [1]", "new cannot default to an array"),
        ("[new]\ndefault = 2020-01-01T00:00:00Z", "new cannot default to 2020-01-01T00:00:00Z"),
        ("[new]\ndefualt = 1\ndefault = 1", "unknown key defualt"),
        ("[New]\ndefault = 1", "\"New\" is not a parameter name"),
        ("[new]\ndefault = 1\nunit = 2", "expected a string, found 2"),
        ("[new]\ndefault = 1\nchoices = [\"a\"]", "choices of new"),
        ("[new]\ndefault = 1\nchoices = [2]", "new expects one of 2, found 1"),
        ("[new]\ndefault = 1\nleast = 2", "new expects an integer of at least 2, found 1"),
        ("[new]\ndefault = 1\nleast = 0.5", "new is an integer and cannot be at least 0.5"),
        ("[new]\ndefault = \"a\"\nleast = \"a\"", "new is a string and cannot be at least \"a\""),
        ("[new", "idea/pipeline.toml:1:"),
        ("[new]\ndefault = 1\nunit = \"column\"", "new cannot default to 1"),
        ("[new]\ndefault = \"\"\nunit = \"column\"", "new cannot default to \"\""),
        ("alpha = 1", "alpha expects the name of a column, found 1"),
        ("[alpha]\nunit = \"USD\"", "alpha names a column and cannot have another unit"),
        ("[basis]\nunit = \"column\"", "basis is a string and cannot become the name of a column"),
        ("[target]\nstrategies = 0.1", "expected values by strategy, found 0.1"),
        ("[target]\nstrategies = { ls = \"x\" }", "target expects a finite number, found \"x\""),
        ("[basis]\nstrategies = { ls = \"open\" }", "basis expects one of closeadj, close, found \"open\""),
    ] {
        let error = parameters(&[overlay], &[]).unwrap_err().to_string();
        assert!(error.contains(expected), "{overlay}: {error}");
        assert!(error.contains("--> sql/idea/pipeline.toml:"), "{overlay}: {error}");
    }
}

/// The value of `target` as the strategies `ls`, `ls_opt` and `baseline` see it.
fn targets(overlays: &[&str], settings: &[&str]) -> [f64; 3] {
    let parameters = parameters(overlays, settings).unwrap();
    ["ls", "ls_opt", "baseline"].map(|strategy| match value(&parameters.for_strategy(strategy), "target") {
        ParameterValue::Float(value) => value,
        other => panic!("{other:?}"),
    })
}

#[test]
fn a_strategy_takes_its_own_default_unless_a_later_word_counts_for_all() {
    assert_eq!(targets(&[], &[]), [0.12, 1.0, 0.2]);
    assert_eq!(targets(&[], &["target=0.12"]), [0.12; 3]);
    assert_eq!(targets(&["target = 0.3"], &[]), [0.3; 3]);
    assert_eq!(targets(&["[target]\ndefault = 0.3"], &[]), [0.3; 3]);
    assert_eq!(targets(&["[target]\nabout = \"x\""], &[]), [0.12, 1.0, 0.2]);
    assert_eq!(targets(&["[target]\nstrategies = { ls = 0.5 }"], &[]), [0.5, 0.2, 0.2]);
    assert_eq!(targets(&["[target]\ndefault = 0.3\nstrategies = { ls = 0.5 }"], &[]), [0.5, 0.3, 0.3]);
    assert_eq!(targets(&["target = 0.3", "[target]\nstrategies = { ls = 0.5 }"], &["target=0.4"]), [0.4; 3]);
    let parameters = parameters(&[], &[]).unwrap().for_strategy("ls");
    assert_eq!(parameters.get("target").unwrap().set_by, "strategy ls");
    assert_eq!(parameters.get("zeta").unwrap().set_by, "sql/pipeline.toml");
}

#[test]
fn an_error_in_a_manifest_shows_the_line() {
    let error = parameters(&["# header\ncount = 1.5\n"], &[]).unwrap_err().to_string();
    let expected = "\
count expects an integer, found 1.5
 --> sql/idea/pipeline.toml:2:9
  |
2 | count = 1.5
  |         ^^^
help: for example 20";
    assert_eq!(error, expected);
}
