use super::*;

fn tables(query: &str) -> Vec<String> {
    let step = step(&format!("create or replace table x as {query}"));
    step.tables.into_iter().map(|table| table.name).collect()
}

#[test]
fn tables_are_found_wherever_a_query_may_stand() {
    for (query, expected) in [
        ("select * from A join b using (k) left join c on true", vec!["a", "b", "c"]),
        ("select * from a, (select * from b) t", vec!["a", "b"]),
        ("select * from a where k in (select k from b) and exists (select 1 from c)", vec!["a", "b", "c"]),
        ("select (select max(k) from b) from a", vec!["b", "a"]),
        ("select * from a union all select * from b", vec!["a", "b"]),
        ("select * from (a join b using (k))", vec!["a", "b"]),
        ("select * from raw.SEP s join a on s.k = a.k", vec!["raw.sep", "a"]),
        ("select * from \"Mixed\"", vec!["Mixed"]),
        ("select * from a t1 join a t2 using (k)", vec!["a"]),
        ("select * from construct_portfolio((select * from a), top => 5)", vec!["a"]),
        ("with c as (select * from a) select * from construct_portfolio((c), b)", vec!["a", "b"]),
        ("select * from generate_series(1, 10) g", vec![]),
        ("select * from x", vec!["x"]),
        ("values (1)", vec![]),
    ] {
        assert_eq!(tables(query), expected, "{query}");
    }
}

#[test]
fn a_cte_hides_a_table_only_in_its_scope() {
    for (query, expected) in [
        ("with a as (select * from t) select * from a", vec!["t"]),
        // The name of a CTE does not hold inside its own definition …
        ("with t as (select * from t) select * from t", vec!["t"]),
        // … except under RECURSIVE.
        ("with recursive t as (select 1 n union all select n + 1 from t) select * from t", vec![]),
        // Later CTEs see earlier ones, not the other way round.
        ("with a as (select * from b), b as (select * from a) select * from b", vec!["b"]),
        ("with a as (select * from t), b as (select * from a) select * from b", vec!["t"]),
        // A CTE of a subquery ends with it.
        ("select * from (with a as (select * from t) select * from a) s join a using (k)", vec!["t", "a"]),
        ("(with a as (select * from t) select * from a) union all select * from a", vec!["t", "a"]),
        ("with o as (with i as (select * from t) select * from i) select * from o join i using (k)", vec!["t", "i"]),
        // Outer CTEs reach into subqueries.
        ("with a as (select * from t) select * from u where k in (select k from a)", vec!["t", "u"]),
        // A qualified name is never a CTE; a quoted one is, if it is spelt alike.
        ("with sep as (select 1) select * from raw.sep", vec!["raw.sep"]),
        ("with A as (select * from t) select * from \"a\" join \"A\" using (k)", vec!["t", "A"]),
    ] {
        assert_eq!(tables(query), expected, "{query}");
    }
}

#[test]
fn a_step_knows_its_functions_parameters_order_and_pinned_reads() {
    let step = step(
        "create or replace table Feat_X as
         with a as (select ROLLING_MEAN(close, $n) over (order by date) m, abs(z) from sep)
         select * from a join at_version('old_dataset', 3) o using (date)
         where m > $x and zscore(m) > 0
         order by a.Ticker, date desc, m + 1",
    );
    assert_eq!(step.dataset, "feat_x");
    assert_eq!(step.functions, ["rolling_mean", "zscore"].map(String::from).into());
    assert_eq!(step.parameters, ["n", "x"].map(String::from).into());
    assert_eq!(step.pinned, ["old_dataset".to_string()].into());
    let tables: Vec<&str> = step.tables.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(tables, ["sep"]);
    let key = |column: &str, ascending| OrderKey { column: column.into(), ascending };
    assert_eq!(step.order_by, [key("ticker", true), key("date", false), key("m + 1", true)]);
}

#[test]
fn the_hash_sees_meaning_and_not_layout() {
    let hash = |text: &str| step(text).sql_hash;
    let base = hash("create or replace table x as select a, 'B' from t where n > $n");
    let same = "-- header\nCREATE OR REPLACE TABLE X AS\n  SELECT a, 'B' /* note */\n  FROM t WHERE n > $n;\n";
    assert_eq!(hash(same), base);
    assert_eq!(base.len(), 64);
    for other in [
        "create or replace table x as select a, 'b' from t where n > $n",
        "create or replace table x as select \"A\", 'B' from t where n > $n",
        "create or replace table x as select a, 'B' from t where n >= $n",
        "create or replace table x as select a, 'B' from t where n > $m",
        "create or replace table x as select a, 'B' from t u where n > $n",
    ] {
        assert_ne!(hash(other), base, "{other}");
    }
}

fn error(text: &str) -> String {
    Step::parse(&file("features/x.sql", text), &BTreeSet::new()).unwrap_err().to_string()
}

#[test]
fn files_that_are_no_step_are_refused() {
    for (text, expected) in [
        ("", "holds one statement, found 0"),
        ("-- nothing\n;", "holds one statement, found 0"),
        ("select 1; select 2", "holds one statement, found 2"),
        ("select 1", "found `select 1 …`"),
        ("create view v as select 1", "`create view` without `or replace`"),
        ("create or replace materialized view v as select 1", "`materialized`"),
        ("create or replace view v (a) as select 1", "list of columns"),
        ("drop view v", "found `drop view …`"),
        ("explain select 1", "found `explain select …`"),
        ("create table x as select 1", "without `or replace`"),
        ("create or replace table x (a int)", "list of columns"),
        ("create or replace table x", "without `as select …`"),
        ("create or replace temporary table x as select 1", "`temporary`"),
        ("create or replace table a.x as select 1", "not one word"),
        ("create or replace table \"X y\" as select 1", "not one word"),
    ] {
        let error = error(text);
        assert!(error.contains(expected), "{text}: {error}");
        assert!(error.contains("--> sql/features/x.sql:"), "{text}: {error}");
    }
}

#[test]
fn syntax_errors_show_their_place() {
    let text = error("create or replace table x as\nselect a,\n\tb c d\nfrom t");
    assert!(text.contains("--> sql/features/x.sql:3:6"), "{text}");
    assert!(text.contains("3 | \tb c d\n  | \t    ^"), "{text}");
    assert!(!text.contains("Line:"), "{text}");
    let text = error("create or replace table x as\nselect 'open");
    assert!(text.contains("--> sql/features/x.sql:2:8"), "{text}");
}
