//! Function calls, and the forms that are calls with a syntax of their own: CAST, EXTRACT, TRIM.

use sqlparser::ast;

use super::{Clause, Lowering};
use crate::cast;
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions::nested::kind::contains_map;
use crate::functions::{self, AggregateCall, WindowCall};
use crate::parse::regex_columns;
use crate::resolver::typed::Typed;
use crate::resolver::windows::Over;
use crate::resolver::{name_parts, names, refuse, time_windows};
use crate::types::{SparkType, ddl};

impl Lowering<'_, '_> {
    /// `name(arguments)`: a scalar or an aggregate function.
    pub(super) fn call(&self, function: &ast::Function) -> Result<Typed> {
        let ast::Function { name, uses_odbc_syntax, parameters, args, filter, null_treatment, over, within_group } =
            function;
        refuse(*uses_odbc_syntax, "ODBC function calls")?;
        refuse(!matches!(parameters, ast::FunctionArguments::None), "parameters before the arguments of a function")?;
        refuse(!within_group.is_empty(), "WITHIN GROUP")?;
        let parts = name_parts(name)?;
        let [name] = &parts[..] else {
            return Err(functions::undefined(&parts.join(".")));
        };
        // A word that calls a function without parentheses, such as `current_date`, is a column where there is one.
        if matches!(args, ast::FunctionArguments::None)
            && let Ok(column) = self.column(&[ast::Ident::new(name.clone())])
        {
            return Ok(column);
        }
        let name = name.to_lowercase();
        let found = functions::find(&name).ok_or_else(|| functions::undefined(&name))?;
        if found.as_generator().is_some() {
            return Err(self.misplaced_generator(function));
        }
        let written = written_arguments(args);
        let (distinct, args) = arguments(args)?;
        if let Some(over) = over {
            check_null_treatment(&name, *null_treatment)?;
            let over = self.over(over)?;
            let ignore_nulls = matches!(null_treatment, Some(ast::NullTreatment::IgnoreNulls));
            let filtered = filter.is_some();
            let call = Windowed { name: &name, function: found, distinct, args, filtered, ignore_nulls };
            return self.window_call(call, &over);
        }
        if found.is_window() {
            return Err(SparkError::analysis(format!("Window function {name}() requires an OVER clause.")));
        }
        check_null_treatment(&name, *null_treatment)?;
        if found.is_aggregate() {
            let ignore_nulls = *null_treatment == Some(ast::NullTreatment::IgnoreNulls);
            return self.aggregate_call(&name, distinct, ignore_nulls, args, filter.as_deref());
        }
        if distinct || filter.is_some() {
            return Err(SparkError::analysis(format!(
                "DISTINCT and FILTER specified, but {name} is not an aggregate function"
            )));
        }
        if let Some(column) = time_windows::window_column(self.scopes, &name) {
            return Ok(Typed::attribute(&column.attribute, &column.name));
        }
        if let Some(kind) = found.as_higher_order() {
            let args = args.into_iter().map(|arg| arg.expr(&name)).collect::<Result<Vec<_>>>()?;
            found.check_arity(&name, args.len())?;
            return self.higher_order(kind, &name, &args);
        }
        match name.as_str() {
            "struct" => return self.struct_call(written),
            "arrays_zip" => return self.zip_call(written),
            _ => {}
        }
        if let Some(moment) = functions::call_moment(&name, args.len(), self.resolver.facts, self.resolver.zone_name) {
            return moment;
        }
        let mut args = self.lowered(args)?;
        if name == "unix_timestamp" && args.is_empty() {
            args.extend(
                functions::call_moment("current_timestamp", 0, self.resolver.facts, self.resolver.zone_name)
                    .transpose()?,
            );
        }
        functions::call(&name, args, self.zone())
    }

    /// A function over a window: an aggregate over its frames, or one that is made for windows.
    fn window_call(&self, call: Windowed<'_>, over: &Over) -> Result<Typed> {
        let Windowed { name, function, distinct, args, filtered, ignore_nulls } = call;
        if distinct {
            return Err(SparkError::analysis(format!("Distinct window functions are not supported: {name}")));
        }
        if filtered {
            return Err(SparkError::analysis("window aggregate function with filter predicate is not supported yet."));
        }
        let args = self.aggregate_arguments(name, distinct, args)?;
        if function.is_window() {
            return functions::call_window(WindowCall { called: name, args, ignore_nulls, over, zone: self.zone() });
        }
        if !function.is_aggregate() {
            return Err(SparkError::analysis(format!("Expression '{name}' not supported within a window function.")));
        }
        let call = AggregateCall { called: name, distinct, args, ignore_nulls, filter: None, zone: self.zone() };
        over.aggregate(functions::call_aggregate(call)?)
    }

    /// The arguments of an aggregate function; `count(*)` counts a constant, with DISTINCT the columns.
    fn aggregate_arguments(&self, name: &str, distinct: bool, args: Vec<Argument<'_>>) -> Result<Vec<Typed>> {
        if name == "count" {
            match args[..] {
                [Argument::Star(ast::FunctionArgExpr::Wildcard)] if !distinct => {
                    return Ok(vec![Typed::literal(1i32.into(), SparkType::Int, "1")]);
                }
                [Argument::Star(ast::FunctionArgExpr::QualifiedWildcard(_))] => {
                    return Err(SparkError::analysis(
                        "count(t.*) is not allowed. Please use count(*) or expand the columns manually, e.g. count(col1, col2)",
                    ));
                }
                _ => {}
            }
        }
        self.lowered(args)
    }

    /// The arguments with stars expanded.
    fn lowered(&self, args: Vec<Argument<'_>>) -> Result<Vec<Typed>> {
        let mut lowered = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                Argument::Expr(expr) => lowered.push(self.lower(expr)?),
                Argument::Star(star) => lowered.extend(self.expanded(star)?.into_iter().map(|starred| starred.typed)),
            }
        }
        Ok(lowered)
    }

    /// The arguments of a call that takes values alone.
    pub(in crate::resolver) fn plain_arguments(&self, name: &str, function: &ast::Function) -> Result<Vec<Typed>> {
        let ast::Function {
            name: _,
            uses_odbc_syntax: _,
            parameters: _,
            args,
            filter,
            null_treatment,
            over,
            within_group,
        } = function;
        let special = filter.is_some() || null_treatment.is_some() || over.is_some() || !within_group.is_empty();
        let (distinct, args) = arguments(args)?;
        if distinct {
            return Err(SparkError::analysis(format!("Function {name} does not support DISTINCT")));
        }
        refuse(special, &format!("clauses behind {name}(..)"))?;
        self.lowered(args)
    }

    fn misplaced_generator(&self, function: &ast::Function) -> SparkError {
        SparkError::analysis(match self.clause {
            Clause::Select => {
                format!("Generators are not supported when it's nested in expressions, but got: {function}")
            }
            _ => format!("Generators are not supported outside the SELECT clause, but got: {function}"),
        })
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
        let inside = Self { scopes: self.aggregate_scopes, lambda: None, clause: Clause::AggregateArgument, ..*self };
        let args = inside.aggregate_arguments(name, distinct, args)?;
        let filter = filter.map(|filter| inside.aggregate_filter(filter)).transpose()?;
        if let Some(random) = args.iter().find(|arg| arg.expr.is_volatile()) {
            return Err(SparkError::analysis(format!(
                "nondeterministic expression {} should not appear in the arguments of an aggregate function",
                random.name
            )));
        }
        if distinct && args.iter().any(|arg| contains_map(&arg.data_type)) {
            return Err(SparkError::execution("grouping/join/window partition keys cannot be map type."));
        }
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

    /// `CAST(x AS type)` and `TRY_CAST(x AS type)`.
    pub(super) fn cast(
        &self,
        kind: &ast::CastKind,
        expr: &ast::Expr,
        data_type: &ast::DataType,
        with_format: bool,
    ) -> Result<Typed> {
        refuse(with_format, "CAST with FORMAT")?;
        let to = ddl::from_ast(data_type)?;
        let operand = self.lower(expr)?;
        let is_try = *kind == ast::CastKind::TryCast;
        let (name, can_cast) = if is_try {
            (names::try_cast(&operand.name, &to), cast::can_try_cast(&operand.data_type, &to))
        } else {
            (names::cast(&operand.name, &to), cast::can_cast(&operand.data_type, &to))
        };
        if !can_cast {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: cannot cast {} to {to}",
                operand.data_type
            )));
        }
        if is_try {
            let expr = cast::lower_try(operand.expr, &operand.data_type, &to, self.zone())?;
            return Ok(Typed::new(expr, to, true, name));
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
        let function = match side {
            None | Some(ast::TrimWhereField::Both) => "trim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        };
        let args = what.into_iter().chain([source]).map(|arg| self.lower(arg)).collect::<Result<_>>()?;
        functions::call(function, args, self.zone())
    }
}

/// A call with OVER, its arguments not lowered yet.
struct Windowed<'a> {
    name: &'a str,
    function: &'static functions::Function,
    distinct: bool,
    args: Vec<Argument<'a>>,
    filtered: bool,
    ignore_nulls: bool,
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
    Star(&'a ast::FunctionArgExpr),
}

impl<'a> Argument<'a> {
    fn expr(self, function: &str) -> Result<&'a ast::Expr> {
        match self {
            Self::Expr(expr) => Ok(expr),
            Self::Star(_) => Err(SparkError::unsupported(format!("{function}(*)"))),
        }
    }
}

/// The arguments as they are written.
fn written_arguments(arguments: &ast::FunctionArguments) -> &[ast::FunctionArg] {
    match arguments {
        ast::FunctionArguments::List(list) => &list.args,
        ast::FunctionArguments::None | ast::FunctionArguments::Subquery(_) => &[],
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
    if !clauses.is_empty() {
        return Err(SparkError::new(ErrorKind::Parse, "missing ')' at the clause after the arguments of a function"));
    }
    let distinct = matches!(duplicate_treatment, Some(ast::DuplicateTreatment::Distinct));
    let args = args.iter().map(|arg| match arg {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) if regex_columns(expr).is_none() => {
            Ok(Argument::Expr(expr))
        }
        ast::FunctionArg::Unnamed(star) => Ok(Argument::Star(star)),
        ast::FunctionArg::Named { .. } | ast::FunctionArg::ExprNamed { .. } => {
            Err(SparkError::unsupported("named arguments"))
        }
    });
    Ok((distinct, args.collect::<Result<_>>()?))
}
