//! A JSON-shaped value as evaluation sees it: flag values and context attributes.
//!
//! Objects keep the order they were written in. This is not a JSON parser: the `wire` modules
//! turn text into values and back.

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
    String(Box<str>),
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
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(name, x)| other.member(name).is_some_and(|y| x.same(y)))
                    && b.iter().all(|(name, _)| self.member(name).is_some())
            }
            (a, b) => a == b,
        }
    }
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
}
