//! Operators that work out an expression for every item of a list.

use super::logic::{Node, Operator};
use super::run::{Data, Run, Worked, is_true, items_of, null};
use crate::evaluation::Failure;
use crate::value::Value;
use std::borrow::Cow;

impl Run<'_> {
    /// `map`, `filter`, `reduce`, `all`, `none` and `some`; anything but a list has no items.
    pub(super) fn each<'v>(
        &'v self,
        operator: Operator,
        operands: &'v [Node],
        data: Data<'v>,
    ) -> Worked<'v> {
        let list = self.operand(operands, 0, data)?;
        let items: &[Value] = match &*list {
            Value::List(items) => items,
            _ => &[],
        };
        let Some(body) = operands.get(1) else {
            return Ok(null());
        };
        let answer = match operator {
            Operator::Map => Value::List(self.map(items, body)?.into()),
            Operator::Filter => {
                let mut kept = Vec::new();
                for item in items {
                    if self.holds(body, item)? {
                        kept.push(item.clone());
                    }
                }
                Value::List(kept.into())
            }
            Operator::Reduce => {
                let initial = self.operand(operands, 2, data)?.into_owned();
                self.reduce(items, body, initial)?
            }
            Operator::All => (!items.is_empty() && !self.any(items, body, false)?).into(),
            Operator::None => (!self.any(items, body, true)?).into(),
            _ => self.any(items, body, true)?.into(),
        };
        Ok(Cow::Owned(answer))
    }

    fn map(&self, items: &[Value], body: &Node) -> Result<Vec<Value>, Box<Failure>> {
        let worked = items.iter().map(|item| self.work(body, Data::Item(item)));
        worked.map(|value| value.map(Cow::into_owned)).collect()
    }

    fn holds(&self, body: &Node, item: &Value) -> Result<bool, Box<Failure>> {
        Ok(is_true(&*self.work(body, Data::Item(item))?))
    }

    /// Whether one item holds, or one does not.
    fn any(&self, items: &[Value], body: &Node, wanted: bool) -> Result<bool, Box<Failure>> {
        for item in items {
            if self.holds(body, item)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn reduce(&self, items: &[Value], body: &Node, initial: Value) -> Result<Value, Box<Failure>> {
        let mut accumulator = initial;
        for item in items {
            let members = [
                ("current".into(), item.clone()),
                ("accumulator".into(), accumulator),
            ];
            let data = Value::Object(members.into());
            accumulator = self.work(body, Data::Item(&data))?.into_owned();
            // Each round copies what it has so far.
            self.spend(items_of(&accumulator).len())?;
        }
        Ok(accumulator)
    }

    /// The names, of those asked for, that lead to nothing.
    pub(super) fn missing(
        &self,
        operands: &[Value],
        data: Data<'_>,
    ) -> Result<Value, Box<Failure>> {
        let names = match operands {
            [Value::List(names), ..] => names,
            names => names,
        };
        self.spend(names.len())?;
        let absent = names.iter().filter(|name| {
            let path = super::logic::path(name);
            let found = path.and_then(|path| self.find(&path, data).map(Cow::into_owned));
            matches!(found, None | Some(Value::Null)) || found == Some("".into())
        });
        Ok(Value::List(absent.cloned().collect()))
    }

    /// Nothing where enough of the names lead somewhere, otherwise those that do not.
    pub(super) fn missing_some(
        &self,
        operands: &[Value],
        data: Data<'_>,
    ) -> Result<Value, Box<Failure>> {
        let (needed, names) = match operands {
            [needed, Value::List(names), ..] => (needed.as_f64().unwrap_or(0.0), names),
            _ => return Ok(Value::List(Box::default())),
        };
        let absent = self.missing(names, data)?;
        let present = names.len().saturating_sub(items_of(&absent).len());
        if present as f64 >= needed {
            return Ok(Value::List(Box::default()));
        }
        Ok(absent)
    }
}
