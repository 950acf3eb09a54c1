//! Function calls, and the forms that are calls with a syntax of their own: CAST, EXTRACT, TRIM.

use sqlparser::ast;

use super::{Clause, Lowering};
use crate::cast;
use crate::error::{Result, SparkError};
use crate::functions::{self, AggregateCall};
use crate::resolver::typed::Typed;
use crate::resolver::{name_parts, names, refuse};
use crate::types::{SparkType, ddl};

impl Lowering<'_, '_> {
    /// `name(arguments)`: a scalar or an aggregate function.
    pub(super) fn call(&self, function: &ast::Function) -> Result<Typed> {
        let ast::Function { name, uses_odbc_syntax, parameters, args, filter, null_treatment, over, within_group } =
            function;
        refuse(*uses_odbc_syntax, "ODBC function calls")?;
        refuse(!matches!(parameters, ast::FunctionArguments::None), "parameters before the arguments of a function")?;
        refuse(over.is_some(), "window functions")?;
        refuse(!within_group.is_empty(), "WITHIN GROUP")?;
        let parts = name_parts(name)?;
        let [name] = &parts[..] else {
            return Err(functions::undefined(&parts.join(".")));
        };
        let name = name.to_lowercase();
        let found = functions::find(&name).ok_or_else(|| functions::undefined(&name))?;
        let (distinct, args) = arguments(args)?;
        if found.is_aggregate() {
            check_null_treatment(&name, *null_treatment)?;
            let ignore_nulls = *null_treatment == Some(ast::NullTreatment::IgnoreNulls);
            return self.aggregate_call(&name, distinct, ignore_nulls, args, filter.as_deref());
        }
        check_null_treatment(&name, *null_treatment)?;
        if distinct || filter.is_some() {
            return Err(SparkError::analysis(format!(
                "DISTINCT and FILTER specified, but {name} is not an aggregate function"
            )));
        }
        if let Some(moment) = functions::call_moment(&name, args.len(), self.resolver.facts) {
            return moment;
        }
        let mut args = args.into_iter().map(|arg| self.lower(arg.expr(&name)?)).collect::<Result<Vec<_>>>()?;
        if name == "unix_timestamp" && args.is_empty() {
            args.extend(functions::call_moment("current_timestamp", 0, self.resolver.facts).transpose()?);
        }
        functions::call(&name, args, self.zone())
    }

    fn aggregate_call(
        &self,
        name: &str,
        distinct: bool,
        ignore_nulls: bool,
        args: Vec<Argument<'_>>,
        filter: Option<&ast::Expr>,
    ) -> Result<Typed> {
        self.clause.check_aggregate()?;
        let inside = Self { scopes: self.aggregate_scopes, clause: Clause::AggregateArgument, ..*self };
        let args = if name == "count" && matches!(args[..], [Argument::Star]) {
            match self.aggregate_scopes.first() {
                Some(input) if distinct => {
                    input.columns.iter().map(|column| Typed::attribute(&column.attribute, &column.name)).collect()
                }
                _ => vec![Typed::literal(1i32.into(), SparkType::Int, "1")],
            }
        } else {
            args.into_iter().map(|arg| inside.lower(arg.expr(name)?)).collect::<Result<Vec<_>>>()?
        };
        let filter = filter.map(|filter| inside.aggregate_filter(filter)).transpose()?;
        functions::call_aggregate(AggregateCall {
            called: name,
            distinct,
            args,
            ignore_nulls,
            filter,
            zone: self.zone(),
        })
    }

    /// The condition of FILTER; NULL lets no row pass.
    fn aggregate_filter(&self, filter: &ast::Expr) -> Result<Typed> {
        match self.lower(filter)? {
            null if null.data_type == SparkType::Void => null.coerced(&SparkType::Boolean, self.zone()),
            _ => self.filter(filter),
        }
    }

    /// `CAST(x AS type)`.
    pub(super) fn cast(
        &self,
        kind: &ast::CastKind,
        expr: &ast::Expr,
        data_type: &ast::DataType,
        with_format: bool,
    ) -> Result<Typed> {
        refuse(!matches!(kind, ast::CastKind::Cast), "TRY_CAST")?;
        refuse(with_format, "CAST with FORMAT")?;
        let to = ddl::from_ast(data_type)?;
        let operand = self.lower(expr)?;
        let name = names::cast(&operand.name, &to);
        if !cast::can_cast(&operand.data_type, &to) {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: cannot cast {} to {to}",
                operand.data_type
            )));
        }
        Ok(operand.coerced(&to, self.zone())?.named(name))
    }

    /// `EXTRACT(field FROM source)`.
    pub(super) fn extract(&self, field: &ast::DateTimeField, source: &ast::Expr) -> Result<Typed> {
        let field = field.to_string();
        let source = self.lower(source)?;
        let name = format!("extract({field} FROM {})", source.name);
        Ok(functions::datetime::extract(&field, source, self.zone())?.named(name))
    }

    /// `TRIM([BOTH | LEADING | TRAILING] [what] FROM source)`.
    pub(super) fn trim(
        &self,
        side: Option<ast::TrimWhereField>,
        what: Option<&ast::Expr>,
        source: &ast::Expr,
    ) -> Result<Typed> {
        refuse(what.is_some(), "TRIM of given characters")?;
        let function = match side {
            None | Some(ast::TrimWhereField::Both) => "trim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        };
        functions::call(function, vec![self.lower(source)?], self.zone())
    }
}

/// An error if IGNORE NULLS stands behind a function for which it means nothing.
fn check_null_treatment(name: &str, treatment: Option<ast::NullTreatment>) -> Result<()> {
    let takes_it = matches!(name, "first" | "first_value" | "last" | "last_value" | "lead" | "lag" | "nth_value");
    if treatment == Some(ast::NullTreatment::IgnoreNulls) && !takes_it {
        return Err(SparkError::analysis(format!("Function {name} does not support IGNORE NULLS")));
    }
    Ok(())
}

/// An argument as it stands in the call.
enum Argument<'a> {
    Expr(&'a ast::Expr),
    Star,
    QualifiedStar,
}

impl<'a> Argument<'a> {
    fn expr(self, function: &str) -> Result<&'a ast::Expr> {
        match self {
            Self::Expr(expr) => Ok(expr),
            Self::Star => Err(SparkError::unsupported(format!("{function}(*)"))),
            Self::QualifiedStar if function == "count" => Err(SparkError::analysis(
                "count(t.*) is not allowed. Please use count(*) or expand the columns manually, e.g. count(col1, col2)",
            )),
            Self::QualifiedStar => Err(SparkError::unsupported("t.* as the argument of a function")),
        }
    }
}

/// Whether the arguments are DISTINCT, and the arguments.
fn arguments(arguments: &ast::FunctionArguments) -> Result<(bool, Vec<Argument<'_>>)> {
    let list = match arguments {
        ast::FunctionArguments::None => return Ok((false, Vec::new())),
        ast::FunctionArguments::Subquery(_) => {
            return Err(SparkError::unsupported("a subquery as the argument of a function"));
        }
        ast::FunctionArguments::List(list) => list,
    };
    let ast::FunctionArgumentList { duplicate_treatment, args, clauses } = list;
    refuse(!clauses.is_empty(), "clauses after the arguments of a function")?;
    let distinct = matches!(duplicate_treatment, Some(ast::DuplicateTreatment::Distinct));
    let args = args.iter().map(|arg| match arg {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Ok(Argument::Expr(expr)),
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard) => Ok(Argument::Star),
        ast::FunctionArg::Unnamed(_) => Ok(Argument::QualifiedStar),
        ast::FunctionArg::Named { .. } | ast::FunctionArg::ExprNamed { .. } => {
            Err(SparkError::unsupported("named arguments"))
        }
    });
    Ok((distinct, args.collect::<Result<_>>()?))
}
