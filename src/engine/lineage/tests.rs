use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use super::*;
use crate::engine::{Engine, Resources};
use crate::lake::Lake;

fn columns(fields: &[(&str, DataType)]) -> SchemaRef {
    let fields = fields.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn tables() -> Tables {
    use DataType::{Date32, Float64, Int64, List, Utf8};
    let mut tables = Tables::default();
    let items = List(Arc::new(Field::new("item", Utf8, true)));
    let t = [("k", Utf8), ("d", Date32), ("x", Float64), ("y", Float64), ("n", Int64), ("items", items)];
    tables.insert("t", columns(&t));
    tables.insert("u", columns(&[("k", Utf8), ("d", Date32), ("z", Float64)]));
    tables.insert("raw.sep", columns(&[("ticker", Utf8), ("close", Float64)]));
    tables
}

async fn plan(sql: &str) -> Arc<LogicalPlan> {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let engine = Engine::new(lake, &Resources { threads: Some(1), memory_limit: None }).unwrap();
    let statement = engine.parse(sql).unwrap().pop().unwrap();
    engine.plan_over(statement, &tables()).await.unwrap()
}

async fn lineage(sql: &str) -> Lineage {
    Lineage::new(plan(sql).await, tables())
}

/// The lineage of a column, one line per column, inputs below and further in.
async fn of(sql: &str, column: &str) -> String {
    let mut lineage = lineage(sql).await;
    let step = lineage.trace(column).unwrap().unwrap();
    let mut out = String::new();
    describe(&lineage, step, 0, &mut Vec::new(), &mut out);
    out.trim_end().to_owned()
}

fn describe(lineage: &Lineage, at: usize, depth: usize, seen: &mut Vec<usize>, out: &mut String) {
    let step = lineage.step_at(at).unwrap();
    let name = format!("{}.{}", step.relation.as_deref().unwrap_or("result"), step.column);
    if seen.contains(&at) {
        out.push_str(&format!("{}{name} (above)\n", "  ".repeat(depth)));
        return;
    }
    seen.push(at);
    let part = |part: &Part| {
        let rows: String = part.rows.iter().map(|clause| format!(" [{clause}]")).collect();
        format!("{}{rows}", part.expression)
    };
    let parts: Vec<String> = step.parts.iter().map(part).collect();
    out.push_str(&format!("{}{name} = {}\n", "  ".repeat(depth), parts.join(" or ")));
    for source in step.parts.iter().flat_map(|part| &part.inputs) {
        match source {
            Source::Step(input) => describe(lineage, *input, depth + 1, seen, out),
            Source::Field { table, column } => {
                out.push_str(&format!("{}{table}.{column}\n", "  ".repeat(depth + 1)));
            }
        }
    }
}

/// What the rows of a column depend on, as `table.column`, for a statement without CTEs.
async fn rows_of(sql: &str, column: &str) -> Vec<String> {
    let mut lineage = lineage(sql).await;
    let step = lineage.trace(column).unwrap().unwrap();
    let field = |source: &Source| match source {
        Source::Field { table, column } => format!("{table}.{column}"),
        Source::Step(step) => format!("step {step}"),
    };
    lineage.step_at(step).unwrap().parts[0].row_inputs.iter().map(field).collect()
}

#[tokio::test]
async fn a_projection_is_its_expression_over_the_table() {
    assert_eq!(of("select x + y * 2 as a from t", "a").await, "result.a = x + y * 2\n  t.x\n  t.y");
    assert_eq!(of("select 1 as a from t", "a").await, "result.a = 1");
    assert_eq!(of("select close from sep", "close").await, "result.close = close\n  raw.sep.close");
    assert_eq!(of("select s.close from raw.sep s", "close").await, "result.close = close\n  raw.sep.close");
    assert_eq!(of("create or replace table r as select x from t order by x", "x").await, "result.x = x\n  t.x");
}

#[tokio::test]
async fn a_column_that_is_not_there_is_none() {
    assert_eq!(lineage("select x from t").await.trace("z").unwrap(), None);
}

#[tokio::test]
async fn a_cte_is_a_step_with_its_filter() {
    let sql = "with c as (select x, x - (y - 1) as w from t where n > 3) select w / x as r from c";
    let expected = "\
result.r = w / x
  c.w = x - (y - 1) [where n > 3]
    t.x
    t.y
  c.x = x [where n > 3]
    t.x";
    assert_eq!(of(sql, "r").await, expected);
}

#[tokio::test]
async fn a_cte_read_twice_under_other_names_is_one_step() {
    let sql = "with c as (select k, x * 2 as w from t)
        select a.w - b.w as r from c a join c b on a.k = b.k";
    let expected = "\
result.r = a.w - b.w [c a join c b on a.k = b.k]
  c.w = x * 2
    t.x";
    assert_eq!(of(sql, "r").await, expected);
}

#[tokio::test]
async fn a_join_says_its_keys_and_tells_columns_of_one_name_apart() {
    let sql = "select b.k, b.z, a.x from t a left join u b on a.k = b.k and a.d = b.d";
    let join = "[t a left join u b on a.k = b.k and a.d = b.d]";
    assert_eq!(of(sql, "z").await, format!("result.z = z {join}\n  u.z"));
    assert_eq!(of(sql, "k").await, format!("result.k = b.k {join}\n  u.k"));
    assert_eq!(rows_of(sql, "x").await, ["t.d", "t.k", "u.d", "u.k"]);
    let chain = "select u.z from t join u on t.k = u.k and u.z > t.x left join raw.sep s on s.ticker = t.k";
    let clause = "t join u on t.k = u.k and z > x left join raw.sep s on ";
    assert!(of(chain, "z").await.contains(clause), "{}", of(chain, "z").await);
}

#[tokio::test]
async fn a_window_has_a_value_and_an_order() {
    let sql = "select lag(x, 5) over w as l, row_number() over (partition by k order by n desc) as r,
            sum(x) over (partition by k order by d rows between 3 preceding and current row) as s
        from t window w as (partition by k order by d)";
    assert_eq!(of(sql, "l").await, "result.l = lag(x, 5) over (partition by k order by d)\n  t.x");
    assert_eq!(rows_of(sql, "l").await, ["t.d", "t.k"]);
    let rank = "result.r = row_number() over (partition by k order by n desc)\n  t.k\n  t.n";
    assert_eq!(of(sql, "r").await, rank);
    let framed = of(sql, "s").await;
    assert!(framed.contains("order by d rows between 3 preceding and current row)"), "{framed}");
}

#[tokio::test]
async fn an_aggregate_has_groups_and_a_filter_of_groups() {
    let sql = "select k, avg(x) as m, count(*) as c from t where y > 0 group by k having count(*) > 2";
    let rows = "[where y > 0] [group by k] [having count(*) > 2]";
    assert_eq!(of(sql, "m").await, format!("result.m = avg(x) {rows}\n  t.x"));
    assert_eq!(of(sql, "c").await, format!("result.c = count(*) {rows}"));
    assert_eq!(rows_of(sql, "m").await, ["t.k", "t.y"]);
    assert_eq!(of("select avg(x) / 2 as h from t", "h").await, "result.h = avg(x) / 2\n  t.x");
}

#[tokio::test]
async fn a_union_has_a_part_per_branch() {
    let sql = "with e as (
            select k, x as v from t union all select k, null from t union all select k, z from u where z is not null
        ) select v + 1 as w from e";
    let expected = "\
result.w = v + 1
  e.v = x or null or z [where z is not null]
    t.x
    u.z";
    assert_eq!(of(sql, "w").await, expected);
    let unnamed = "select x + 1 as w from (select x from t union select z from u)";
    let expected = "\
result.w = x + 1
  union.x = x [distinct] or z [distinct]
    t.x
    u.z";
    assert_eq!(of(unnamed, "w").await, expected);
}

#[tokio::test]
async fn a_subquery_is_a_step_if_it_has_a_name() {
    let named = "select s.q + 1 as p from (select x * y as q from t) s";
    assert_eq!(of(named, "p").await, "result.p = q + 1\n  s.q = x * y\n    t.x\n    t.y");
    let unnamed = "select (q + 1) * 2 as p from (select x * y as q from t where n > 0)";
    assert_eq!(of(unnamed, "p").await, "result.p = (x * y + 1) * 2 [where n > 0]\n  t.x\n  t.y");
}

#[tokio::test]
async fn subqueries_inside_expressions_are_followed() {
    let scalar = of("select x - (select avg(z) as m from u) as p from t", "p").await;
    assert_eq!(scalar, "result.p = x - (subquery)\n  t.x\n  subquery.m = avg(z)\n    u.z");
    let member = of("select x from t where k in (select k from u where z > 1)", "x").await;
    assert_eq!(member, "result.x = x [where k in (subquery.k)]\n  t.x");
    let correlated = of("select (select max(z) as m from u where u.k = t.k) as p from t", "p").await;
    assert_eq!(correlated, "result.p = (subquery)\n  subquery.m = max(z) [where k = t.k]\n    u.z");
}

#[tokio::test]
async fn a_star_hands_every_column_on() {
    let sql = "with c as (select *, x + 1 as w from t) select * from c";
    assert_eq!(of(sql, "w").await, "result.w = w\n  c.w = x + 1\n    t.x");
    assert_eq!(of(sql, "y").await, "result.y = y\n  c.y = y\n    t.y");
}

#[tokio::test]
async fn the_conditions_of_a_case_are_inputs() {
    let sql = "select case when n > 0 and not (x is null) then x when y between 1 and 2 then -y else 0 end as c from t";
    let text = "case when n > 0 and not x is null then x when y between 1 and 2 then -y else 0 end";
    assert_eq!(of(sql, "c").await, format!("result.c = {text}\n  t.n\n  t.x\n  t.y"));
    let simple = "select case k when 'A' then 1 else cast(n as int) end as c from t";
    let text = "case k when 'A' then 1 else cast(n as int) end";
    assert_eq!(of(simple, "c").await, format!("result.c = {text}\n  t.k\n  t.n"));
}

#[tokio::test]
async fn other_expressions_read_as_they_are_written() {
    for text in [
        "k in ('A', 'B''s')",
        "k not like 'A%'",
        "d >= date '2020-01-01'",
        "(n > 1 or x > 2) and y > 3",
        "x - y - (y - x)",
        "x / (y * 2)",
        "coalesce(x, y, 0.5)",
        "k is not distinct from 'A'",
        "-(x + y)",
        "n * 1000000.0",
    ] {
        let lineage = of(&format!("select {text} as r from t"), "r").await;
        assert_eq!(lineage.lines().next().unwrap(), format!("result.r = {text}"));
    }
    let list = of("select unnest(items) as i from t", "i").await;
    assert_eq!(list, "result.i = unnest(items)\n  t.items");
}

#[tokio::test]
async fn distinct_and_limit_decide_on_rows() {
    assert_eq!(of("select distinct k from t", "k").await, "result.k = k [distinct]\n  t.k");
    for selected in ["x", "x, y"] {
        let first = format!("select {selected} from t order by y desc limit 3");
        assert_eq!(of(&first, "x").await, "result.x = x [order by y desc limit 3]\n  t.x");
        assert_eq!(rows_of(&first, "x").await, ["t.y"]);
    }
}

#[tokio::test]
async fn a_recursive_cte_comes_back_to_itself() {
    let sql = "with recursive r as (select x as i from t union all select i + 1 from r where i < 5) select i from r";
    let expected = "\
result.i = i
  r.i = x or i + 1 [where i < 5]
    t.x
    r.i (above)";
    assert_eq!(of(sql, "i").await, expected);
}

#[tokio::test]
async fn a_parameter_keeps_its_name_and_its_value() {
    let sql = format!("select x * {PARAMETER}('factor', 2.0) as p from t where n > {PARAMETER}('least', 3)");
    assert_eq!(of(&sql, "p").await, "result.p = x * $factor [where n > $least]\n  t.x");
    let mut lineage = lineage(&sql).await;
    let step = lineage.trace("p").unwrap().unwrap();
    let parameters = &lineage.step_at(step).unwrap().parts[0].parameters;
    assert_eq!(
        parameters.iter().collect::<Vec<_>>(),
        [(&"factor".to_owned(), &"2.0".to_owned()), (&"least".to_owned(), &"3".to_owned())]
    );
}

/// A table function over a relation: one column that nobody can look into.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Weigh {
    input: LogicalPlan,
    schema: DFSchemaRef,
}

impl PartialOrd for Weigh {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.input.partial_cmp(&other.input)
    }
}

impl UserDefinedLogicalNodeCore for Weigh {
    fn name(&self) -> &str {
        "Weigh"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Weigh")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> datafusion::error::Result<Self> {
        Ok(Self { input: inputs.remove(0), schema: self.schema.clone() })
    }
}

#[tokio::test]
async fn of_a_node_that_is_not_sql_every_column_depends_on_every_input() {
    let input = plan("select k, x * 2 as w from t where n > 0").await;
    let weight = columns(&[("weight", DataType::Float64)]);
    let schema = Arc::new(DFSchema::try_from(weight).unwrap());
    let node = Weigh { input: input.as_ref().clone(), schema };
    let plan = LogicalPlan::Extension(Extension { node: Arc::new(node) });
    let mut lineage = Lineage::new(Arc::new(plan), tables());
    let step = lineage.trace("weight").unwrap().unwrap();
    let mut out = String::new();
    describe(&lineage, step, 0, &mut Vec::new(), &mut out);
    assert_eq!(out, "result.weight = weigh(…) [where n > 0]\n  t.k\n  t.x\n");
}

#[tokio::test]
async fn a_table_function_is_a_table() {
    let text = of("select value + 1 as v from generate_series(1, 3)", "v").await;
    assert!(text.starts_with("result.v = value + 1\n  generate_series"), "{text}");
    let text = of("with c (a) as (values (1), (2), (3), (4), (5)) select a from c", "a").await;
    assert!(text.contains("values 1, 2, 3, 4, …"), "{text}");
}
