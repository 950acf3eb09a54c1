//! Generators in the SELECT list and in LATERAL VIEW: the array of their rows is unnested beside the columns of the input.

use datafusion::common::{NullHandling, UnnestOptions};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use sqlparser::ast;

use super::expr::{Clause, Lowering};
use super::relation::Relation;
use super::scope::{Scope, ScopeColumn};
use super::select::Item;
use super::typed::Typed;
use super::{Place, Resolver, name_parts, plan};
use crate::error::{Result, SparkError};
use crate::functions::{self, Generated};

/// A generator in a SELECT list, with the names of its columns.
#[derive(Clone, Debug)]
pub(super) struct GeneratorItem {
    /// Its place among the items.
    pub at: usize,
    generated: Generated,
    outer: bool,
    names: Vec<String>,
}

impl GeneratorItem {
    /// The array of rows as an item.
    pub fn array(&self) -> Item {
        Item { typed: self.generated.array.clone(), alias: Some(String::new()), qualifier: None, from_star: false }
    }
}

impl Lowering<'_, '_> {
    /// The item's expression as a generator, if it is the call of one.
    pub(super) fn generator_item(
        &self,
        expr: &ast::Expr,
        aliases: &[ast::Ident],
        at: usize,
    ) -> Result<Option<GeneratorItem>> {
        let Some((generated, outer)) = self.generator(expr)? else { return Ok(None) };
        let names = names_of(&generated, aliases)?;
        Ok(Some(GeneratorItem { at, generated, outer, names }))
    }

    /// A generator's call, and whether it is an outer one.
    fn generator(&self, expr: &ast::Expr) -> Result<Option<(Generated, bool)>> {
        let function = match expr {
            ast::Expr::Nested(inner) => return self.generator(inner),
            ast::Expr::Function(function) => function,
            _ => return Ok(None),
        };
        let parts = name_parts(&function.name)?;
        let [name] = &parts[..] else { return Ok(None) };
        let called = name.to_lowercase();
        let found = functions::find(&called);
        let Some((function_of_rows, generator)) = found.and_then(|f| Some((f, f.as_generator()?))) else {
            return Ok(None);
        };
        let args = self.plain_arguments(&called, function)?;
        function_of_rows.check_arity(&called, args.len())?;
        Ok(Some((generator.call(&called, args, self.facts().zone)?, generator.outer)))
    }
}

impl Resolver<'_> {
    /// `LATERAL VIEW [OUTER] generator(..) name AS columns`: the columns of the input and those of the generator.
    pub(super) fn lateral_view(&self, input: Relation, view: &ast::LateralView, place: &Place<'_>) -> Result<Relation> {
        let ast::LateralView { lateral_view, lateral_view_name, lateral_col_alias, outer } = view;
        let scopes = [&input.scope];
        let lowering = Lowering::new(self, place, &scopes, Clause::LateralView);
        let Some((generated, always_outer)) = lowering.generator(lateral_view)? else {
            return Err(not_a_generator(lateral_view));
        };
        if always_outer {
            // Spark 3.2 never gives such a view its columns.
            return Err(SparkError::analysis(format!("cannot resolve the columns of LATERAL VIEW {lateral_view}")));
        }
        let aliases: Vec<ast::Ident> =
            lateral_col_alias.iter().filter(|alias| !alias.value.is_empty()).cloned().collect();
        let names = names_of(&generated, &aliases)?;
        let parts = name_parts(lateral_view_name)?;
        let (relation, columns) = self.generate(input, &generated, *outer)?;
        let columns = columns.into_iter().zip(names).map(|(column, name)| ScopeColumn {
            name,
            qualifier: parts.last().cloned(),
            attribute: column.attribute,
        });
        let scope = relation.scope.joined(Scope::new(columns.collect()));
        Ok(Relation { plan: relation.plan, scope })
    }

    /// The input of a SELECT list with its generator run, and the list with the generator's columns in its place.
    pub(super) fn generated(
        &self,
        input: Relation,
        mut items: Vec<Item>,
        generator: &GeneratorItem,
    ) -> Result<(Relation, Vec<Item>)> {
        let (relation, columns) = self.generate(input, &generator.generated, generator.outer)?;
        let new: Vec<Item> = columns.iter().zip(&generator.names).map(|(column, name)| item_of(column, name)).collect();
        items.splice(generator.at..generator.at, new);
        // The list needs no names for the generator's columns, but its output must find their attributes.
        let mut scope = relation.scope;
        scope.hidden.extend(columns.into_iter().map(|column| ScopeColumn { name: String::new(), ..column }));
        Ok((Relation { plan: relation.plan, scope }, items))
    }

    /// A grouped SELECT list, whose column at the generator's place is the array of rows, with the generator run.
    pub(super) fn generated_over_groups(&self, grouped: Relation, generator: &GeneratorItem) -> Result<Relation> {
        let mut scope = grouped.scope;
        if generator.at >= scope.columns.len() {
            return Err(SparkError::internal("a generator without its array"));
        }
        let array = scope.columns.remove(generator.at).attribute;
        let data_type = generator.generated.array.data_type.clone();
        let mut over = generator.generated.clone();
        over.array = Typed::new(array.expr(), data_type, true, "");
        let (relation, columns) = self.generate(Relation { plan: grouped.plan, scope }, &over, generator.outer)?;
        let mut scope = relation.scope;
        let named = columns.into_iter().zip(&generator.names);
        let named = named.map(|(column, name)| ScopeColumn { name: name.clone(), ..column });
        scope.columns.splice(generator.at..generator.at, named);
        Ok(Relation { plan: relation.plan, scope })
    }

    /// The input's rows, each as often as the generator gives rows for it, and the generator's columns.
    fn generate(&self, input: Relation, generated: &Generated, outer: bool) -> Result<(Relation, Vec<ScopeColumn>)> {
        let kept: Vec<Expr> = input.plan.schema().columns().into_iter().map(Expr::Column).collect();
        let element = self.ids.attribute(generated.element(), true);
        let array = plan::define(generated.expr(outer), element.id);
        let with_array = plan::project(input.plan, kept.iter().cloned().chain([array]).collect())?;
        let options = UnnestOptions { null_handling: NullHandling::Drop, recursions: vec![] };
        let unnested =
            LogicalPlanBuilder::from(with_array).unnest_column_with_options(element.id.column(), options)?.build()?;
        let fields = generated.columns(&Typed::attribute(&element, ""), self.facts.zone)?;
        let mut exprs = kept;
        let mut columns = Vec::with_capacity(fields.len());
        for (name, field) in fields {
            let attribute = self.ids.attribute(field.data_type, true);
            exprs.push(plan::define(field.expr, attribute.id));
            columns.push(ScopeColumn { name, qualifier: None, attribute });
        }
        let plan = plan::project(unnested, exprs)?;
        Ok((Relation { plan, scope: input.scope }, columns))
    }
}

fn item_of(column: &ScopeColumn, name: &str) -> Item {
    Item { typed: Typed::attribute(&column.attribute, name), alias: None, qualifier: None, from_star: false }
}

/// The names of the generator's columns: those given, which must be as many, or its own.
fn names_of(generated: &Generated, aliases: &[ast::Ident]) -> Result<Vec<String>> {
    let own = generated.names();
    if aliases.is_empty() {
        return Ok(own);
    }
    if aliases.len() != own.len() {
        let given: Vec<_> = aliases.iter().map(|alias| alias.value.as_str()).collect();
        return Err(SparkError::analysis(format!(
            "The number of aliases supplied in the AS clause does not match the number of columns output by the UDTF expected {} \
             aliases but got {}",
            own.len(),
            given.join(",")
        )));
    }
    Ok(aliases.iter().map(|alias| alias.value.clone()).collect())
}

fn not_a_generator(expr: &ast::Expr) -> SparkError {
    if let ast::Expr::Function(function) = expr {
        let name = function.name.to_string().to_lowercase();
        if functions::find(&name).is_none() {
            return functions::undefined(&name);
        }
        return SparkError::analysis(format!("{name} is expected to be a generator, which it is not."));
    }
    SparkError::analysis(format!("{expr} is expected to be a generator, which it is not."))
}

/// The error for more than one generator in a SELECT list.
pub(super) fn check_single(generators: &[GeneratorItem]) -> Result<Option<&GeneratorItem>> {
    match generators {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let names: Vec<_> = several.iter().map(|generator| generator.generated.name.as_str()).collect();
            Err(SparkError::analysis(format!(
                "Only one generator allowed per select clause but found {}: {}",
                several.len(),
                names.join(", ")
            )))
        }
    }
}
