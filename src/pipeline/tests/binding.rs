use datafusion::sql::sqlparser::ast::Statement;

use super::*;

/// Parameters `i`, `negative`, `f`, `tiny`, `s`, `b`, `d` and the column `c`, with `settings` applied.
fn parameters(settings: &[&str]) -> Parameters {
    let manifest = "
        [i]\ndefault = 20\n[negative]\ndefault = -3\n[f]\ndefault = 0.1\n[tiny]\ndefault = -5e-324
        [s]\ndefault = \"it's\"\n[b]\ndefault = true\n[d]\ndefault = 2020-02-29
        [c]\ndefault = \"mom_12_1\"\nunit = \"column\"";
    Parameters::load(&[file("pipeline.toml", manifest)], &strings(settings)).unwrap()
}

fn query(text: &str) -> (Statement, SqlFile) {
    let file = SqlFile::inline("-c", text);
    match parse_statements(&file).unwrap().remove(0) {
        datafusion::sql::parser::Statement::Statement(statement) => (*statement, file),
        other => panic!("{other}"),
    }
}

fn bound(text: &str) -> String {
    let (mut statement, file) = query(text);
    parameters(&[]).bind(&mut statement, &file).unwrap();
    statement.to_string()
}

#[test]
fn each_type_becomes_its_literal_wherever_an_expression_may_stand() {
    for (sql, expected) in [
        ("SELECT $i, $negative, $f, $s, $b, $d", "SELECT 20, (-3), 0.1, 'it''s', true, DATE '2020-02-29'"),
        ("SELECT -$negative", "SELECT -(-3)"),
        ("SELECT 1 - $negative", "SELECT 1 - (-3)"),
        (
            "SELECT rolling_mean(x, $i) OVER w FROM t WINDOW w AS (ORDER BY d)",
            "SELECT rolling_mean(x, 20) OVER w FROM t WINDOW w AS (ORDER BY d)",
        ),
        (
            "SELECT avg(x) OVER (ORDER BY d ROWS BETWEEN $i PRECEDING AND CURRENT ROW) FROM t",
            "SELECT avg(x) OVER (ORDER BY d ROWS BETWEEN 20 PRECEDING AND CURRENT ROW) FROM t",
        ),
        (
            "SELECT avg(x) OVER w FROM t WINDOW w AS (ORDER BY d ROWS $i PRECEDING)",
            "SELECT avg(x) OVER w FROM t WINDOW w AS (ORDER BY d ROWS 20 PRECEDING)",
        ),
        ("SELECT * FROM t WHERE a IN ($i, $negative) LIMIT $i", "SELECT * FROM t WHERE a IN (20, (-3)) LIMIT 20"),
        (
            "SELECT * FROM f((SELECT * FROM t WHERE x > $f), top => $i)",
            "SELECT * FROM f((SELECT * FROM t WHERE x > 0.1), top => 20)",
        ),
        (
            "WITH a AS (SELECT $i AS n) SELECT CASE WHEN $b THEN n END FROM a WHERE d BETWEEN $d AND $d",
            "WITH a AS (SELECT 20 AS n) SELECT CASE WHEN true THEN n END FROM a WHERE d BETWEEN DATE '2020-02-29' AND DATE '2020-02-29'",
        ),
        ("SELECT '$i', \"$i\"", "SELECT '$i', \"$i\""),
        (
            "SELECT zscore($c) OVER (PARTITION BY $c) AS c FROM t WHERE $c > $f ORDER BY $c",
            "SELECT zscore(\"mom_12_1\") OVER (PARTITION BY \"mom_12_1\") AS c FROM t WHERE \"mom_12_1\" > 0.1 ORDER BY \"mom_12_1\"",
        ),
    ] {
        assert_eq!(bound(sql), expected);
    }
}

#[test]
fn floats_keep_every_bit_and_stay_floats() {
    for text in ["0.1", "1e16", "500000.0", "1.7976931348623157e308", "5e-324", "0.30000000000000004"] {
        let (mut statement, file) = query("SELECT $f");
        parameters(&[&format!("f={text}")]).bind(&mut statement, &file).unwrap();
        let literal = statement.to_string().replace("SELECT ", "");
        assert_eq!(literal.parse::<f64>().unwrap().to_bits(), text.parse::<f64>().unwrap().to_bits());
        assert!(literal.parse::<i64>().is_err(), "{literal} would be planned as an integer");
    }
    assert_eq!(bound("SELECT $tiny"), "SELECT (-5e-324)");
    let (mut statement, file) = query("SELECT $i");
    parameters(&["i=-9223372036854775808"]).bind(&mut statement, &file).unwrap();
    assert_eq!(statement.to_string(), "SELECT (-9223372036854775808)");
}

/// The literals as DataFusion plans and computes them.
#[tokio::test]
async fn datafusion_gives_bound_literals_the_declared_type_and_value() {
    use datafusion::prelude::SessionContext;
    use datafusion::sql::parser::Statement as DataFusionStatement;

    let (mut statement, file) =
        query("SELECT $i, $negative, $f, $tiny, $s, $b, $d, sum($i) OVER (ROWS BETWEEN $i PRECEDING AND CURRENT ROW)");
    parameters(&[]).bind(&mut statement, &file).unwrap();
    let context = SessionContext::new();
    let statement = DataFusionStatement::Statement(Box::new(statement));
    let plan = context.state().statement_to_plan(statement).await.unwrap();
    let batches = context.execute_logical_plan(plan).await.unwrap().collect().await.unwrap();
    let schema = batches[0].schema();
    let types: Vec<String> = schema.fields().iter().map(|f| f.data_type().to_string()).collect();
    assert_eq!(types, ["Int64", "Int64", "Float64", "Float64", "Utf8", "Boolean", "Date32", "Int64"]);
    let row: Vec<String> = (batches[0].columns().iter())
        .map(|c| datafusion::common::ScalarValue::try_from_array(c, 0).unwrap().to_string())
        .collect();
    let tiny = (-5e-324_f64).to_string();
    assert_eq!(row, ["20", "-3", "0.1", &tiny, "it's", "true", "2020-02-29", "20"]);
}

/// Whatever the value, the statement keeps its shape: the name is one column, quoted.
#[tokio::test]
async fn a_column_parameter_is_the_column_of_that_name_and_nothing_else() {
    use datafusion::prelude::SessionContext;
    use datafusion::sql::parser::Statement as DataFusionStatement;

    let context = SessionContext::new();
    let rows = "create table t as select 1.0 as mom_12_1, 2.0 as \"Odd \"\"Name\", 3.0 as other";
    context.sql(rows).await.unwrap().collect().await.unwrap();
    for (setting, expected) in [("c=mom_12_1", Some("1")), ("c=Odd \"Name", Some("2")), ("c=other, 1", None)] {
        let (mut statement, file) = query("SELECT max($c) AS c FROM t");
        let used = parameters(&[setting]).bind(&mut statement, &file).unwrap();
        assert_eq!(used["c"].as_str().unwrap(), &setting[2..]);
        let statement = DataFusionStatement::Statement(Box::new(statement));
        match (context.state().statement_to_plan(statement).await, expected) {
            (Ok(plan), Some(expected)) => {
                let batches = context.execute_logical_plan(plan).await.unwrap().collect().await.unwrap();
                let value = datafusion::common::ScalarValue::try_from_array(batches[0].column(0), 0).unwrap();
                assert_eq!(value.to_string(), expected);
            }
            (Err(error), None) => assert!(error.to_string().contains("No field named"), "{error}"),
            (found, _) => panic!("{setting}: {found:?}"),
        }
    }
}

#[test]
fn the_values_that_were_used_come_back_as_json() {
    let (mut statement, file) = query("SELECT $i, $f, $d, $i");
    let used = parameters(&[]).bind(&mut statement, &file).unwrap();
    let expected = serde_json::json!({"d": "2020-02-29", "f": 0.1, "i": 20});
    assert_eq!(serde_json::to_value(used).unwrap(), expected);
}

#[test]
fn an_unknown_parameter_is_shown_with_similar_ones() {
    let manifest = "[min_adv]\ndefault = 1.0\n[min_price]\ndefault = 1.0\n";
    let error = load(
        &[
            ("pipeline.toml", manifest),
            ("base/a.sql", "create or replace table a as\nselect *\nfrom sep\nwhere v > $min_advs"),
        ],
        &[],
    )
    .unwrap_err();
    let expected = "\
there is no parameter $min_advs
 --> sql/base/a.sql:4:11
  |
4 | where v > $min_advs
  |           ^^^^^^^^^
help: did you mean $min_adv? Otherwise declare it in pipeline.toml";
    assert_eq!(error.to_string(), expected);
}
