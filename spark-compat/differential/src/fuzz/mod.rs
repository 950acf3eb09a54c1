//! Random statements: typed expressions and relational queries over generated tables with all types, edge values, NULLs
//! and skewed keys. The same seed gives the same statements.
//!
//! What expressions are made of is data: `expressions.txt` lists them by the type of their result.

mod expressions;
mod query;
mod random;
mod tables;

use serde_json::Value as Json;

use crate::answer::Request;
use crate::compare::{Closeness, Verdict};
use crate::program::ProgramError;
use crate::run::{Engine, Judged};
use crate::statement_file;
use expressions::Templates;
use query::Query;
use random::Random;
use tables::Table;

/// Statements that are tried while one is made smaller.
const MAX_ATTEMPTS: usize = 300;

/// What a fuzzed statement's file is called.
const SUBJECT: &str = "fuzz";

/// Makes statements.
#[derive(Clone, Debug)]
pub struct Fuzzer {
    seed: u64,
    next: u64,
    templates: Templates,
    shapes: Shapes,
}

/// What queries the fuzzer makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shapes {
    /// Of all shapes: joins, groups, windows, set operations, subqueries.
    #[default]
    All,
    /// Scalar expressions over the rows of one table, and conditions on them.
    Scalars,
}

/// A statement with the tables that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specimen {
    name: String,
    tables: Vec<Table>,
    query: Query,
}

impl Fuzzer {
    /// The statements of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: 0, templates: Templates::all(), shapes: Shapes::All }
    }

    /// The same with queries of these shapes only.
    pub fn with_shapes(self, shapes: Shapes) -> Self {
        Self { shapes, ..self }
    }

    /// The names of the types, each with a query of its constants.
    pub fn types(&self) -> Vec<(&'static str, Request)> {
        let request = |query| Request { id: Json::Null, setup: Vec::new(), query };
        self.templates.types().iter().map(|column_type| (column_type.name, request(column_type.query()))).collect()
    }

    /// Makes no more columns of this type, and no expressions that need it.
    pub fn leave_out_type(&mut self, name: &str) {
        self.templates.remove_type(name);
    }

    /// The lines that expressions are made from, each with a statement that uses it and nothing else.
    pub fn lines(&self) -> Vec<(&'static str, Specimen)> {
        let mut random = Random::new(self.seed, 0);
        let table = Table::random("t", self.templates.types(), &mut random);
        let specimen = |template: &expressions::Template| {
            let what = template.line.split(' ').next().unwrap_or_default();
            let query = Query::of(self.templates.simplest(template, "t"), what);
            let table = table.with_columns_of(&query.to_string()).unwrap_or_else(|| table.clone());
            Specimen { name: format!("{SUBJECT}/line"), tables: vec![table], query }
        };
        self.templates.iter().map(|template| (template.line, specimen(template))).collect()
    }

    /// Makes no more expressions from this line.
    pub fn leave_out(&mut self, line: &str) {
        self.templates.remove(line);
    }
}

impl Iterator for Fuzzer {
    type Item = Specimen;

    fn next(&mut self) -> Option<Specimen> {
        let number = self.next;
        self.next += 1;
        let mut random = Random::new(self.seed, number);
        let query = Query::random(&self.templates, self.shapes, &mut random);
        let types = self.templates.types();
        let tables = vec![Table::random("t", types, &mut random), Table::random("u", types, &mut random)];
        Some(Specimen { name: format!("{SUBJECT}/seed-{}-{number}", self.seed), tables, query })
    }
}

impl Specimen {
    /// The name of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lines that its expressions were made from.
    pub fn lines(&self) -> Vec<&'static str> {
        self.query.lines()
    }

    /// The statement as a request.
    pub fn request(&self) -> Request {
        let query = self.query.to_string();
        Request { id: Json::from(statement_file::query_id(&self.name, &query)), setup: self.setup(&query), query }
    }

    /// A statement file with it.
    pub fn file(&self) -> String {
        let query = self.query.to_string();
        let statements = self.setup(&query).into_iter().chain([query]);
        statements.map(|statement| format!("{statement};\n")).collect()
    }

    /// Asks both sides.
    pub async fn judge(&self, reference: &impl Engine, here: &impl Engine) -> Result<Judged, ProgramError> {
        let request = self.request();
        let id = request.id.as_str().unwrap_or_default().to_owned();
        let query = statement_file::Query { id, text: request.query.clone() };
        let (reference, here) = futures::join!(reference.ask(request.clone()), here.ask(request));
        Ok(Judged::new(&self.name, query, reference?, here?))
    }

    /// The tables are made, and times shown, in UTC.
    fn setup(&self, query: &str) -> Vec<String> {
        let tables = self.tables.iter().filter(|table| table.is_used_by(query)).map(Table::statement);
        std::iter::once("SET spark.sql.session.timeZone=UTC".to_owned()).chain(tables).collect()
    }

    fn smaller(&self) -> Vec<Self> {
        let mut smaller: Vec<Self> =
            self.query.smaller().into_iter().map(|query| Self { query, ..self.clone() }).collect();
        let query = self.query.to_string();
        for (at, table) in self.tables.iter().enumerate().filter(|(_, table)| table.is_used_by(&query)) {
            smaller.extend(table.with_columns_of(&query).into_iter().chain(table.without_a_row()).map(|table| {
                let mut specimen = self.clone();
                specimen.tables[at] = table;
                specimen
            }));
        }
        smaller
    }
}

/// Makes a statement whose answers differ smaller, as long as they differ in the same way.
pub async fn shrink(
    specimen: Specimen,
    judged: Judged,
    reference: &impl Engine,
    here: &impl Engine,
) -> Result<(Specimen, Judged), ProgramError> {
    let mut attempts = 0;
    let (mut smallest, mut judged) = (specimen, judged);
    'again: loop {
        for candidate in smallest.smaller() {
            attempts += 1;
            if attempts > MAX_ATTEMPTS {
                return Ok((smallest, judged));
            }
            let tried = candidate.judge(reference, here).await?;
            if manner(&tried.verdict) == manner(&judged.verdict) {
                (smallest, judged) = (candidate, tried);
                continue 'again;
            }
        }
        return Ok((smallest, judged));
    }
}

/// The way in which answers differ.
fn manner(verdict: &Verdict) -> Option<(u8, &str)> {
    Some(match verdict {
        Verdict::BothAnswer { difference: None, .. } | Verdict::BothRefuse { .. } | Verdict::NotSupported { .. } => {
            return None;
        }
        Verdict::BothAnswer { values: Closeness::Different, .. } => (0, ""),
        Verdict::BothAnswer { types: false, .. } => (1, ""),
        Verdict::BothAnswer { .. } => (2, ""),
        Verdict::RefusedHere { here } => (3, here.kind()),
        Verdict::AnsweredHere { reference } => (4, reference.kind()),
    })
}

/// Whether a verdict is one to report: a difference that is not for want of a construct.
pub fn is_finding(verdict: &Verdict) -> bool {
    manner(verdict).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Outcome, Refusal, Table as Answered};
    use crate::statement_file::StatementFile;

    /// Refuses what its text is part of.
    struct Refuses(&'static str);

    impl Engine for Refuses {
        async fn ask(&self, request: Request) -> Result<Outcome, ProgramError> {
            Ok(if request.query.contains(self.0) {
                Outcome::Refusal(Refusal::new("execution", "no"))
            } else {
                Outcome::Table(Answered::default())
            })
        }
    }

    #[test]
    fn a_seed_gives_the_same_statements_each_time_and_another_one_others() {
        let requests = |seed| Fuzzer::new(seed).take(20).map(|specimen| specimen.request()).collect::<Vec<_>>();
        assert_eq!(requests(7), requests(7));
        assert_ne!(requests(7), requests(8));
    }

    #[test]
    fn scalars_need_one_table() {
        for specimen in Fuzzer::new(2).with_shapes(Shapes::Scalars).take(50) {
            let query = specimen.request().query;
            let relational =
                [" FROM u", " JOIN ", "GROUP BY", "OVER (", "EXISTS ("].iter().any(|part| query.contains(part));
            assert!(query.contains(" FROM t") && !relational, "{query}");
        }
    }

    #[test]
    fn a_file_has_the_tables_and_the_statement() {
        for specimen in Fuzzer::new(1).take(50) {
            let (file, request) =
                (StatementFile::parse(specimen.name(), &specimen.file()).unwrap(), specimen.request());
            assert_eq!(file.setup, request.setup);
            assert_eq!((file.queries.len(), &file.queries[0].text), (1, &request.query));
            assert_eq!(request.id, file.queries[0].id.as_str());
        }
    }

    #[tokio::test]
    async fn a_difference_is_made_small() {
        let (reference, here) = (Refuses("nothing at all"), Refuses("upper("));
        let mut specimens = Fuzzer::new(3);
        let specimen = specimens.find(|specimen| specimen.request().query.contains("upper(")).unwrap();
        let judged = specimen.judge(&reference, &here).await.unwrap();
        assert!(is_finding(&judged.verdict));
        let (small, judged) = shrink(specimen, judged, &reference, &here).await.unwrap();
        assert!(is_finding(&judged.verdict));
        assert_eq!(small.lines(), ["string     upper({string})"]);
        assert!(small.request().setup.concat().len() < 300, "{:?}", small.request().setup);
    }
}
