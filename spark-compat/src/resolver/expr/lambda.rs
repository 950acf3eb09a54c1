//! Calls with lambdas.

use sqlparser::ast;

use super::Lowering;
use crate::error::{Result, SparkError};
use crate::functions::nested::access;
use crate::functions::nested::higher_order::{self, Kind, LambdaBody};
use crate::resolver::attribute::Attribute;
use crate::resolver::scope::same_name;
use crate::resolver::typed::Typed;

/// The parameters of the lambdas around an expression, the innermost first.
#[derive(Clone, Copy, Debug)]
pub(super) struct LambdaScope<'a> {
    params: &'a [(String, Attribute)],
    outer: Option<&'a LambdaScope<'a>>,
}

impl LambdaScope<'_> {
    fn find(&self, name: &str) -> Option<&Attribute> {
        let own = self.params.iter().find(|(param, _)| same_name(param, name));
        own.map(|(_, attribute)| attribute).or_else(|| self.outer.and_then(|outer| outer.find(name)))
    }
}

impl Lowering<'_, '_> {
    /// What a dotted name means if it starts with a lambda's parameter.
    pub(super) fn lambda_variable(&self, parts: &[ast::Ident]) -> Option<Result<Typed>> {
        let (first, fields) = parts.split_first()?;
        let attribute = self.lambda?.find(&first.value)?;
        let variable = Typed::new(attribute.expr(), attribute.data_type.clone(), true, "namedlambdavariable()");
        Some(fields.iter().try_fold(variable, |base, field| access::field(base, &field.value, self.zone())))
    }

    /// `transform(a, x -> x + 1)` and its like.
    pub(super) fn higher_order(&self, kind: Kind, called: &str, args: &[&ast::Expr]) -> Result<Typed> {
        let (values, lambdas) = args.split_at(kind.values().min(args.len()));
        let values = values.iter().map(|value| self.lower(value)).collect::<Result<Vec<_>>>()?;
        let whole = crate::resolver::call_name(called, &values);
        let values = kind.coerced(values, &whole, self.zone())?;
        let lambdas = lambdas.iter().enumerate().map(|(nth, lambda)| self.lambda_body(kind, nth, &values, lambda));
        let lambdas = lambdas.collect::<Result<Vec<_>>>()?;
        higher_order::call(kind, called, values, lambdas, self.zone())
    }

    fn lambda_body(&self, kind: Kind, nth: usize, values: &[Typed], lambda: &ast::Expr) -> Result<LambdaBody> {
        let types = kind.parameters(values, nth)?;
        let arities = kind.arities(nth);
        let ast::Expr::Lambda(ast::LambdaFunction { params, body, syntax: _ }) = lambda else {
            // A plain expression stands for a lambda that ignores its parameters.
            let hidden = arities.first().copied().unwrap_or(1);
            let params = types.into_iter().take(hidden).map(|t| self.resolver.ids.attribute(t, true)).collect();
            return Ok(LambdaBody { params, body: self.lower(lambda)? });
        };
        let names = parameter_names(params);
        if !arities.contains(&names.len()) {
            return Err(SparkError::analysis(format!(
                "The number of lambda function arguments '{}' does not match the number of arguments expected by the higher \
                 order function '{}'.",
                names.len(),
                arities.first().copied().unwrap_or(1)
            )));
        }
        let repeated = |at: usize, name: &str| names.iter().take(at).any(|other| same_name(other, name));
        if names.iter().enumerate().any(|(at, name)| repeated(at, name)) {
            return Err(SparkError::analysis(
                "Lambda function arguments should not have names that are semantically the same.",
            ));
        }
        let params: Vec<(String, Attribute)> = names
            .into_iter()
            .zip(types)
            .map(|(name, data_type)| (name.to_string(), self.resolver.ids.attribute(data_type, true)))
            .collect();
        let scope = LambdaScope { params: &params, outer: self.lambda };
        let inside = Lowering { lambda: Some(&scope), ..*self };
        let body = inside.lower(body)?;
        Ok(LambdaBody { params: params.into_iter().map(|(_, attribute)| attribute).collect(), body })
    }
}

fn parameter_names(params: &ast::OneOrManyWithParens<ast::LambdaFunctionParameter>) -> Vec<&str> {
    match params {
        ast::OneOrManyWithParens::One(param) => vec![param.name.value.as_str()],
        ast::OneOrManyWithParens::Many(params) => params.iter().map(|param| param.name.value.as_str()).collect(),
    }
}
