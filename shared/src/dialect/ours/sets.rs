//! Lists as sets: order and repetition do not count.

use super::{Check, list};
use crate::dialect::Unfit;
use crate::sorted::sort_by;
use crate::value::{Number, Value};
use xxhash_rust::xxh3::xxh3_64;

pub(super) fn check(op: &str, operand: &Value) -> Result<Check, Unfit> {
    let wanted: Box<[Value]> = list(operand)?.into();
    let index = Index::of(&wanted);
    Ok(match op {
        "containsAny" => Box::new(move |value, _| {
            let mut found = elements(value).iter();
            found.any(|element| index.has(&wanted, element))
        }),
        "setEquals" => Box::new(move |value, _| {
            let found = elements(value);
            index.has_all(&wanted, found) && all(&wanted, found)
        }),
        "subsetOf" => Box::new(move |value, _| index.has_all(&wanted, elements(value))),
        // Having all of them and being a superset of them are one thing in two words.
        _ => Box::new(move |value, _| all(&wanted, elements(value))),
    })
}

/// The elements of a list; any other value is a list of one, null one of none.
fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        Value::Null => &[],
        single => std::slice::from_ref(single),
    }
}

/// Whether each of `these` is among `those`.
fn all(these: &[Value], those: &[Value]) -> bool {
    let index = Index::of(those);
    index.has_all(those, these)
}

/// Values of a list that are looked at one by one.
const LOOKED_AT_MAX: usize = 16;

/// Where in a list the values of a key are, by key. Values that are the same have the same key, so
/// that a value is compared with those of its key alone. Empty for a short list.
struct Index(Box<[(u64, usize)]>);

impl Index {
    fn of(values: &[Value]) -> Self {
        if values.len() <= LOOKED_AT_MAX {
            return Self([].into());
        }
        let keys = values.iter().map(key).zip(0..);
        let mut places: Vec<(u64, usize)> = keys.collect();
        sort_by(&mut places, Ord::cmp);
        Self(places.into())
    }

    /// Those of the list's values that the value may be the same as.
    fn candidates<'v>(
        &self,
        values: &'v [Value],
        value: &Value,
    ) -> impl Iterator<Item = &'v Value> {
        let is_short = self.0.is_empty();
        let key = if is_short { 0 } else { key(value) };
        let from = self.0.partition_point(|(other, _)| *other < key);
        let places = self.0.get(from..).unwrap_or_default().iter();
        let found: Vec<usize> = places
            .take_while(|(other, _)| *other == key)
            .map(|(_, place)| *place)
            .collect();
        let whole = if is_short { values } else { &[] };
        let found = found.into_iter().filter_map(|place| values.get(place));
        whole.iter().chain(found)
    }

    fn has(&self, values: &[Value], value: &Value) -> bool {
        self.candidates(values, value)
            .any(|other| other.same(value))
    }

    fn has_all(&self, values: &[Value], wanted: &[Value]) -> bool {
        wanted.iter().all(|value| self.has(values, value))
    }
}

/// A number that is equal for values that are the same.
fn key(value: &Value) -> u64 {
    match value {
        Value::Null => 1,
        Value::Bool(truth) => 2 + u64::from(*truth),
        Value::Number(number) => number_key(*number),
        Value::String(text) => xxh3_64(text.as_bytes()),
        Value::List(items) => items
            .iter()
            .fold(4, |so_far: u64, item| so_far.rotate_left(5) ^ key(item)),
        // Repeated names make the same object in more than one way; names alone are enough, each
        // counted once.
        Value::Object(members) => {
            let mut names: Vec<u64> = members
                .iter()
                .map(|(name, _)| xxh3_64(name.as_bytes()))
                .collect();
            sort_by(&mut names, Ord::cmp);
            names.dedup();
            names
                .iter()
                .fold(5, |so_far: u64, name| so_far.rotate_left(5) ^ name)
        }
    }
}

/// Whole numbers are compared with fractions as doubles, so doubles are what they have in common.
fn number_key(number: Number) -> u64 {
    let double = number.as_f64();
    // Both zeros are one number.
    (double + 0.0).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: i32, make: impl Fn(i32) -> Value) -> Vec<Value> {
        (0..n).map(make).collect()
    }

    #[test]
    fn a_value_is_compared_with_few_of_many() {
        let compared = |n: i32, make: &dyn Fn(i32) -> Value| {
            let list = values(n, make);
            let index = Index::of(&list);
            let looked_at = |value| index.candidates(&list, value).count();
            list.iter().map(looked_at).sum::<usize>()
        };
        let text = |i: i32| Value::from(format!("t{i}"));
        let number = |i: i32| Value::from(i);
        let lists = |i: i32| Value::List([i.into(), (i + 1).into()].into());
        for make in [&text as &dyn Fn(i32) -> Value, &number, &lists] {
            assert_eq!(compared(10_000, make), 10_000);
        }
    }

    #[test]
    fn what_is_the_same_has_the_same_key() {
        let object = |names: &[&str]| {
            let members = names.iter().map(|name| ((*name).into(), Value::from(1)));
            Value::Object(members.collect())
        };
        let same = [
            (Value::from(1), Value::from(1.0)),
            (Value::from(0.0), Value::from(-0.0)),
            (
                Value::Number(Number::Unsigned(u64::MAX)),
                Value::from(u64::MAX as f64),
            ),
            (object(&["a", "b"]), object(&["b", "a"])),
            (object(&["a", "a", "b"]), object(&["a", "b", "b"])),
            (
                Value::List([1.into()].into()),
                Value::List([1.0.into()].into()),
            ),
        ];
        for (a, b) in same {
            assert!(a.same(&b), "{a} {b}");
            assert_eq!(key(&a), key(&b), "{a} {b}");
        }
    }

    #[test]
    fn long_lists_answer_as_short_ones() {
        let mixed = |i: i32| match i % 3 {
            0 => Value::from(i),
            1 => Value::from(format!("t{i}")),
            _ => Value::from(f64::from(i) / 2.0),
        };
        for n in [LOOKED_AT_MAX as i32, LOOKED_AT_MAX as i32 + 1, 300] {
            let list = values(n, mixed);
            let index = Index::of(&list);
            for value in values(2 * n, mixed) {
                let plainly = list.iter().any(|other| other.same(&value));
                assert_eq!(index.has(&list, &value), plainly, "{value} of {n}");
            }
        }
    }
}
