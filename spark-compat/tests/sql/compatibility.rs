//! `docs/compatibility.md` is made from the registry of functions, the statements, and the list of known differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use spark_compat::functions::{Support, refusal, spark_names, supported};
use spark_compat::{SparkSession, parse_script};
use spark_differential::known::KnownDifferences;
use spark_differential::suite::{SuiteFile, statement_files};

use crate::support::session;

/// How the page is made anew.
const COMMAND: &str = "CASEMATE_COMPATIBILITY=write cargo test -p spark-compat --test sql compatibility";

/// Names of Spark's list that are syntax, or that the resolver knows without a row of the registry, each with a query that
/// resolves where it is supported.
const SYNTAX: &[(&str, &str)] = &[
    ("!", "! true"),
    ("!=", "1 != 2"),
    ("%", "1 % 2"),
    ("&", "1 & 2"),
    ("*", "1 * 2"),
    ("+", "1 + 2"),
    ("-", "1 - 2"),
    ("/", "1 / 2"),
    ("<", "1 < 2"),
    ("<=", "1 <= 2"),
    ("<=>", "1 <=> 2"),
    ("<>", "1 <> 2"),
    ("=", "1 = 2"),
    ("==", "1 == 2"),
    (">", "1 > 2"),
    (">=", "1 >= 2"),
    ("^", "1 ^ 2"),
    ("|", "1 | 2"),
    ("||", "'a' || 'b'"),
    ("~", "~ 1"),
    ("aggregate", "aggregate(array(1), 0, (a, x) -> a + x)"),
    ("and", "true and false"),
    ("between", "1 between 0 and 2"),
    ("case", "case when true then 1 end"),
    ("cast", "cast(1 as string)"),
    ("cume_dist", "cume_dist() over (order by 1)"),
    ("dense_rank", "dense_rank() over (order by 1)"),
    ("div", "1 div 2"),
    ("exists", "exists(array(1), x -> x > 0)"),
    ("explode", "explode(array(1))"),
    ("explode_outer", "explode_outer(array(1))"),
    ("extract", "extract(year from date '2021-01-01')"),
    ("filter", "filter(array(1), x -> x > 0)"),
    ("forall", "forall(array(1), x -> x > 0)"),
    ("grouping", "grouping(a) from values (1) t(a) group by cube (a)"),
    ("grouping_id", "grouping_id() from values (1) t(a) group by cube (a)"),
    ("in", "1 in (1, 2)"),
    ("inline", "inline(array(struct(1, 2)))"),
    ("inline_outer", "inline_outer(array(struct(1, 2)))"),
    ("lag", "lag(1) over (order by 1)"),
    ("lead", "lead(1) over (order by 1)"),
    ("like", "'a' like 'b'"),
    ("map_filter", "map_filter(map(1, 2), (k, v) -> true)"),
    ("map_zip_with", "map_zip_with(map(1, 2), map(1, 2), (k, a, b) -> a)"),
    ("not", "not true"),
    ("nth_value", "nth_value(1, 2) over (order by 1)"),
    ("ntile", "ntile(2) over (order by 1)"),
    ("or", "true or false"),
    ("percent_rank", "percent_rank() over (order by 1)"),
    ("posexplode", "posexplode(array(1))"),
    ("posexplode_outer", "posexplode_outer(array(1))"),
    ("position", "position('a' in 'b')"),
    ("range", "* from range(1)"),
    ("rank", "rank() over (order by 1)"),
    ("regexp", "'a' regexp 'b'"),
    ("rlike", "'a' rlike 'b'"),
    ("row_number", "row_number() over (order by 1)"),
    ("session_window", "session_window(a, '1 minute') from values (timestamp '2021-01-01 00:00:00') t(a) group by 1"),
    ("stack", "stack(1, 2)"),
    ("transform", "transform(array(1), x -> x)"),
    ("transform_keys", "transform_keys(map(1, 2), (k, v) -> k)"),
    ("transform_values", "transform_values(map(1, 2), (k, v) -> v)"),
    ("when", "when(true, 1)"),
    ("window", "window(a, '1 minute') from values (timestamp '2021-01-01 00:00:00') t(a) group by 1"),
    ("zip_with", "zip_with(array(1), array(2), (x, y) -> x)"),
];

/// Statements and those of them that are equal.
#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    equal: usize,
    unsupported: usize,
}

#[tokio::test]
async fn the_page_of_compatibility_says_what_the_registry_and_the_statements_say() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let files = statement_files(&root.join("differential/statements")).unwrap();
    let known = fs::read_to_string(root.join("differential/known-differences.tsv")).unwrap();
    let page = page(&files, &KnownDifferences::parse(&known).unwrap()).await;
    let path = root.join("../docs/compatibility.md");
    if env::var("CASEMATE_COMPATIBILITY").is_ok_and(|value| value == "write") {
        fs::write(path, page).unwrap();
        return;
    }
    let current = fs::read_to_string(path).unwrap_or_default();
    assert!(current == page, "docs/compatibility.md is stale; make it anew: {COMMAND}");
}

async fn page(files: &[SuiteFile], known: &KnownDifferences) -> String {
    let mut page = format!(
        "# What is equal to Spark 3.2.0\n\nThis page is generated; a test fails when it is stale. To make it anew:\n\n    \
         {COMMAND}\n\n"
    );
    write_statements(&mut page, files, known);
    write_functions(&mut page, &count_calls(files, known)).await;
    page
}

fn write_statements(page: &mut String, files: &[SuiteFile], known: &KnownDifferences) {
    let mut subjects: BTreeMap<&str, Count> = BTreeMap::new();
    let mut total = Count::default();
    for file in files {
        let subject = file.file.name.split('/').next().unwrap_or_default();
        for query in &file.file.queries {
            subjects.entry(subject).or_default().add(known.reason(&query.id));
            total.add(known.reason(&query.id));
        }
    }
    page.push_str(
        "## Statements\n\nStatements in `spark-compat/differential/statements` with the answers of a real Spark 3.2.0 beside \
         them. Equal means the same values (floating point within 1e-12), types and column names, or that both refuse. What is \
         not supported is an error that names the construct. What differs otherwise stands with its reason in \
         `spark-compat/differential/known-differences.tsv`.\n\n\
         | subject | statements | equal | not supported | other differences |\n|---|---:|---:|---:|---:|\n",
    );
    for (subject, count) in subjects.into_iter().chain([("**all**", total)]) {
        let percent = 100.0 * count.equal as f64 / count.all.max(1) as f64;
        let other = count.all - count.equal - count.unsupported;
        // Writing to a String can't fail.
        let _ = writeln!(
            page,
            "| {subject} | {} | {} ({percent:.1}%) | {} | {other} |",
            count.all, count.equal, count.unsupported
        );
    }
}

async fn write_functions(page: &mut String, calls: &BTreeMap<String, Count>) {
    let mut rows: BTreeMap<&str, Support> = BTreeMap::new();
    for function in supported() {
        let names = std::iter::once(&function.name).chain(function.aliases);
        rows.extend(names.map(|name| (*name, function.support)));
    }
    let (session, _) = session();
    for (name, query) in SYNTAX {
        if !rows.contains_key(name) && resolves(&session, &format!("select {query}")).await {
            rows.insert(name, Support::Full);
        }
    }
    let names: BTreeSet<&str> = spark_names().collect();
    let have = names.iter().filter(|name| rows.contains_key(*name)).count();
    let _ = write!(
        page,
        "\n## Functions and operators\n\n{have} of the {} names that Spark's SHOW FUNCTIONS lists are supported. A name with a \
         note is supported in the forms that the note names; other forms, and names that are not supported, are errors. \
         The last columns count the statements above that call the function, and those of them that are equal.\n\n\
         | name | support | statements | equal |\n|---|---|---:|---:|\n",
        names.len()
    );
    for name in names {
        let support = match rows.get(name) {
            Some(Support::Full) => "equal".to_owned(),
            Some(Support::Partial(note)) => format!("equal: {note}"),
            None => match refusal(name) {
                Some(why) => format!("an error: {why}"),
                None => "not supported".to_owned(),
            },
        };
        let count = calls.get(name).copied().unwrap_or_default();
        let (all, equal) = if count.all == 0 {
            (String::new(), String::new())
        } else {
            (count.all.to_string(), count.equal.to_string())
        };
        let _ = writeln!(page, "| `{}` | {} | {all} | {equal} |", escaped(name), escaped(&support));
    }
}

async fn resolves(session: &SparkSession, query: &str) -> bool {
    match parse_script(query) {
        Ok(statements) => match statements.first() {
            Some(statement) => session.prepare(statement).await.is_ok(),
            None => false,
        },
        Err(_) => false,
    }
}

/// The statements that call each name: it stands before a parenthesis.
fn count_calls(files: &[SuiteFile], known: &KnownDifferences) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for query in files.iter().flat_map(|file| &file.file.queries) {
        let text = query.text.to_lowercase();
        let before = text.match_indices('(').filter_map(|(at, _)| {
            let before = text[..at].trim_end();
            let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
            before.get(start..).filter(|name| !name.is_empty())
        });
        for name in before.collect::<BTreeSet<_>>() {
            counts.entry(name.to_owned()).or_default().add(known.reason(&query.id));
        }
    }
    counts
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

impl Count {
    fn add(&mut self, known: Option<&str>) {
        self.all += 1;
        match known {
            None => self.equal += 1,
            Some(reason) if reason.starts_with("not supported") => self.unsupported += 1,
            Some(_) => {}
        }
    }
}
