//! The query language of GO Feature Flag, read into a tree.
//!
//! # Source
//! The grammar `JsonQuery` of nikunjy/rules: comparisons and `pr`, joined by `and` and `or` from
//! left to right without precedence, negated only in front of parentheses.

use super::token::{Kind, Token, tokens};
use crate::dialect::{Unfit, unfit};
use crate::wire::number;
use semver::Version;

/// Bytes of a query.
const QUERY_BYTES_MAX: usize = 100_000;

/// Parentheses inside parentheses.
const DEPTH_MAX: usize = 64;

/// A query.
#[derive(Debug, PartialEq)]
pub(super) enum Query {
    /// Joined from left to right.
    Chain(Box<Query>, Box<[(Joint, Query)]>),
    /// The contrary.
    Not(Box<Query>),
    /// The attribute is there.
    Present(Path),
    /// The attribute, compared.
    Compare(Path, Operator, Literal),
}

/// Names that lead to an attribute.
pub(super) type Path = Box<[Box<str>]>;

/// How two queries are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    And,
    Or,
}

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Different,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Contains,
    StartsWith,
    EndsWith,
    In,
}

/// What an attribute is compared with; it decides what the operator means.
#[derive(Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Long(i64),
    Double(f64),
    Version(Version),
    /// As it is written between its quotes, escapes and all.
    Text(Box<str>),
    Longs(Box<[i64]>),
    Doubles(Box<[f64]>),
    Texts(Box<[Box<str>]>),
    /// A whole number that does not fit, or has an exponent: an error when it is come to.
    Unreadable,
}

impl Query {
    /// The query that is written.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn read(text: &str) -> Result<Self, Unfit> {
        if text.len() > QUERY_BYTES_MAX {
            return Err(unfit!("the query is longer than {QUERY_BYTES_MAX} bytes"));
        }
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens };
        let query = reader.chain(DEPTH_MAX)?;
        match reader.tokens {
            [] => Ok(query),
            [next, ..] => Err(unfit!("the query goes on with {} after its end", next.kind)),
        }
    }
}

struct Reader<'t> {
    tokens: &'t [Token],
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn is_next(&self, kind: &Kind) -> bool {
        self.tokens.first().is_some_and(|token| token.kind == *kind)
    }

    fn chain(&mut self, depth: usize) -> Result<Query, Unfit> {
        let first = self.one(depth)?;
        let mut rest = Vec::new();
        while let Some(joint) = self.tokens.first().and_then(joint) {
            let (before, after) = (self.next(), self.tokens.first());
            if !before.into_iter().chain(after).all(|token| token.is_spaced) {
                return Err("\"and\" and \"or\" stand between spaces".into());
            }
            rest.push((joint, self.one(depth)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Query::Chain(Box::new(first), rest.into()))
    }

    fn one(&mut self, depth: usize) -> Result<Query, Unfit> {
        let is_negation = matches!(self.tokens, [not, open, ..]
            if not.is_word("not") && open.kind == Kind::Open);
        if is_negation {
            self.next();
            return Ok(Query::Not(Box::new(self.parenthesis(depth)?)));
        }
        if self.is_next(&Kind::Open) {
            return self.parenthesis(depth);
        }
        let path = self.path()?;
        match self.next() {
            Some(token) if token.is_spaced && token.is_word("pr") => Ok(Query::Present(path)),
            Some(token) if token.is_spaced => {
                let operator =
                    operator(token).ok_or_else(|| unfit!("{} is no operator", token.kind))?;
                if !self.tokens.first().is_some_and(|value| value.is_spaced) {
                    return Err("an operator stands between spaces".into());
                }
                Ok(Query::Compare(path, operator, self.literal()?))
            }
            _ => Err("an attribute is followed by a space and an operator".into()),
        }
    }

    fn parenthesis(&mut self, depth: usize) -> Result<Query, Unfit> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| unfit!("the query is nested deeper than {DEPTH_MAX} levels"))?;
        self.next();
        let inner = self.chain(depth)?;
        match self.next() {
            Some(token) if token.kind == Kind::Close => Ok(inner),
            _ => Err("a parenthesis is not closed".into()),
        }
    }

    fn path(&mut self) -> Result<Path, Unfit> {
        match self.next().map(|token| &token.kind) {
            Some(Kind::Word(word)) if !is_reserved(word) => {
                Ok(word.split('.').map(Into::into).collect())
            }
            Some(other) => Err(unfit!("{other} is no attribute")),
            None => Err("the query ends where an attribute is expected".into()),
        }
    }

    fn literal(&mut self) -> Result<Literal, Unfit> {
        match self.next().map(|token| &token.kind) {
            Some(Kind::Text(text)) => Ok(Literal::Text(text.clone())),
            Some(Kind::Number(number)) => number_literal(number),
            Some(Kind::OpenList) => self.list(),
            Some(Kind::Word(word)) => match &**word {
                "true" => Ok(Literal::Bool(true)),
                "false" => Ok(Literal::Bool(false)),
                "null" => Ok(Literal::Null),
                other => Err(unfit!("\"{other}\" is no value")),
            },
            Some(other) => Err(unfit!("{other} is no value")),
            None => Err("the query ends where a value is expected".into()),
        }
    }

    /// Texts, whole numbers or other numbers, all of one kind, at least one.
    fn list(&mut self) -> Result<Literal, Unfit> {
        let mut items = Vec::new();
        loop {
            items.push(self.literal()?);
            match self.next().map(|token| &token.kind) {
                Some(Kind::Comma) => {}
                Some(Kind::CloseList) => break,
                _ => return Err("a list is not closed".into()),
            }
        }
        let long = |item: &Literal| match item {
            Literal::Long(long) => Some(*long),
            _ => None,
        };
        let double = |item: &Literal| match item {
            Literal::Double(double) => Some(*double),
            _ => None,
        };
        let text = |item: &Literal| match item {
            Literal::Text(text) => Some(text.clone()),
            _ => None,
        };
        let items = || items.iter();
        (items().map(long).collect::<Option<_>>().map(Literal::Longs))
            .or_else(|| {
                items()
                    .map(double)
                    .collect::<Option<_>>()
                    .map(Literal::Doubles)
            })
            .or_else(|| items().map(text).collect::<Option<_>>().map(Literal::Texts))
            .ok_or_else(|| "a list is of texts, of whole numbers or of decimals".into())
    }
}

fn joint(token: &Token) -> Option<Joint> {
    match &token.kind {
        Kind::Word(word) if word.eq_ignore_ascii_case("and") => Some(Joint::And),
        Kind::Word(word) if word.eq_ignore_ascii_case("or") => Some(Joint::Or),
        _ => None,
    }
}

const OPERATORS: [(&str, Operator); 10] = [
    ("eq", Operator::Equal),
    ("ne", Operator::Different),
    ("gt", Operator::Greater),
    ("lt", Operator::Less),
    ("ge", Operator::GreaterOrEqual),
    ("le", Operator::LessOrEqual),
    ("co", Operator::Contains),
    ("sw", Operator::StartsWith),
    ("ew", Operator::EndsWith),
    ("in", Operator::In),
];

/// Operators are written small or large, never mixed.
fn operator(token: &Token) -> Option<Operator> {
    let name = match &token.kind {
        Kind::Symbol(symbol) => *symbol,
        Kind::Word(word) => {
            let small = word.to_ascii_lowercase();
            let is_uniform = **word == *small || **word == *small.to_ascii_uppercase();
            let found = OPERATORS.iter().find(|(name, _)| *name == small);
            return found.filter(|_| is_uniform).map(|(_, operator)| *operator);
        }
        _ => return None,
    };
    let found = OPERATORS.iter().find(|(other, _)| *other == name);
    found.map(|(_, operator)| *operator)
}

/// Words that the grammar keeps for itself.
fn is_reserved(word: &str) -> bool {
    let own = ["not", "NOT", "and", "or", "true", "false", "null", "pr"];
    own.contains(&word)
        || OPERATORS
            .iter()
            .any(|(name, _)| *name == word || name.to_ascii_uppercase() == word)
}

fn number_literal(text: &str) -> Result<Literal, Unfit> {
    if let Ok(version) = Version::parse(text) {
        return Ok(Literal::Version(version));
    }
    let (mantissa, exponent) = text
        .split_once(['e', 'E'])
        .map_or((text, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let is_exponent =
        exponent.is_none_or(|digits| is_whole(digits.strip_prefix(['+', '-']).unwrap_or(digits)));
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let unreadable = || unfit!("{text} is no number");
    match unsigned.split_once('.') {
        Some((whole, fraction))
            if is_exponent
                && is_whole(whole)
                && !fraction.is_empty()
                && fraction.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            number::from_text(text)
                .map(Literal::Double)
                .ok_or_else(unreadable)
        }
        None if is_exponent && is_whole(unsigned) => {
            Ok(text.parse().map_or(Literal::Unreadable, Literal::Long))
        }
        _ => Err(unreadable()),
    }
}

/// Digits without a leading zero.
fn is_whole(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits && !text.is_empty() && (text.len() == 1 || !text.starts_with('0'))
}
