//! Structs, fields and elements: `(a, b)`, `struct(a, b AS c)`, `a.b[1].c`, and stars among arguments.

use sqlparser::ast;

use super::Lowering;
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions::nested::{access, constructors, shape};
use crate::parse::regex_columns;
use crate::resolver::star;
use crate::resolver::typed::Typed;

/// A lowered expression with the name that the user gave it, or that it has as a column.
struct Member {
    typed: Typed,
    column: Option<String>,
    alias: Option<String>,
}

impl Member {
    fn field(&self, at: usize) -> String {
        self.alias.as_ref().or(self.column.as_ref()).cloned().unwrap_or_else(|| format!("col{}", at + 1))
    }

    fn shown(&self) -> String {
        match &self.alias {
            Some(alias) => format!("{} AS {alias}", self.typed.name),
            None => self.typed.name.clone(),
        }
    }
}

impl Lowering<'_, '_> {
    /// `(a, b AS c)`: a struct with fields called as the columns are, `col1`, .. where they are none.
    pub(super) fn row(&self, items: &[ast::Expr]) -> Result<Typed> {
        let members = items.iter().map(|item| self.member(item)).collect::<Result<Vec<_>>>()?;
        let shown: Vec<_> =
            (0..).zip(&members).map(|(at, member)| format!("{}, {}", member.field(at), member.shown())).collect();
        self.structure(members, format!("named_struct({})", shown.join(", ")))
    }

    /// `struct(a, b AS c, t.*)`.
    pub(super) fn struct_call(&self, args: &[ast::FunctionArg]) -> Result<Typed> {
        let members = self.members(args)?;
        let shown: Vec<_> = members.iter().map(Member::shown).collect();
        self.structure(members, format!("struct({})", shown.join(", ")))
    }

    /// `arrays_zip(a, b)`: the fields are called as the columns are, by their places where they are none.
    pub(super) fn zip_call(&self, args: &[ast::FunctionArg]) -> Result<Typed> {
        let members = self.members(args)?;
        let is_field = |typed: &Typed| !matches!(typed.expr, datafusion::logical_expr::Expr::Column(_));
        let names = members.iter().enumerate().map(|(at, member)| match &member.column {
            Some(column) if !is_field(&member.typed) => column.clone(),
            _ => at.to_string(),
        });
        let names = names.collect();
        let shown: Vec<_> = members.iter().map(Member::shown).collect();
        let args = members.into_iter().map(|member| member.typed).collect();
        shape::zip(format!("arrays_zip({})", shown.join(", ")), args, names)
    }

    fn structure(&self, members: Vec<Member>, name: String) -> Result<Typed> {
        let fields = members.into_iter().enumerate().map(|(at, member)| (member.field(at), member.typed)).collect();
        constructors::structure(fields, name)
    }

    fn members(&self, args: &[ast::FunctionArg]) -> Result<Vec<Member>> {
        let mut members = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) if regex_columns(expr).is_none() => {
                    members.push(self.member(expr)?);
                }
                ast::FunctionArg::Unnamed(star) => members.extend(self.expanded(star)?.into_iter().map(of_star)),
                _ => return Err(SparkError::unsupported("named arguments")),
            }
        }
        Ok(members)
    }

    fn member(&self, expr: &ast::Expr) -> Result<Member> {
        match expr {
            ast::Expr::Nested(inner) => self.member(inner),
            ast::Expr::Named { expr, name } => {
                self.check_alias()?;
                Ok(Member { typed: self.lower(expr)?, column: None, alias: Some(name.value.clone()) })
            }
            ast::Expr::Identifier(ident) => {
                Ok(Member { typed: self.lower(expr)?, column: Some(ident.value.clone()), alias: None })
            }
            ast::Expr::CompoundIdentifier(parts) => {
                let column = parts.last().map(|part| part.value.clone());
                Ok(Member { typed: self.lower(expr)?, column, alias: None })
            }
            other => Ok(Member { typed: self.lower(other)?, column: None, alias: None }),
        }
    }

    fn check_alias(&self) -> Result<()> {
        match self.clause {
            super::Clause::Constant(place) => {
                Err(SparkError::analysis(format!("cannot evaluate an expression with an alias: {place}")))
            }
            _ => Ok(()),
        }
    }

    /// The columns, or fields of a struct, that a star among the arguments of a function stands for.
    pub(super) fn expanded(&self, star: &ast::FunctionArgExpr) -> Result<Vec<star::Starred>> {
        let scope = self.scopes.first().ok_or_else(|| SparkError::analysis("Invalid usage of '*' in expression"))?;
        match star {
            ast::FunctionArgExpr::Wildcard => Ok(star::all(scope)?.into_iter().map(star::Starred::column).collect()),
            ast::FunctionArgExpr::QualifiedWildcard(name) => star::qualified(scope, name, self.zone()),
            ast::FunctionArgExpr::Expr(expr) => {
                let (qualifier, regex) = regex_columns(expr).ok_or_else(|| SparkError::internal("no star"))?;
                Ok(star::fitting(scope, qualifier, regex)?.into_iter().map(star::Starred::column).collect())
            }
            _ => Err(SparkError::unsupported("* with options as the argument of a function")),
        }
    }

    /// `root.field`, `root[key]` and chains of them.
    pub(super) fn access(&self, root: &ast::Expr, chain: &[ast::AccessExpr]) -> Result<Typed> {
        // Names behind a name belong to it: they may be a qualifier and a column.
        let mut parts = match root {
            ast::Expr::Identifier(ident) => vec![ident.clone()],
            ast::Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        let mut rest = chain;
        if !parts.is_empty() {
            while let [ast::AccessExpr::Dot(ast::Expr::Identifier(ident)), behind @ ..] = rest {
                parts.push(ident.clone());
                rest = behind;
            }
        }
        let base = if parts.is_empty() { self.lower(root)? } else { self.column(&parts)? };
        rest.iter().try_fold(base, |base, access| match access {
            ast::AccessExpr::Dot(ast::Expr::Identifier(ident)) => access::field(base, &ident.value, self.zone()),
            ast::AccessExpr::Dot(other) => Err(SparkError::unsupported(format!("the access .{other}"))),
            ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                access::item(base, self.lower(index)?, self.zone())
            }
            ast::AccessExpr::Subscript(slice @ ast::Subscript::Slice { .. }) => {
                Err(SparkError::new(ErrorKind::Parse, format!("mismatched input ':' in [{slice}]")))
            }
        })
    }
}

fn of_star(starred: star::Starred) -> Member {
    let alias = starred.is_field.then(|| starred.name.clone());
    Member { typed: starred.typed, column: Some(starred.name), alias }
}
