//! Statements through lexer, dialect and sqlparser: what comes out as an AST, and what is refused where.

use sqlparser::ast::{BinaryOperator, Expr, Query, Select, SelectItem, SetExpr, UnaryOperator, Value};

use super::{Statement, ViewSource, parse_query, parse_script};
use crate::error::{Position, SparkError};

fn query(sql: &str) -> Query {
    *parse_query(sql).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

fn select(sql: &str) -> Select {
    match *query(sql).body {
        SetExpr::Select(select) => *select,
        other => panic!("{sql}: {other:?}"),
    }
}

/// The expression of `SELECT text`.
fn expr(text: &str) -> Expr {
    match select(&format!("SELECT {text}")).projection.remove(0) {
        SelectItem::UnnamedExpr(e) => e,
        other => panic!("{text}: {other:?}"),
    }
}

/// The expression with explicit parentheses around each operation.
fn shape(e: &Expr) -> String {
    match e {
        Expr::BinaryOp { left, op, right } => format!("({} {op} {})", shape(left), shape(right)),
        Expr::UnaryOp { op, expr } => format!("[{op} {}]", shape(expr)),
        Expr::Nested(inner) => shape(inner),
        Expr::Between { expr, low, high, .. } => {
            format!("({} BETWEEN {} AND {})", shape(expr), shape(low), shape(high))
        }
        Expr::InList { expr, negated, .. } => format!("({}{} IN)", shape(expr), if *negated { " NOT" } else { "" }),
        Expr::IsNull(expr) => format!("({} IS NULL)", shape(expr)),
        Expr::AnyOp { left, compare_op, right, .. } => format!("({} {compare_op} ANY {right})", shape(left)),
        Expr::AllOp { left, compare_op, right } => format!("({} {compare_op} ALL {right})", shape(left)),
        Expr::Like { expr, pattern, .. } => format!("({} LIKE {})", shape(expr), shape(pattern)),
        other => other.to_string(),
    }
}

fn error(sql: &str) -> SparkError {
    parse_script(sql).expect_err(sql)
}

#[test]
fn operators_bind_as_in_sparks_grammar() {
    assert_eq!(shape(&expr("a || b + c * d")), "((a || b) + (c * d))");
    assert_eq!(shape(&expr("a | b ^ c & d")), "(a | (b ^ (c & d)))");
    assert_eq!(shape(&expr("10 div 3 * 2 - 1")), "(((10 DIV 3) * 2) - 1)");
    assert_eq!(shape(&expr("- a * b")), "([- a] * b)");
    assert_eq!(shape(&expr("~a + b")), "([~ a] + b)");
    assert_eq!(shape(&expr("not a = b and c or d")), "(([NOT (a = b)] AND c) OR d)");
    assert_eq!(shape(&expr("!a = b")), "[NOT (a = b)]");
    assert_eq!(shape(&expr("a = b in (1)")), "((a = b) IN)");
    assert_eq!(shape(&expr("a between 1 and 2 = c and d")), "((a BETWEEN 1 AND (2 = c)) AND d)");
    assert_eq!(shape(&expr("a + 1 like b || c")), "((a + 1) LIKE (b || c))");
    assert_eq!(shape(&expr("a <=> b is null")), "((a <=> b) IS NULL)");
}

#[test]
fn numbers_carry_sign_and_suffix_to_the_resolver() {
    let number = |text: &str| match expr(text) {
        Expr::Value(v) => match v.value {
            Value::Number(n, false) => n,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(number("1.0BD"), "1.0BD");
    assert_eq!(number("-9223372036854775808"), "-9223372036854775808");
    assert_eq!(number("- 2s"), "-2s");
    assert!(matches!(expr("-(1)"), Expr::UnaryOp { op: UnaryOperator::Minus, .. }));
    assert_eq!(shape(&expr("1 -1")), "(1 - 1)");
}

#[test]
fn a_string_is_never_an_alias_or_a_name() {
    assert!(matches!(expr("'a' \"b\""), Expr::Value(v) if v.value == Value::SingleQuotedString("ab".into())));
    assert!(parse_query("select 1 'a'").is_err());
    assert!(parse_query("select a.'b'").is_err());
    assert!(parse_query("select * from 'x'").is_err());
}

#[test]
fn typed_literals_and_columns_of_the_same_name_are_told_apart() {
    assert!(matches!(expr("date '2020-01-01'"), Expr::TypedString(_)));
    assert!(matches!(expr("X'1F'"), Expr::Value(v) if v.value == Value::HexStringLiteral("1F".into())));
    assert!(matches!(expr("date"), Expr::Identifier(_)));
    assert!(matches!(expr("interval"), Expr::Identifier(_)));
    assert!(matches!(expr("t.interval"), Expr::CompoundIdentifier(_)));
    assert!(error("select foo 'x'").message.starts_with("Literals of type 'foo' are not supported"));
}

#[test]
fn intervals_become_one_text_or_a_range_of_fields() {
    assert_eq!(expr("interval 1 day -2 hours").to_string(), "INTERVAL '1 day -2 hours'");
    assert_eq!(expr("interval '3 days 2 hours'").to_string(), "INTERVAL '3 days 2 hours'");
    assert_eq!(expr("interval -'1-2' year to month").to_string(), "INTERVAL '-1-2' year TO month");
    assert_eq!(shape(&expr("interval '1' month + d")), "(INTERVAL '1 month' + d)");
}

#[test]
fn calls_with_their_own_grammar_are_read() {
    assert_eq!(expr("substring(a from 2 for 3)").to_string(), "substring(a, 2, 3)");
    assert_eq!(expr("substr(a, 2)").to_string(), "substr(a, 2)");
    assert_eq!(expr("position('a' in b)").to_string(), "locate('a', b)");
    assert_eq!(expr("overlay(a placing b from 1)").to_string(), "overlay(a, b, 1)");
    assert_eq!(expr("trim(both 'x' from y)").to_string(), "TRIM(BOTH 'x' FROM y)");
    assert_eq!(expr("trim(trim(a), 'x')").to_string(), "trim(trim(a), 'x')");
    assert_eq!(expr("extract(week from d)").to_string(), "EXTRACT(week FROM d)");
    assert_eq!(expr("cast(a as array<decimal(10, 2)>)").to_string(), "CAST(a AS ARRAY<DECIMAL(10,2)>)");
    assert!(matches!(expr("left('abc', 2)"), Expr::Function(_)));
    assert!(matches!(expr("any(a)"), Expr::Function(_)));
    assert!(matches!(expr("array(1, 2)[0]"), Expr::CompoundFieldAccess { .. }));
    assert!(matches!(expr("first(a ignore nulls)"), Expr::Function(_)));
    assert!(matches!(expr("struct(1 as a, b c)"), Expr::Function(_)));
    assert!(matches!(expr("(1 as a, 2)"), Expr::Tuple(items) if items.len() == 2));
    assert_eq!(shape(&expr("a = any(b)")), "(a = any(b))");
}

#[test]
fn exists_is_a_predicate_or_a_function() {
    assert!(matches!(expr("exists (select 1)"), Expr::Exists { .. }));
    assert!(matches!(expr("exists(a, x -> x > 1)"), Expr::Function(_)));
    assert!(matches!(expr("not exists (select 1)"), Expr::UnaryOp { op: UnaryOperator::Not, .. }));
}

#[test]
fn lambdas_take_one_or_more_names() {
    assert_eq!(expr("transform(a, x -> x + 1)").to_string(), "transform(a, x -> x + 1)");
    assert_eq!(expr("zip_with(a, b, (x, y) -> x + y)").to_string(), "zip_with(a, b, (x, y) -> x + y)");
}

#[test]
fn parentheses_hold_expressions_or_queries() {
    assert!(matches!(expr("(select 1)"), Expr::Subquery(_)));
    assert!(matches!(expr("((select 1) union (select 2))"), Expr::Subquery(_)));
    assert!(matches!(expr("((select 1) + 1)"), Expr::Nested(_)));
    assert!(matches!(expr("a in ((select 1), 2)"), Expr::InList { .. }));
    assert!(matches!(expr("a in (select 1)"), Expr::InSubquery { .. }));
}

#[test]
fn like_with_a_quantifier_is_spelled_out() {
    assert_eq!(shape(&expr("a like any ('x', 'y')")), "(a ~~ ANY ('x', 'y'))");
    assert_eq!(shape(&expr("a like all ('x', 'y')")), "(a ~~ ALL ('x', 'y'))");
}

#[test]
fn relations_and_clauses_of_spark_are_read() {
    for sql in [
        "from t select a where b",
        "select * from values (1, 2), (3, 4) as t(a, b)",
        "select * from values 1, 2",
        "values (1), (2) t(a)",
        "select a from t lateral view outer explode(b) x as c, d",
        "select a from t lateral view explode(b) x order by a",
        "select a from t lateral view explode(b) x lateral view f(c) y as z where a union select 1",
        "select a from t lateral view explode(b) as c limit 1",
        "select * from a left semi join b on a.x = b.x left anti join c using (y)",
        "select * from a join b, c cross join d on true natural join e",
        "select * from (select 1) a join lateral (select a.x) b",
        "select sum(a) filter (where b) over (partition by c order by d desc nulls last rows between 1 preceding and current row)",
        "select sum(a) over w from t window w as (order by b range between interval 1 day preceding and unbounded following)",
        "select a, b from t group by a, b with rollup",
        "select a, b from t group by grouping sets ((a, b), a, ())",
        "select a, b from t group by a, b grouping sets ((a, b), a)",
        "select a from t group by cube(a, b), rollup(c)",
        "select a from t distribute by a sort by b",
        "select a from t cluster by a",
        "select a from t tablesample (10 percent)",
        "select a from t tablesample (5 rows) x",
        "select * from parquet.`/a/b.parquet`",
        "select * from range(10) r",
        "select * from t pivot (sum(a) as s for b in (1, 2 as two))",
        "with a as (select 1), b(x, y) as (select 1, 2) select * from a, b",
        "(select 1) union all (select 2) except select 3 minus select 4 intersect all select 5 order by 1 limit 3",
        "select a order, b date, c as left, t.timestamp from t",
        "select t.*, count(*), count(distinct a, b) from t",
        "select explode(a) as (k, v)",
        "select a from t where exists (select 1) and not exists (select 2)",
        "select a.b.c[1].d['k'] from t",
        "select a from t1 t where a limit all",
        "select cast(null as timestamp), current_date, current_timestamp()",
        "select case a when 1 then 'x' else 'y' end case from t",
        "select /*+ BROADCAST(t) */ a from t;",
        "select all a from t having a",
        "table t",
    ] {
        query(sql);
    }
}

#[test]
fn syntax_that_spark_refuses_is_refused() {
    for sql in [
        "select 1 limit 1 offset 2",
        "with recursive t as (select 1) select * from t",
        "select a::int",
        "select 1 << 2",
        "select r'x'",
        "select top 3 a from t",
        "select a from t qualify b",
        "select {1}",
        "select * from unnest(a) with offset",
        "select from",
        "select",
        "select a b c",
        "foo",
        "select 1)",
    ] {
        assert!(parse_query(sql).is_err(), "{sql}");
    }
}

#[test]
fn syntax_errors_point_at_the_place() {
    let e = error("select a\nfrom t where and b");
    assert_eq!(e.position, Some(Position { line: 2, column: 13 }));
    assert!(e.message.contains("mismatched input 'and'"), "{e}");
    assert!(e.message.ends_with("from t where and b\n-------------^^^\n"), "{e}");
    let e = error("select a from");
    assert_eq!(e.position, Some(Position { line: 1, column: 13 }));
    assert!(e.message.contains("'<EOF>'"), "{e}");
}

#[test]
fn scripts_hold_views_settings_and_queries() {
    let script = "create or replace temp view v using parquet options (path '/a/b', `header` true, mergeSchema=false);\n\
                  create global temporary view g (x comment 'c', y) as select 1, 2;\n\
                  create temporary view c (a int, b string) using csv options ('path' 'x');\n\
                  drop view if exists global_temp.g; set a.b = c d; set time zone 'Asia/Tokyo'; set x; reset; describe v;\n\
                  describe query select 1; show views; select 1";
    let statements = parse_script(script).unwrap();
    assert_eq!(statements.len(), 12);
    let Statement::CreateTempView {
        name,
        or_replace: true,
        global: false,
        source: ViewSource::File { format, options, columns: None },
    } = &statements[0]
    else {
        panic!("{:?}", statements[0]);
    };
    assert_eq!((name.as_str(), format.as_str()), ("v", "parquet"));
    assert_eq!(options[1], ("header".to_string(), "true".to_string()));
    assert!(
        matches!(&statements[1], Statement::CreateTempView { global: true, source: ViewSource::Query { columns, .. }, .. }
        if columns.iter().map(|c| c.name.as_str()).eq(["x", "y"]))
    );
    assert!(
        matches!(&statements[2], Statement::CreateTempView { source: ViewSource::File { columns: Some(c), .. }, .. } if c.len() == 2)
    );
    assert_eq!(statements[3], Statement::DropView { name: vec!["global_temp".into(), "g".into()], if_exists: true });
    assert_eq!(statements[4], Statement::SetConfig { key: "a.b".into(), value: "c d".into() });
    assert_eq!(statements[5], Statement::SetTimeZone { zone: Some("Asia/Tokyo".into()) });
    assert_eq!(statements[6], Statement::ShowConfig { key: Some("x".into()) });
    assert_eq!(statements[7], Statement::ResetConfig { key: None });
}

#[test]
fn statements_that_are_not_done_are_named() {
    assert!(
        error("insert into t select 1").message.starts_with("the statement INSERT INTO: this engine has no metastore")
    );
    assert!(error("create table t (a int)").message.starts_with("the statement CREATE TABLE: "));
}

/// Runs `work` on a stack as small as a worker thread's.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn nesting_works_to_200_levels_and_is_refused_beyond_the_limit() {
    on_a_small_stack(|| {
        let nested = |n: usize| format!("select {}1{}", "(".repeat(n), ")".repeat(n));
        query(&nested(200));
        assert!(error(&nested(5_000)).message.starts_with("the statement is nested too deeply"));
        let calls = |n: usize| format!("select {}1{}", "trim(".repeat(n), ")".repeat(n));
        query(&calls(200));
        assert!(parse_query(&calls(5_000)).is_err());
        let queries = |n: usize| format!("{}select 1{}", "select (".repeat(n), ")".repeat(n));
        query(&queries(50));
        assert!(parse_query(&queries(5_000)).is_err());
        let relations = |n: usize| format!("{}t{}", "select * from (".repeat(n), ")".repeat(n));
        assert!(parse_query(&relations(2_000)).is_err());
        assert!(parse_query(&format!("select {}1", "- ".repeat(5_000))).is_err());
        assert!(parse_query(&format!("select {}1", "not ".repeat(5_000))).is_err());
        assert!(parse_query(&format!("select {}", "case when ".repeat(5_000))).is_err());
    });
}

#[test]
fn long_chains_of_operators_work_to_a_limit() {
    on_a_small_stack(|| {
        let chain = |n: usize| format!("select {}1", "1 + ".repeat(n));
        query(&chain(1_500));
        assert!(parse_query(&chain(10_000)).is_err());
    });
}

#[test]
fn errors_deep_inside_do_not_multiply_the_work() {
    on_a_small_stack(|| {
        assert!(parse_query(&format!("select {}x y z", "(cast(".repeat(60))).is_err());
        assert!(parse_query(&format!("select * from {}select x y z", "(".repeat(60))).is_err());
        assert!(parse_query(&format!("select {}x y z", "a in ((select ".repeat(40))).is_err());
    });
}

#[test]
fn binary_operators_are_left_associative() {
    let Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } = expr("1 - 2 - 3") else { panic!() };
    assert_eq!(shape(&left), "(1 - 2)");
}
