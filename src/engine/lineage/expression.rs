//! An expression of a plan as the SQL that a person would write.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction, Sort, WindowFunction};
use datafusion::logical_expr::{Between, Case, Expr, Like, Operator, WindowFrame};

use super::parameter::marked;

/// How tightly a text holds together; an operand that holds less than its operator is put in parentheses.
const ATOM: u8 = 100;
const NEGATIVE: u8 = 50;
const COMPARISON: u8 = 15;
const NOT: u8 = 12;

/// Shows expressions; `column` shows a column.
pub(super) struct Writer<'a> {
    pub column: &'a dyn Fn(&datafusion::common::Column) -> String,
}

impl Writer<'_> {
    /// The text of an expression.
    pub(super) fn text(&self, expr: &Expr) -> String {
        self.write(expr).0
    }

    fn list<'a>(&self, exprs: impl IntoIterator<Item = &'a Expr>) -> String {
        let texts: Vec<String> = exprs.into_iter().map(|expr| self.text(expr)).collect();
        texts.join(", ")
    }

    /// The text, in parentheses if it holds less tightly than `least`.
    fn operand(&self, expr: &Expr, least: u8) -> String {
        match self.write(expr) {
            (text, strength) if strength >= least => text,
            (text, _) => format!("({text})"),
        }
    }

    fn write(&self, expr: &Expr) -> (String, u8) {
        let postfix = |inner: &Expr, words: &str| (format!("{} {words}", self.operand(inner, NOT + 1)), COMPARISON);
        match expr {
            Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => ((self.column)(column), ATOM),
            Expr::Literal(value, _) => literal(value),
            Expr::Alias(alias) => self.write(&alias.expr),
            Expr::BinaryExpr(binary) => {
                let strength = binary.op.precedence();
                // `a - (b - c)` needs its parentheses, `a + (b + c)` does not.
                let associative = matches!(binary.op, Operator::And | Operator::Or | Operator::Plus);
                let same = matches!(binary.right.as_ref(), Expr::BinaryExpr(right) if right.op == binary.op);
                let right = if associative && same { strength } else { strength + 1 };
                let (left, right) = (self.operand(&binary.left, strength), self.operand(&binary.right, right));
                (format!("{left} {} {right}", binary.op.to_string().to_lowercase()), strength)
            }
            Expr::Not(inner) => (format!("not {}", self.operand(inner, NOT)), NOT),
            Expr::Negative(inner) => (format!("-{}", self.operand(inner, NEGATIVE + 1)), NEGATIVE),
            Expr::IsNull(inner) => postfix(inner, "is null"),
            Expr::IsNotNull(inner) => postfix(inner, "is not null"),
            Expr::IsTrue(inner) => postfix(inner, "is true"),
            Expr::IsFalse(inner) => postfix(inner, "is false"),
            Expr::IsUnknown(inner) => postfix(inner, "is unknown"),
            Expr::IsNotTrue(inner) => postfix(inner, "is not true"),
            Expr::IsNotFalse(inner) => postfix(inner, "is not false"),
            Expr::IsNotUnknown(inner) => postfix(inner, "is not unknown"),
            Expr::Between(between) => (self.between(between), COMPARISON),
            Expr::Like(like) => (self.like(like, if like.case_insensitive { "ilike" } else { "like" }), COMPARISON),
            Expr::SimilarTo(like) => (self.like(like, "similar to"), COMPARISON),
            Expr::InList(list) => {
                let not = if list.negated { "not " } else { "" };
                let (tested, values) = (self.operand(&list.expr, NOT + 1), self.list(&list.list));
                (format!("{tested} {not}in ({values})"), COMPARISON)
            }
            Expr::Case(case) => (self.case(case), ATOM),
            Expr::Cast(cast) => (self.cast("cast", &cast.expr, cast.field.data_type()), ATOM),
            Expr::TryCast(cast) => (self.cast("try_cast", &cast.expr, cast.field.data_type()), ATOM),
            Expr::ScalarFunction(call) => (self.call(call), ATOM),
            Expr::AggregateFunction(call) => (self.aggregate(call), ATOM),
            Expr::WindowFunction(call) => (self.window(call), ATOM),
            Expr::Unnest(unnest) => (format!("unnest({})", self.text(&unnest.expr)), ATOM),
            other => (other.human_display().to_string(), COMPARISON),
        }
    }

    fn between(&self, between: &Between) -> String {
        let not = if between.negated { "not " } else { "" };
        let bound = |expr| self.operand(expr, COMPARISON + 1);
        let (tested, low, high) = (bound(&between.expr), bound(&between.low), bound(&between.high));
        format!("{tested} {not}between {low} and {high}")
    }

    fn like(&self, like: &Like, word: &str) -> String {
        let not = if like.negated { "not " } else { "" };
        format!("{} {not}{word} {}", self.operand(&like.expr, NOT + 1), self.operand(&like.pattern, NOT + 1))
    }

    fn case(&self, case: &Case) -> String {
        let mut text = String::from("case");
        if let Some(of) = &case.expr {
            text.push_str(&format!(" {}", self.text(of)));
        }
        for (when, then) in &case.when_then_expr {
            text.push_str(&format!(" when {} then {}", self.text(when), self.text(then)));
        }
        if let Some(otherwise) = &case.else_expr {
            text.push_str(&format!(" else {}", self.text(otherwise)));
        }
        text + " end"
    }

    fn cast(&self, word: &str, inner: &Expr, to: &DataType) -> String {
        match (inner, to) {
            (Expr::Literal(ScalarValue::Utf8(Some(text)), _), DataType::Date32) => format!("date '{text}'"),
            _ => format!("{word}({} as {})", self.text(inner), type_name(to)),
        }
    }

    fn call(&self, call: &ScalarFunction) -> String {
        match marked(call) {
            Some((name, _)) => format!("${name}"),
            None => format!("{}({})", call.name(), self.list(&call.args)),
        }
    }

    fn aggregate(&self, call: &AggregateFunction) -> String {
        let distinct = if call.params.distinct { "distinct " } else { "" };
        let order = match call.params.order_by.as_slice() {
            [] => String::new(),
            keys => format!(" order by {}", self.keys(keys)),
        };
        let filter = self.filter(call.params.filter.as_deref());
        let name = call.func.name();
        format!("{name}({distinct}{}{order}){filter}", self.arguments(name, &call.params.args))
    }

    fn window(&self, call: &WindowFunction) -> String {
        let params = &call.params;
        let name = call.fun.name().to_lowercase();
        let distinct = if params.distinct { "distinct " } else { "" };
        let mut over = Vec::new();
        if !params.partition_by.is_empty() {
            over.push(format!("partition by {}", self.list(&params.partition_by)));
        }
        if !params.order_by.is_empty() {
            over.push(format!("order by {}", self.keys(&params.order_by)));
        }
        // What SQL means when it says nothing.
        let silent = WindowFrame::new((!params.order_by.is_empty()).then_some(false));
        if params.window_frame != silent {
            over.push(params.window_frame.to_string().to_lowercase());
        }
        let (arguments, filter) = (self.arguments(&name, &params.args), self.filter(params.filter.as_deref()));
        format!("{name}({distinct}{arguments}){filter} over ({})", over.join(" "))
    }

    /// `count(*)` is planned as a count of a literal.
    fn arguments(&self, name: &str, arguments: &[Expr]) -> String {
        match arguments {
            [Expr::Literal(ScalarValue::Int64(Some(1)), _)] if name == "count" => "*".to_owned(),
            _ => self.list(arguments),
        }
    }

    fn filter(&self, filter: Option<&Expr>) -> String {
        filter.map_or(String::new(), |filter| format!(" filter (where {})", self.text(filter)))
    }

    /// The keys of an `order by`. Missing values come last in Kairos, which needs no word.
    pub(super) fn keys(&self, keys: &[Sort]) -> String {
        let key = |key: &Sort| {
            let direction = if key.asc { "" } else { " desc" };
            let nulls = if key.nulls_first { " nulls first" } else { "" };
            format!("{}{direction}{nulls}", self.text(&key.expr))
        };
        keys.iter().map(key).collect::<Vec<_>>().join(", ")
    }
}

fn literal(value: &ScalarValue) -> (String, u8) {
    let number = |text: String| {
        let strength = if text.starts_with('-') { NEGATIVE } else { ATOM };
        (text, strength)
    };
    match value {
        value if value.is_null() => ("null".to_owned(), ATOM),
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            (format!("'{}'", text.replace('\'', "''")), ATOM)
        }
        ScalarValue::Float64(Some(x)) => number(format!("{x:?}")),
        ScalarValue::Date32(Some(_)) => (format!("date '{value}'"), ATOM),
        value if value.data_type().is_numeric() => number(value.to_string()),
        ScalarValue::Boolean(_) => (value.to_string(), ATOM),
        value => (format!("{} '{value}'", type_name(&value.data_type())), ATOM),
    }
}

/// The SQL name of a type, or Arrow's where SQL has none.
fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "varchar",
        DataType::Boolean => "boolean",
        DataType::Int8 => "tinyint",
        DataType::Int16 => "smallint",
        DataType::Int32 => "int",
        DataType::Int64 => "bigint",
        DataType::Float32 => "real",
        DataType::Float64 => "double",
        DataType::Date32 => "date",
        DataType::Timestamp(_, _) => "timestamp",
        DataType::Interval(_) => "interval",
        other => return other.to_string().to_lowercase(),
    };
    name.to_owned()
}
