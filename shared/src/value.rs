//! A JSON-shaped value as evaluation sees it: flag values and context attributes.
//!
//! Objects keep the order they were written in. This is not a JSON parser: the `wire` modules
//! turn text into values and back.

use crate::sorted::sort_by;
use crate::texts::ShortText;
use std::fmt;

/// A number that keeps 64-bit integers whole, because identifiers often are such integers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// An integer that fits `i64`.
    Integer(i64),
    /// An integer above `i64::MAX`.
    Unsigned(u64),
    /// Any other finite number.
    Float(f64),
}

impl Number {
    /// The nearest double; integers beyond 2^53 round to even.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(i) => i as f64,
            Self::Unsigned(u) => u as f64,
            Self::Float(f) => f,
        }
    }

    /// Whether both denote the same number, whatever their representation (`1` and `1.0` do).
    #[must_use]
    pub fn same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Unsigned(a), Self::Unsigned(b)) => a == b,
            (Self::Integer(_), Self::Unsigned(_)) | (Self::Unsigned(_), Self::Integer(_)) => false,
            // Whole doubles and integers are compared as doubles: JSON writers mix them freely.
            (a, b) => a.as_f64().total_cmp(&b.as_f64()).is_eq() || (a.is_zero() && b.is_zero()),
        }
    }

    /// `0.0` and `-0.0` are one number in two representations.
    fn is_zero(self) -> bool {
        matches!(self.as_f64().classify(), std::num::FpCategory::Zero)
    }
}

/// The text `JavaScript` would print, so that hashing a number agrees with browsers and peers.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(i) => i.fmt(f),
            Self::Unsigned(u) => u.fmt(f),
            Self::Float(x) => f.write_str(ryu_js::Buffer::new().format(*x)),
        }
    }
}

/// A value of a flag variant or of a context attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// JSON `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any finite number.
    Number(Number),
    /// UTF-8 text.
    String(ShortText),
    /// An ordered list.
    List(Box<[Value]>),
    /// Members in the order they were written; of repeated names the last one counts.
    Object(Box<[(Box<str>, Value)]>),
}

impl Value {
    /// The text, when this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number as a double, when this is a number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    /// The member of that name, when this is an object that has it.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .rev()
                .find(|(key, _)| &**key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Equality as people mean it: numbers by value, objects whatever the order of their members.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.same(*b),
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same(y))
            }
            (Self::Object(a), Self::Object(b)) => same_members(a, b, Self::same),
            (a, b) => a == b,
        }
    }
}

/// Members that are looked up one by one; more are put in order first.
const LOOKED_UP_MAX: usize = 16;

/// Whether two objects have the same members, in whatever order. Takes a number of comparisons
/// that is at most proportional to `n log n`.
fn same_members<N: Ord, V>(a: &[(N, V)], b: &[(N, V)], same: impl Fn(&V, &V) -> bool) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() <= LOOKED_UP_MAX {
        let find =
            |members: &'_ [(N, V)], name: &N| members.iter().rposition(|(other, _)| other == name);
        let has = |(name, x): &(N, V)| {
            let found = find(b, name).and_then(|at| b.get(at));
            found.is_some_and(|(_, y)| same(x, y))
        };
        return a.iter().all(has) && b.iter().all(|(name, _)| find(a, name).is_some());
    }
    let (ordered_a, ordered_b) = (in_order(a), in_order(b));
    let has = |(name, x): &(N, V)| last_named(&ordered_b, name).is_some_and(|(_, y)| same(x, y));
    a.iter().all(has)
        && b.iter()
            .all(|(name, _)| last_named(&ordered_a, name).is_some())
}

/// The members by name; those of one name in the order they were written.
fn in_order<N: Ord, V>(members: &[(N, V)]) -> Vec<&(N, V)> {
    let mut ordered: Vec<_> = members.iter().collect();
    sort_by(&mut ordered, |(a, _), (b, _)| a.cmp(b));
    ordered
}

fn last_named<'m, N: Ord, V>(ordered: &[&'m (N, V)], name: &N) -> Option<&'m (N, V)> {
    let after = ordered.partition_point(|(other, _)| other <= name);
    let last = ordered.get(after.checked_sub(1)?)?;
    (last.0 == *name).then_some(last)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i32> for Value {
    fn from(integer: i32) -> Self {
        Self::Number(Number::Integer(integer.into()))
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Number(Number::Integer(integer))
    }
}

/// A double that is not finite has no JSON form and becomes `Null`.
impl From<f64> for Value {
    fn from(float: f64) -> Self {
        if float.is_finite() {
            Self::Number(Number::Float(float))
        } else {
            Self::Null
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::cmp::Ordering;

    #[test]
    fn numbers_print_as_in_javascript() {
        let check = |number: Number, text: &str| assert_eq!(number.to_string(), text);
        check(Number::Integer(-7), "-7");
        check(Number::Unsigned(u64::MAX), "18446744073709551615");
        check(Number::Float(1.0), "1");
        check(Number::Float(0.1), "0.1");
        check(Number::Float(1e21), "1e+21");
    }

    #[test]
    fn sameness_ignores_representation_and_member_order() {
        assert!(Number::Integer(1).same(Number::Float(1.0)));
        assert!(Number::Float(0.0).same(Number::Float(-0.0)));
        assert!(!Number::Integer(1).same(Number::Float(1.5)));
        let a = Value::Object([("x".into(), 1.into()), ("y".into(), true.into())].into());
        let b = Value::Object([("y".into(), true.into()), ("x".into(), 1.0.into())].into());
        assert!(a.same(&b));
        assert!(!a.same(&Value::Object([("x".into(), 1.into())].into())));
    }

    type Members = Vec<(Box<str>, Value)>;

    /// A name that counts how often it is compared.
    struct Counted<'c>(u32, &'c Cell<u32>);

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }

    impl Eq for Counted<'_> {}

    impl PartialOrd for Counted<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Counted<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.set(self.1.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    #[test]
    fn large_objects_take_about_as_many_comparisons_as_they_have_members() {
        let comparisons = |n: u32| {
            let count = Cell::new(0);
            let member = |i: u32| (Counted(i.wrapping_mul(0x9E37_79B1), &count), i);
            let forth: Vec<_> = (0..n).map(member).collect();
            let back: Vec<_> = (0..n).rev().map(member).collect();
            assert!(same_members(&forth, &back, |a, b| a == b));
            count.get()
        };
        let (some, many) = (comparisons(1_000), comparisons(8_000));
        assert!(some < 60_000, "{some}");
        assert!(many < 12 * some, "{some} {many}");
    }

    #[test]
    fn large_objects_are_compared_as_small_ones() {
        let with = |n: i32, change: &dyn Fn(&mut Members)| {
            let mut members: Vec<_> = (0..n)
                .map(|i| (format!("m{i}").into(), Value::from(i)))
                .collect();
            change(&mut members);
            Value::Object(members.into())
        };
        for n in [LOOKED_UP_MAX as i32 - 1, 100] {
            let plain = with(n, &|_| ());
            let check = |expected: bool, change: &dyn Fn(&mut Members)| {
                let other = with(n, change);
                assert_eq!(plain.same(&other), expected, "{other}");
                assert_eq!(other.same(&plain), expected, "{other}");
            };
            check(true, &|members| members.reverse());
            check(false, &|members| members[3].1 = Value::Null);
            check(false, &|members| members[3].0 = "other".into());
            check(false, &|members| members[3].0 = "m4".into());
            check(false, &|members| drop(members.pop()));
        }
        // Of repeated names the last one counts, and each has to be the other's.
        for n in [2, 40] {
            let twice = with(n, &|members| members.push(("m0".into(), 0.into())));
            let other = with(n, &|members| members.push(("m1".into(), 1.into())));
            assert!(twice.same(&other));
            let changed = with(n, &|members| members.push(("m0".into(), 7.into())));
            assert!(!twice.same(&changed) && !changed.same(&twice));
        }
    }
}
