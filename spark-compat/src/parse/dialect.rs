//! The sqlparser dialect of Spark 3.2: which of sqlparser's grammar applies, and the hooks into [`super::expression`].

use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::expression;

/// Spark 3.2's SQL (not ANSI mode) for sqlparser, to be fed with the tokens of [`super::lexer`].
#[derive(Debug, Default)]
pub struct SparkDialect;

impl Dialect for SparkDialect {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.is_identifier_start(ch)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_group_by_with_modifier(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_from_first_select(&self) -> bool {
        true
    }

    fn supports_values_as_table_factor(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_cross_join_constraint(&self) -> bool {
        true
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    fn supports_table_sample_before_alias(&self) -> bool {
        true
    }

    fn supports_cte_without_as(&self) -> bool {
        true
    }

    fn supports_select_item_multi_column_alias(&self) -> bool {
        true
    }

    fn supports_select_expr_star(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_rarrow_operator(&self) -> bool {
        false
    }

    /// Spark's grammar: unary, `* / % DIV`, `+ - ||`, `&`, `^`, `|`, comparisons, predicates (BETWEEN, IN, LIKE, IS ..), NOT,
    /// AND, OR.
    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Period => 100,
            Precedence::DoubleColon => 50,
            Precedence::AtTz | Precedence::MulDivModOp => 40,
            Precedence::PlusMinus => 30,
            Precedence::Xor | Precedence::Ampersand => 23,
            Precedence::Caret => 22,
            Precedence::Pipe | Precedence::Colon => 21,
            Precedence::Eq => 20,
            Precedence::Between | Precedence::Like | Precedence::Is => 18,
            Precedence::PgOther => 16,
            Precedence::UnaryNot => 15,
            Precedence::And => 10,
            Precedence::Or => 5,
        }
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        match &parser.peek_token_ref().token {
            // Binds as + and - do; to sqlparser it binds as * does.
            Token::StringConcat => Some(Ok(self.prec_value(Precedence::PlusMinus))),
            // These start no binary operator in Spark: the lambda's arrow, `:` inside types, `~`.
            Token::Arrow | Token::Colon | Token::Tilde => Some(Ok(self.prec_unknown())),
            _ => None,
        }
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        Some(expression::prefix(parser))
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        expression::infix(parser, expr, precedence)
    }

    fn is_reserved_for_identifier(&self, _keyword: Keyword) -> bool {
        false
    }

    fn is_column_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        !ends_an_item(*keyword, parser)
    }

    /// The grammar's `strictIdentifier`: the join words cannot be aliases of relations.
    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser) -> bool {
        use Keyword as K;
        let joins = matches!(
            keyword,
            K::ANTI
                | K::CROSS
                | K::FULL
                | K::INNER
                | K::JOIN
                | K::LEFT
                | K::NATURAL
                | K::ON
                | K::RIGHT
                | K::SEMI
                | K::USING
                | K::PIVOT
                | K::TABLESAMPLE
        );
        !joins && !ends_an_item(*keyword, parser)
    }
}

/// Whether `keyword`, which the parser has just read, opens the next clause rather than naming something.
fn ends_an_item(keyword: Keyword, parser: &Parser) -> bool {
    use Keyword as K;
    match keyword {
        K::FROM
        | K::WHERE
        | K::HAVING
        | K::UNION
        | K::EXCEPT
        | K::INTERSECT
        | K::MINUS
        | K::LATERAL
        | K::LIMIT
        | K::WINDOW
        | K::SELECT
        | K::WHEN
        | K::THEN
        | K::ELSE
        | K::END
        | K::FOR
        | K::AND
        | K::OR
        | K::NOT => true,
        K::GROUP | K::ORDER | K::SORT | K::CLUSTER | K::DISTRIBUTE | K::PARTITION => {
            is_by(&parser.peek_nth_token_ref(0).token) || is_by(&parser.peek_nth_token_ref(1).token)
        }
        _ => false,
    }
}

fn is_by(token: &Token) -> bool {
    matches!(token, Token::Word(w) if w.keyword == Keyword::BY)
}
