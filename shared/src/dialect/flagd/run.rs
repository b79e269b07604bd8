//! Working out an expression for one request.

use super::fractional::{Hash, Subject, choose};
use super::logic::{Node, Operator};
use super::{calculate, version};
use crate::context::EvaluationContext;
use crate::dialect::javascript::{loosely_equal, order, text, text_in_list};
use crate::evaluation::{ErrorCode, Failure};
use crate::time::UnixMillis;
use crate::value::Value;
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

/// Operations and items that one request may work out, so that lists inside lists end.
pub(super) const STEPS_MAX: usize = 100_000;

/// Bytes of text that cost as much as an operation.
const BYTES_PER_STEP: usize = 16;

/// The member of the context that flagd adds.
const ENRICHED: &str = "$flagd";

/// What came of a part.
pub(super) type Worked<'v> = Result<Cow<'v, Value>, Box<Failure>>;

/// An expression being worked out.
#[derive(Debug)]
pub(super) struct Run<'p> {
    pub(super) hash: Hash,
    pub(super) flag_key: &'p Value,
    pub(super) context: &'p EvaluationContext,
    pub(super) at: UnixMillis,
    pub(super) left: Cell<usize>,
}

/// What variables are looked up in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Data<'v> {
    /// The evaluation context.
    Context,
    /// One item of a list.
    Item(&'v Value),
}

impl Run<'_> {
    /// What the part comes to.
    pub(super) fn work<'v>(&'v self, node: &'v Node, data: Data<'v>) -> Worked<'v> {
        self.spend(1)?;
        match node {
            Node::Constant(value) => Ok(Cow::Borrowed(value)),
            Node::List(parts) => {
                let items = self.all(parts, data)?;
                Ok(Cow::Owned(Value::List(items.into())))
            }
            Node::Variable { path, otherwise } => match (self.find(path, data), otherwise) {
                (Some(found), _) => Ok(found),
                (None, Some(otherwise)) => self.work(otherwise, data),
                (None, None) => Ok(null()),
            },
            Node::Call(operator, operands) => self.call(*operator, operands, data),
        }
    }

    pub(super) fn spend(&self, steps: usize) -> Result<(), Box<Failure>> {
        let Some(left) = self.left.get().checked_sub(steps) else {
            let detail = format!("its expression takes more than {STEPS_MAX} steps");
            return Err(Failure::new(ErrorCode::General, detail));
        };
        self.left.set(left);
        Ok(())
    }

    /// The operand of that position; null where there is none.
    pub(super) fn operand<'v>(
        &'v self,
        operands: &'v [Node],
        position: usize,
        data: Data<'v>,
    ) -> Worked<'v> {
        match operands.get(position) {
            Some(node) => self.work(node, data),
            None => Ok(null()),
        }
    }

    /// All operands.
    pub(super) fn all<'v>(
        &'v self,
        operands: &'v [Node],
        data: Data<'v>,
    ) -> Result<Vec<Value>, Box<Failure>> {
        let worked = operands.iter().map(|node| self.work(node, data));
        worked.map(|value| value.map(Cow::into_owned)).collect()
    }

    fn call<'v>(&'v self, operator: Operator, operands: &'v [Node], data: Data<'v>) -> Worked<'v> {
        let pair = || {
            let first = self.operand(operands, 0, data)?;
            Ok::<_, Box<Failure>>((first, self.operand(operands, 1, data)?))
        };
        let truth = match operator {
            Operator::If => return self.branch(operands, data),
            Operator::And => return self.first_that(operands, data, |value| !is_true(value)),
            Operator::Or => return self.first_that(operands, data, is_true),
            Operator::Log => return self.operand(operands, 0, data),
            Operator::Variable => return self.variable(operands, data),
            Operator::LooselyEqual => pair().map(|(a, b)| loosely_equal(&a, &b))?,
            Operator::LooselyDifferent => pair().map(|(a, b)| !loosely_equal(&a, &b))?,
            Operator::Equal => pair().map(|(a, b)| a.same(&b))?,
            Operator::Different => pair().map(|(a, b)| !a.same(&b))?,
            Operator::Not => !is_true(&*self.operand(operands, 0, data)?),
            Operator::Truth => is_true(&*self.operand(operands, 0, data)?),
            Operator::Greater => self.ordered(operands, data, Ordering::is_gt)?,
            Operator::GreaterOrEqual => self.ordered(operands, data, Ordering::is_ge)?,
            Operator::Less => self.ordered(operands, data, Ordering::is_lt)?,
            Operator::LessOrEqual => self.ordered(operands, data, Ordering::is_le)?,
            Operator::In => pair().map(|(item, list)| contains(&list, &item))?,
            Operator::Map
            | Operator::Reduce
            | Operator::Filter
            | Operator::All
            | Operator::None
            | Operator::Some => return self.each(operator, operands, data),
            _ => return self.compute(operator, &self.all(operands, data)?, data),
        };
        Ok(Cow::Owned(Value::Bool(truth)))
    }

    /// Operators that need all their operands first.
    fn compute<'v>(&'v self, operator: Operator, operands: &[Value], data: Data<'v>) -> Worked<'v> {
        let answer = match operator {
            Operator::Fractional => {
                let subject = Subject {
                    flag_key: self.flag_key.as_str().unwrap_or_default(),
                    targeting_key: self.context.targeting_key(),
                };
                choose(self.hash, operands, subject)
            }
            Operator::Version => match operands {
                [found, relation, wanted] => {
                    truth_or_null(version::compare(found, relation, wanted))
                }
                _ => Value::Null,
            },
            Operator::StartsWith => affix(operands, |text, part| text.starts_with(part)),
            Operator::EndsWith => affix(operands, |text, part| text.ends_with(part)),
            Operator::Concatenate => {
                let parts: Vec<_> = operands.iter().map(text_in_list).collect();
                let bytes: usize = parts.iter().map(|part| part.len()).sum();
                self.spend(bytes / BYTES_PER_STEP)?;
                Value::from(parts.concat())
            }
            Operator::Merge => {
                let items: Vec<Value> = operands.iter().flat_map(items_of).cloned().collect();
                self.spend(items.len())?;
                Value::List(items.into())
            }
            Operator::Missing => self.missing(operands, data)?,
            Operator::MissingSome => self.missing_some(operands, data)?,
            other => calculate::compute(other, operands),
        };
        Ok(Cow::Owned(answer))
    }

    /// Condition, result, condition, result and so on, and what holds otherwise.
    fn branch<'v>(&'v self, operands: &'v [Node], data: Data<'v>) -> Worked<'v> {
        let mut rest = operands;
        loop {
            match rest {
                [] => return Ok(null()),
                [otherwise] => return self.work(otherwise, data),
                [condition, result, after @ ..] => {
                    if is_true(&*self.work(condition, data)?) {
                        return self.work(result, data);
                    }
                    rest = after;
                }
            }
        }
    }

    /// The first operand that ends a chain, or the last one.
    fn first_that<'v>(
        &'v self,
        operands: &'v [Node],
        data: Data<'v>,
        ends: impl Fn(&Value) -> bool,
    ) -> Worked<'v> {
        let mut last = null();
        for node in operands {
            last = self.work(node, data)?;
            if ends(&last) {
                break;
            }
        }
        Ok(last)
    }

    /// Two operands in order, or three: one between the others.
    fn ordered<'v>(
        &'v self,
        operands: &'v [Node],
        data: Data<'v>,
        accepts: impl Fn(Ordering) -> bool,
    ) -> Result<bool, Box<Failure>> {
        let first = self.operand(operands, 0, data)?;
        let second = self.operand(operands, 1, data)?;
        let holds = |a: &Value, b: &Value| order(a, b).is_some_and(&accepts);
        if operands.len() < 3 {
            return Ok(operands.len() == 2 && holds(&first, &second));
        }
        let third = self.operand(operands, 2, data)?;
        Ok(holds(&first, &second) && holds(&second, &third))
    }

    /// A variable whose name has to be worked out first, or everything there is.
    fn variable<'v>(&'v self, operands: &'v [Node], data: Data<'v>) -> Worked<'v> {
        let name = self.operand(operands, 0, data)?;
        match super::logic::path(&name) {
            None => self.everything(data),
            Some(path) => match self.find(&path, data) {
                Some(found) => Ok(found),
                None => self.operand(operands, 1, data),
            },
        }
    }

    fn everything<'v>(&'v self, data: Data<'v>) -> Worked<'v> {
        let context = match data {
            Data::Item(item) => return Ok(Cow::Borrowed(item)),
            Data::Context => self.context,
        };
        let members = context.iter().filter(|(name, _)| *name != ENRICHED);
        let mut members: Vec<(Box<str>, Value)> = members
            .map(|(name, value)| (name.into(), value.clone()))
            .collect();
        self.spend(members.len())?;
        members.push((ENRICHED.into(), self.enriched()));
        Ok(Cow::Owned(Value::Object(members.into())))
    }

    /// What flagd adds to every context.
    fn enriched(&self) -> Value {
        let members = [
            ("flagKey".into(), self.flag_key.clone()),
            ("timestamp".into(), self.seconds()),
        ];
        Value::Object(members.into())
    }

    fn seconds(&self) -> Value {
        Value::from(self.at.0.div_euclid(1_000))
    }

    /// The value at the end of the path; `None` where there is none.
    pub(super) fn find<'v>(&'v self, path: &[Box<str>], data: Data<'v>) -> Option<Cow<'v, Value>> {
        let (first, rest) = path.split_first()?;
        let top = match data {
            Data::Item(item) => step(item, first)?,
            Data::Context if **first == *ENRICHED => {
                return match rest {
                    [] => Some(Cow::Owned(self.enriched())),
                    [name] if **name == *"flagKey" => Some(Cow::Borrowed(self.flag_key)),
                    [name] if **name == *"timestamp" => Some(Cow::Owned(self.seconds())),
                    _ => None,
                };
            }
            Data::Context => self.context.attribute(first)?,
        };
        rest.iter()
            .try_fold(top, |value, name| step(value, name))
            .map(Cow::Borrowed)
    }
}

/// The member of an object or item of a list of that name.
fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::List(items) => items.get(name.parse::<usize>().ok()?),
        other => other.member(name),
    }
}

pub(super) fn null<'v>() -> Cow<'v, Value> {
    Cow::Owned(Value::Null)
}

/// Whether `JSONLogic` takes the value for true: empty lists are false, empty objects are not.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().abs() > 0.0,
        Value::String(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Object(_) => true,
    }
}

fn truth_or_null(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Bool)
}

/// Exactly two texts, or null.
fn affix(operands: &[Value], holds: impl Fn(&str, &str) -> bool) -> Value {
    match operands {
        [Value::String(text), Value::String(part)] => Value::Bool(holds(text, part)),
        _ => Value::Null,
    }
}

/// Whether a list has the item, or a text the part.
fn contains(list: &Value, item: &Value) -> bool {
    match list {
        Value::List(items) => items.iter().any(|other| other.same(item)),
        Value::String(whole) => whole.contains(&*text(item)),
        _ => false,
    }
}

/// The items of a list; anything else is one item.
pub(super) fn items_of(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        single => std::slice::from_ref(single),
    }
}
