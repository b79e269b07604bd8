//! Arithmetic and text, as `JavaScript` does them; what is no number at the end is null.

use super::logic::Operator;
use crate::dialect::javascript::{leading_number, number, text};
use crate::value::Value;

/// What the operands come to.
pub(super) fn compute(operator: Operator, operands: &[Value]) -> Value {
    let numbers = || operands.iter().map(number);
    match operator {
        Operator::Max => numbers()
            .fold(f64::NEG_INFINITY, propagating(f64::max))
            .into(),
        Operator::Min => numbers().fold(f64::INFINITY, propagating(f64::min)).into(),
        Operator::Add => operands.iter().map(leading_number).sum::<f64>().into(),
        Operator::Multiply => operands.iter().map(leading_number).product::<f64>().into(),
        Operator::Subtract => match operands {
            [only] => (-number(only)).into(),
            [first, second, ..] => (number(first) - number(second)).into(),
            [] => Value::Null,
        },
        Operator::Divide => both(operands, |a, b| a / b),
        Operator::Remainder => both(operands, |a, b| a % b),
        Operator::Substring => substring(operands),
        _ => Value::Null,
    }
}

/// The choice of two, unless one of them is no number.
fn propagating(choose: impl Fn(f64, f64) -> f64) -> impl Fn(f64, f64) -> f64 {
    move |a, b| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            choose(a, b)
        }
    }
}

fn both(operands: &[Value], calculate: impl Fn(f64, f64) -> f64) -> Value {
    match operands {
        [a, b, ..] => calculate(number(a), number(b)).into(),
        _ => Value::Null,
    }
}

/// Part of a text, from a character on, for so many characters or up to so many before the end.
fn substring(operands: &[Value]) -> Value {
    let Some(source) = operands.first() else {
        return Value::Null;
    };
    let source = text(source);
    let length = source.chars().count() as f64;
    let from = operands.get(1).map_or(0.0, number);
    let from = if from < 0.0 {
        (length + from).max(0.0)
    } else {
        from
    };
    let until = match operands.get(2).map(number) {
        None => length,
        Some(count) if count < 0.0 => length + count,
        Some(count) => from + count,
    };
    let kept = source.chars().skip(from as usize);
    let part: String = kept.take((until - from).max(0.0) as usize).collect();
    part.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_texts_as_in_javascript() {
        let check = |operator, operands: &[Value], expected: Value| {
            let found = compute(operator, operands);
            assert!(found.same(&expected), "{operator:?} {operands:?}: {found}");
        };
        let (one, two) = (|| Value::from(1), || Value::from("2"));
        check(Operator::Add, &[one(), two()], 3.into());
        check(Operator::Add, &["3.5kg".into()], 3.5.into());
        check(Operator::Add, &["kg".into()], Value::Null);
        check(Operator::Add, &["1e".into(), "1.2.3".into()], 2.2.into());
        check(Operator::Multiply, &[two(), two()], 4.into());
        check(Operator::Subtract, &[two()], (-2).into());
        check(Operator::Subtract, &[one(), two()], (-1).into());
        check(Operator::Divide, &[one(), two()], 0.5.into());
        check(Operator::Divide, &[one(), 0.into()], Value::Null);
        check(Operator::Remainder, &[7.into(), 4.into()], 3.into());
        check(Operator::Max, &[one(), two()], 2.into());
        check(Operator::Max, &[one(), "x".into()], Value::Null);
        check(Operator::Min, &[one(), Value::Null], 0.into());
        let cut = |from: i64, count: Option<i64>, expected: &str| {
            let mut operands = vec![Value::from("jsónlogic"), from.into()];
            operands.extend(count.map(Value::from));
            check(Operator::Substring, &operands, expected.into());
        };
        cut(4, None, "logic");
        cut(-5, None, "logic");
        cut(1, Some(3), "són");
        cut(4, Some(-2), "log");
        cut(20, None, "");
        cut(-20, Some(2), "js");
    }
}
