//! Paths as expressions: the grammar of XPath 1.0 where Xalan keeps to it.

use super::descendants;
use super::expression::{Axis, Comparison, Expr, Function, NodeTest, Operator, Origin, Path, Step};
use super::lexer::{Token, tokens};
use crate::error::{Result, SparkError};

/// How deep parentheses, predicates and arguments may stand in one another.
const MAX_DEPTH: usize = 64;

/// Functions that Java's evaluator has beyond XPath 1.0.
const EXTENSIONS: &[&str] = &[
    "current",
    "document-location",
    "element-available",
    "function-available",
    "generate-id",
    "key",
    "system-property",
    "unparsed-entity-uri",
];

/// Reads a path.
///
/// # Errors
///
/// It is none, or uses what is not supported.
pub(crate) fn parse(path: &str) -> Result<Expr> {
    let mut parser = Parser { path, tokens: tokens(path)?, at: 0, depth: 0 };
    let expr = parser.expression()?;
    if parser.at < parser.tokens.len() {
        return Err(parser.error("something stands behind its end"));
    }
    Ok(expr)
}

/// The error for a path that is none.
pub(super) fn invalid(path: &str, reason: &str) -> SparkError {
    SparkError::execution(format!("Invalid XPath '{path}': {reason}"))
}

struct Parser<'p> {
    path: &'p str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SparkError::unsupported(format!("XPath with more than {MAX_DEPTH} levels of nesting")));
        }
        let mut left = self.and()?;
        while self.take_word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr> {
        let mut left = self.equality()?;
        while self.take_word("and") {
            left = Expr::And(Box::new(left), Box::new(self.equality()?));
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Expr> {
        let mut left = self.relational()?;
        loop {
            let comparison = if self.peek_symbol(0) == Some('!') && self.peek_symbol(1) == Some('=') {
                self.at += 2;
                Comparison::NotEqual
            } else if self.take('=') {
                Comparison::Equal
            } else {
                return Ok(left);
            };
            left = Expr::Compare(comparison, Box::new(left), Box::new(self.relational()?));
        }
    }

    fn relational(&mut self) -> Result<Expr> {
        let mut left = self.additive()?;
        loop {
            let comparison = match (self.peek_symbol(0), self.peek_symbol(1)) {
                (Some('<'), Some('=')) => Comparison::LessOrEqual,
                (Some('<'), _) => Comparison::Less,
                (Some('>'), Some('=')) => Comparison::GreaterOrEqual,
                (Some('>'), _) => Comparison::Greater,
                _ => return Ok(left),
            };
            let two = matches!(comparison, Comparison::LessOrEqual | Comparison::GreaterOrEqual);
            self.at += 1 + usize::from(two);
            left = Expr::Compare(comparison, Box::new(left), Box::new(self.additive()?));
        }
    }

    fn additive(&mut self) -> Result<Expr> {
        let mut left = self.multiplicative()?;
        loop {
            let operator = match self.peek_symbol(0) {
                Some('+') => Operator::Add,
                Some('-') => Operator::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Calculate(operator, Box::new(left), Box::new(self.multiplicative()?));
        }
    }

    fn multiplicative(&mut self) -> Result<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.take('*') {
                Operator::Multiply
            } else if self.take_word("div") {
                Operator::Divide
            } else if self.take_word("mod") {
                Operator::Modulo
            } else {
                return Ok(left);
            };
            left = Expr::Calculate(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    /// At most one minus: Java takes no second one.
    fn unary(&mut self) -> Result<Expr> {
        if self.take('-') {
            return Ok(Expr::Negate(Box::new(self.union()?)));
        }
        self.union()
    }

    fn union(&mut self) -> Result<Expr> {
        let first = self.path()?;
        if self.peek_symbol(0) != Some('|') {
            return Ok(first);
        }
        let mut members = vec![first];
        while self.take('|') {
            members.push(self.path()?);
        }
        Ok(Expr::Union(members))
    }

    fn path(&mut self) -> Result<Expr> {
        if let Some(primary) = self.primary()? {
            let predicates = self.predicates()?;
            if predicates.is_empty() && self.peek_symbol(0) != Some('/') {
                return Ok(primary);
            }
            let mut steps = Vec::new();
            if self.take('/') {
                self.relative_path(&mut steps)?;
            }
            let origin = Origin::Filter(Box::new(primary), predicates);
            return Ok(Expr::Path(Path { origin, steps, by_whole_name: false }));
        }
        let from = self.at;
        let absolute = self.take('/');
        let origin = if absolute { Origin::Root } else { Origin::Context };
        let mut steps = Vec::new();
        if !absolute || self.starts_step() {
            self.relative_path(&mut steps)?;
        }
        let starts_with_self = self.tokens.get(from) == Some(&Token::Word(".".into()));
        let by_whole_name = descendants::walked_by_whole_name(absolute, starts_with_self, &steps);
        Ok(Expr::Path(Path { origin, steps, by_whole_name }))
    }

    fn starts_step(&self) -> bool {
        match self.peek(0) {
            Some(Token::Word(_)) => true,
            Some(Token::Symbol(symbol)) => matches!(symbol, '/' | '@' | '*'),
            _ => false,
        }
    }

    /// Steps; a slash in front makes the first one an abbreviated descendant.
    fn relative_path(&mut self, steps: &mut Vec<Step>) -> Result<()> {
        loop {
            if self.take('/') {
                steps.push(plain_step(Axis::DescendantOrSelf));
            }
            steps.push(self.step()?);
            if !self.take('/') {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> Result<Step> {
        if self.take_word(".") {
            if self.peek_symbol(0) == Some('[') {
                return Err(self.error("'.[predicate]' is illegal, use 'self::node()[predicate]'"));
            }
            return Ok(plain_step(Axis::Itself));
        }
        if self.take_word("..") {
            return Ok(plain_step(Axis::Parent));
        }
        let axis = if self.take('@') {
            Axis::Attribute
        } else if self.peek(1) == Some(&Token::Axis) {
            self.axis()?
        } else {
            Axis::Child
        };
        let test = self.node_test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Result<Axis> {
        let Some(Token::Word(name)) = self.peek(0).cloned() else {
            return Err(self.error("'::' has no axis before it"));
        };
        self.at += 2;
        Ok(match name.as_str() {
            "ancestor" => Axis::Ancestor,
            "ancestor-or-self" => Axis::AncestorOrSelf,
            "attribute" => Axis::Attribute,
            "child" => Axis::Child,
            "descendant" => Axis::Descendant,
            "descendant-or-self" => Axis::DescendantOrSelf,
            "following" => Axis::Following,
            "following-sibling" => Axis::FollowingSibling,
            "namespace" => return Err(SparkError::unsupported("the axis 'namespace' in XPath")),
            "parent" => Axis::Parent,
            "preceding" => Axis::Preceding,
            "preceding-sibling" => Axis::PrecedingSibling,
            "self" => Axis::Itself,
            _ => return Err(self.error("there is no such axis")),
        })
    }

    fn node_test(&mut self) -> Result<NodeTest> {
        if self.take('*') {
            return Ok(NodeTest::AnyName);
        }
        let Some(Token::Word(name)) = self.peek(0).cloned() else {
            return Err(self.error("a name, '*' or a node type is missing"));
        };
        self.at += 1;
        if self.take('(') {
            return self.node_type(&name);
        }
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(self.error("a name starts with a letter or '_'"));
        }
        match name.split_once(':') {
            None => Ok(NodeTest::Name(name)),
            Some((_, "")) if self.take('*') => Ok(NodeTest::Prefixed),
            Some((_, "")) => Err(self.error("a name ends with its prefix")),
            Some(_) => Ok(NodeTest::Prefixed),
        }
    }

    fn node_type(&mut self, name: &str) -> Result<NodeTest> {
        let test = match name {
            "node" => NodeTest::Any,
            "text" => NodeTest::Text,
            "comment" => NodeTest::Comment,
            "processing-instruction" => match self.peek(0).cloned() {
                Some(Token::Literal(target)) => {
                    self.at += 1;
                    NodeTest::ProcessingInstruction(Some(target))
                }
                _ => NodeTest::ProcessingInstruction(None),
            },
            _ => return Err(self.error("there is no such node type")),
        };
        self.expect(')')?;
        Ok(test)
    }

    fn predicates(&mut self) -> Result<Vec<Expr>> {
        let mut predicates = Vec::new();
        while self.take('[') {
            predicates.push(self.expression()?);
            self.expect(']')?;
        }
        Ok(predicates)
    }

    /// A literal, number, variable, call or expression in parentheses, if one is here.
    fn primary(&mut self) -> Result<Option<Expr>> {
        let next_opens = self.peek_symbol(1) == Some('(');
        Ok(Some(match self.peek(0).cloned() {
            Some(Token::Literal(text)) => {
                self.at += 1;
                Expr::Literal(text)
            }
            Some(Token::Symbol('$')) => {
                self.at += 2;
                Expr::Unknown("a variable")
            }
            Some(Token::Symbol('(')) => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(')')?;
                Expr::Group(Box::new(inner))
            }
            Some(Token::Word(word)) if is_number(&word) => {
                self.at += 1;
                Expr::Number(number(&word).ok_or_else(|| self.error(&format!("{word} is not a number")))?)
            }
            Some(Token::Word(word)) if next_opens && !is_node_type(&word) => {
                self.at += 2;
                self.call(&word)?
            }
            _ => return Ok(None),
        }))
    }

    fn call(&mut self, name: &str) -> Result<Expr> {
        let mut arguments = Vec::new();
        if !self.take(')') {
            loop {
                arguments.push(self.expression()?);
                if self.take(')') {
                    break;
                }
                self.expect(',')?;
            }
        }
        if name.contains(':') {
            return Ok(Expr::Unknown("an extension function"));
        }
        if EXTENSIONS.contains(&name) {
            return Err(SparkError::unsupported(format!("the XPath function {name}()")));
        }
        let (function, least, most) =
            Function::find(name).ok_or_else(|| self.error(&format!("Could not find function: {name}")))?;
        if !(least..=most).contains(&arguments.len()) {
            return Err(self.error(&format!("{name}() takes another number of arguments")));
        }
        Ok(Expr::Call(function, arguments))
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn peek_symbol(&self, ahead: usize) -> Option<char> {
        match self.peek(ahead) {
            Some(Token::Symbol(symbol)) => Some(*symbol),
            _ => None,
        }
    }

    fn take(&mut self, symbol: char) -> bool {
        let found = self.peek_symbol(0) == Some(symbol);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(0), Some(Token::Word(found)) if found == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: char) -> Result<()> {
        if self.take(symbol) { Ok(()) } else { Err(self.error(&format!("'{symbol}' is missing"))) }
    }

    fn error(&self, reason: &str) -> SparkError {
        invalid(self.path, reason)
    }
}

fn plain_step(axis: Axis) -> Step {
    Step { axis, test: NodeTest::Any, predicates: Vec::new() }
}

fn is_node_type(word: &str) -> bool {
    matches!(word, "node" | "text" | "comment" | "processing-instruction")
}

fn is_number(word: &str) -> bool {
    word.strip_prefix('.').unwrap_or(word).starts_with(|c: char| c.is_ascii_digit())
}

/// Java's `Double.valueOf` of a word, without exponents: a suffix for the type may follow.
fn number(word: &str) -> Option<f64> {
    let digits = word.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(word);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_is_refused() {
        for path in [
            "a b",
            "/a/",
            "//",
            "a//",
            "@",
            "a[1",
            "(a",
            "a)",
            "'a",
            "child::",
            "foo::a",
            "a[]",
            "1 +",
            "count()",
            "true(1)",
            "a|",
            "a!b",
            "--a",
            "*:a",
            "1e3",
            "1.5-2",
            "1.2.3",
            ".[1]",
            "a/b/..[1]",
            "5 quo 2",
            "a^b",
            "a/text(1)",
            "-1a",
            "a:",
            ":a",
            "a,b",
            "concat(a,)",
            "concat('a')",
            "foo()",
        ] {
            assert!(parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_takes_no_stack() {
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"a[".repeat(100_000)).is_err());
    }
}
