//! `JSONLogic` as a tree: read once, bounded in depth and size, every operator known.

use crate::dialect::{Unfit, unfit};
use crate::value::Value;

/// Operations inside operations.
const DEPTH_MAX: usize = 64;

/// Operations, lists and constants of one expression.
const NODES_MAX: usize = 10_000;

/// A part of an expression.
#[derive(Debug)]
pub(super) enum Node {
    /// Itself.
    Constant(Value),
    /// A list of what its parts come to.
    List(Box<[Node]>),
    /// A value of the context, by names from the top down; otherwise what else is written.
    Variable {
        path: Box<[Box<str>]>,
        otherwise: Option<Box<Node>>,
    },
    /// An operation.
    Call(Operator, Box<[Node]>),
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Variable,
    Missing,
    MissingSome,
    If,
    LooselyEqual,
    LooselyDifferent,
    Equal,
    Different,
    Not,
    Truth,
    Or,
    And,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Max,
    Min,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Map,
    Reduce,
    Filter,
    All,
    None,
    Some,
    Merge,
    In,
    Concatenate,
    Substring,
    Log,
    Fractional,
    Version,
    StartsWith,
    EndsWith,
}

const OPERATORS: [(&str, Operator); 39] = [
    ("var", Operator::Variable),
    ("missing", Operator::Missing),
    ("missing_some", Operator::MissingSome),
    ("if", Operator::If),
    ("?:", Operator::If),
    ("==", Operator::LooselyEqual),
    ("!=", Operator::LooselyDifferent),
    ("===", Operator::Equal),
    ("!==", Operator::Different),
    ("!", Operator::Not),
    ("!!", Operator::Truth),
    ("or", Operator::Or),
    ("and", Operator::And),
    (">", Operator::Greater),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    ("<=", Operator::LessOrEqual),
    ("max", Operator::Max),
    ("min", Operator::Min),
    ("+", Operator::Add),
    ("-", Operator::Subtract),
    ("*", Operator::Multiply),
    ("/", Operator::Divide),
    ("%", Operator::Remainder),
    ("map", Operator::Map),
    ("reduce", Operator::Reduce),
    ("filter", Operator::Filter),
    ("all", Operator::All),
    ("none", Operator::None),
    ("some", Operator::Some),
    ("merge", Operator::Merge),
    ("in", Operator::In),
    ("cat", Operator::Concatenate),
    ("substr", Operator::Substring),
    ("log", Operator::Log),
    ("fractional", Operator::Fractional),
    ("sem_ver", Operator::Version),
    ("starts_with", Operator::StartsWith),
    ("ends_with", Operator::EndsWith),
];

/// Which operators there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// Those of `JSONLogic`.
    Plain,
    /// Those of flagd too.
    Flagd,
}

impl Language {
    fn operator(self, name: &str) -> Option<Operator> {
        let (_, operator) = OPERATORS.iter().find(|(other, _)| *other == name)?;
        let is_own = matches!(
            operator,
            Operator::Fractional | Operator::Version | Operator::StartsWith | Operator::EndsWith
        );
        (self == Self::Flagd || !is_own).then_some(*operator)
    }
}

impl Node {
    /// The expression that is written.
    ///
    /// # Errors
    /// What is wrong with it, for people: an unknown operator, or too many or too deep operations.
    pub(super) fn read(written: &Value, language: Language) -> Result<Self, Unfit> {
        let mut reader = Reader {
            language,
            left: NODES_MAX,
        };
        reader.read(written, DEPTH_MAX)
    }
}

struct Reader {
    language: Language,
    left: usize,
}

impl Reader {
    fn read(&mut self, written: &Value, depth: usize) -> Result<Node, Unfit> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| unfit!("the expression has more than {NODES_MAX} parts"))?;
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| unfit!("the expression is nested deeper than {DEPTH_MAX} levels"))?;
        match written {
            Value::List(items) => {
                let nodes = self.all(items, depth)?;
                Ok(constant(&nodes, written).unwrap_or(Node::List(nodes)))
            }
            // An object of one member is an operation, any other one stands for itself.
            Value::Object(members) => match &**members {
                [(name, operands)] => {
                    let operands = match operands {
                        Value::List(items) => self.all(items, depth)?,
                        single => self.all(std::slice::from_ref(single), depth)?,
                    };
                    let operator = self.language.operator(name);
                    let operator = operator
                        .ok_or_else(|| unfit!("\"{name}\" is no operator of this language"))?;
                    Ok(call(operator, operands))
                }
                _ => Ok(Node::Constant(written.clone())),
            },
            other => Ok(Node::Constant(other.clone())),
        }
    }

    fn all(&mut self, items: &[Value], depth: usize) -> Result<Box<[Node]>, Unfit> {
        items.iter().map(|item| self.read(item, depth)).collect()
    }
}

/// The list itself, where nothing in it has to be worked out.
fn constant(nodes: &[Node], written: &Value) -> Option<Node> {
    let all = nodes.iter().all(|node| matches!(node, Node::Constant(_)));
    all.then(|| Node::Constant(written.clone()))
}

/// An operation; a variable of a written name is taken apart at once.
fn call(operator: Operator, operands: Box<[Node]>) -> Node {
    let path = match (operator, operands.first()) {
        (Operator::Variable, Some(Node::Constant(name))) => path(name),
        _ => None,
    };
    match path {
        Some(path) => Node::Variable {
            path,
            otherwise: operands.into_iter().nth(1).map(Box::new),
        },
        None => Node::Call(operator, operands),
    }
}

/// The names that lead to a value; `None` where everything is meant.
pub(super) fn path(name: &Value) -> Option<Box<[Box<str>]>> {
    match name {
        Value::String(text) if !text.is_empty() => Some(text.split('.').map(Into::into).collect()),
        Value::Number(number) => Some([number.to_string().into()].into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Value {
        (1..depth).fold(Value::Null, |inner, _| {
            Value::Object([("!".into(), inner)].into())
        })
    }

    fn read(written: &Value) -> Result<Node, Unfit> {
        Node::read(written, Language::Flagd)
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(read(&nested(DEPTH_MAX)).is_ok());
        assert!(read(&nested(DEPTH_MAX + 1)).is_err());
        let wide = |n: usize| Value::List(vec![Value::Null; n - 1].into());
        assert!(read(&wide(NODES_MAX)).is_ok());
        assert!(read(&wide(NODES_MAX + 1)).is_err());
    }

    #[test]
    fn an_unknown_operator_is_named() {
        let written = Value::Object([("$ref".into(), "x".into())].into());
        let message = read(&written).unwrap_err();
        assert!(message.to_string().contains("\"$ref\""), "{message}");
        let own = Value::Object([("fractional".into(), Value::Null)].into());
        assert!(read(&own).is_ok());
        assert!(Node::read(&own, Language::Plain).is_err());
    }
}
