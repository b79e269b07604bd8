//! Terms that several actions of a bandit have, so that each attribute of the subject is looked up
//! once for all of them.

use super::bandit::{Kind, Linear, Term};
use crate::context::{EvaluationContext, TopName};
use crate::dialect::text::text_of;
use crate::texts::Texts;
use crate::value::Value;

/// Actions that are summed up at once.
pub(super) const AT_ONCE: usize = 8;

/// One number for each of the actions; zeros where there are fewer.
pub(super) type Row = [f64; AT_ONCE];

/// How many times as many coefficients as the actions have a common table may hold.
const SPARSITY_MAX: usize = 4;

/// The terms over the subject of at most [`AT_ONCE`] actions: numbers, then categories.
#[derive(Debug)]
pub(super) struct Common {
    numbers: Box<[CommonNumber]>,
    categories: Box<[CommonCategory]>,
}

/// A number, multiplied.
#[derive(Debug)]
struct CommonNumber {
    name: TopName,
    missing: Row,
    coefficient: Row,
}

/// One of several categories.
#[derive(Debug)]
struct CommonCategory {
    name: TopName,
    missing: Row,
    /// In rising order.
    names: Texts,
    /// The same as numbers, where they are few and short.
    keys: Box<[u64]>,
    /// By category. An action that does not know it is treated as if the attribute were missing.
    coefficients: Box<[Row]>,
}

impl Common {
    /// The terms, where each action has the same attributes in the same order: sums then have the
    /// same bits, whoever adds them up.
    pub(super) fn of(actions: &[&Linear]) -> Option<Self> {
        let (mut numbers, mut categories) = (Vec::new(), Vec::new());
        let (Linear(first), _) = actions.split_first()?;
        if !actions
            .iter()
            .all(|Linear(terms)| terms.len() == first.len())
        {
            return None;
        }
        for (place, term) in first.iter().enumerate() {
            let column = actions.iter().filter_map(|Linear(terms)| terms.get(place));
            if !column
                .clone()
                .all(|other| other.attribute == term.attribute)
            {
                return None;
            }
            let name = TopName::of(&term.attribute)?;
            let missing = row(column.clone().map(|term| Some(term.missing)))?;
            match term.kind {
                Kind::Numeric { .. } => numbers.push(CommonNumber {
                    name,
                    missing,
                    coefficient: row(column.map(Term::coefficient))?,
                }),
                Kind::Categorical { .. } => {
                    let names = names(column.clone())?;
                    let of_name = |name| row(column.clone().map(|term| term.coefficient_of(name)));
                    categories.push(CommonCategory {
                        name,
                        missing,
                        keys: keys(&names).unwrap_or_default(),
                        coefficients: names.iter().map(of_name).collect::<Option<_>>()?,
                        names,
                    });
                }
            }
        }
        Some(Self {
            numbers: numbers.into(),
            categories: categories.into(),
        })
    }

    /// The sums of the terms, one for each action.
    pub(super) fn sum(&self, subject: &EvaluationContext) -> Row {
        let mut next = subject.after_unit();
        let mut addends = Addends::of(&NOTHING);
        for term in &self.numbers {
            let value = subject.get_next(&term.name, &mut next);
            match value.and_then(Value::as_f64) {
                Some(number) => addends.push(&term.coefficient, number),
                None => addends.push(&term.missing, 1.0),
            }
        }
        for term in &self.categories {
            let place = match subject.get_next(&term.name, &mut next) {
                Some(Value::String(name)) => term.place(name),
                Some(other) => text_of(other).and_then(|name| term.place(&name)),
                None => None,
            };
            let known = place.and_then(|place| term.coefficients.get(place));
            addends.push(known.unwrap_or(&term.missing), 1.0);
        }
        addends.add();
        addends.sums
    }
}

/// Addends that wait to be added, so that the sums stay in registers while many are.
struct Addends<'t> {
    sums: Row,
    waiting: [(&'t Row, f64); N_WAITING_MAX],
    n_waiting: usize,
}

const N_WAITING_MAX: usize = 16;
const NOTHING: Row = [0.0; AT_ONCE];

impl<'t> Addends<'t> {
    /// None; in place of each stands that one.
    fn of(none: &'t Row) -> Self {
        Self {
            // What the sum of nothing is.
            sums: [-0.0; AT_ONCE],
            waiting: [(none, 0.0); N_WAITING_MAX],
            n_waiting: 0,
        }
    }

    #[inline]
    fn push(&mut self, row: &'t Row, factor: f64) {
        if self.n_waiting == N_WAITING_MAX {
            self.add();
        }
        if let Some(place) = self.waiting.get_mut(self.n_waiting) {
            *place = (row, factor);
            self.n_waiting += 1;
        }
    }

    /// Adds what waits. By itself the inner loop becomes vector instructions.
    #[inline(never)]
    fn add(&mut self) {
        let mut sums = self.sums;
        for (row, factor) in self.waiting.iter().take(self.n_waiting) {
            for (sum, coefficient) in sums.iter_mut().zip(*row) {
                *sum += factor * coefficient;
            }
        }
        self.sums = sums;
        self.n_waiting = 0;
    }
}

impl CommonCategory {
    /// The place of the category, where it is known.
    #[inline]
    fn place(&self, name: &str) -> Option<usize> {
        match key(name) {
            Some(key) if !self.keys.is_empty() => self.keys.iter().position(|known| *known == key),
            _ => self.names.place_sorted(name),
        }
    }
}

/// Names that are looked at one by one.
const N_KEYS_MAX: usize = 16;

/// The names as numbers; nothing where one is long, or there are many.
fn keys(names: &Texts) -> Option<Box<[u64]>> {
    (names.len() <= N_KEYS_MAX).then(|| names.iter().map(key).collect())?
}

/// A short text as a number: its bytes, the first one lowest, and its length in the highest.
#[inline]
fn key(name: &str) -> Option<u64> {
    let n_bytes = name.len();
    let bytes = match *name.as_bytes() {
        [] => 0,
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]).into(),
        [a, b, c, d, ..] if n_bytes < size_of::<u64>() => {
            let last = u32::from_le_bytes(*name.as_bytes().last_chunk()?);
            let first = u64::from(u32::from_le_bytes([a, b, c, d]));
            first | u64::from(last) << (8 * (n_bytes - size_of::<u32>()))
        }
        _ => return None,
    };
    Some(bytes | (n_bytes as u64) << 56)
}

/// A row of these; nothing where one is missing.
fn row(coefficients: impl Iterator<Item = Option<f64>>) -> Option<Row> {
    let mut row = [0.0; AT_ONCE];
    for (to, coefficient) in row.iter_mut().zip(coefficients) {
        *to = coefficient?;
    }
    Some(row)
}

/// The categories that an action knows, in rising order. Nothing where most actions know few of
/// them, or the term is over categories for some actions alone.
fn names<'t>(column: impl Iterator<Item = &'t Term> + Clone) -> Option<Texts> {
    let mut names: Vec<&str> = Vec::new();
    let mut n_actions = 0;
    for term in column {
        let Kind::Categorical { coefficients } = &term.kind else {
            return None;
        };
        names.extend(coefficients.keys().map(|name| &**name));
        n_actions += 1;
    }
    let n_known = names.len();
    names.sort_unstable();
    names.dedup();
    let is_dense = names.len().saturating_mul(n_actions) <= SPARSITY_MAX * n_known;
    is_dense.then(|| names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_bytes_and_the_length() {
        let text = "\0abcdefghi";
        for length in 0..=text.len() {
            for from in 0..=text.len() - length {
                let name = &text[from..from + length];
                let bytes = name
                    .bytes()
                    .rev()
                    .fold(0, |n, byte| n << 8 | u64::from(byte));
                let expected = (length < 8).then_some(bytes | (length as u64) << 56);
                assert_eq!(key(name), expected, "{name:?}");
            }
        }
    }

    #[test]
    fn more_addends_than_wait_are_added_in_their_order() {
        for n in [0, 1, N_WAITING_MAX, N_WAITING_MAX + 1, 3 * N_WAITING_MAX] {
            let rows: Vec<Row> = (0..n)
                .map(|row| std::array::from_fn(|place| 0.1 * (7 * row + place) as f64 - 2.0))
                .collect();
            let mut addends = Addends::of(&NOTHING);
            for (row, number) in rows.iter().zip(0..) {
                addends.push(row, 0.3 * f64::from(number));
            }
            addends.add();
            for (place, sum) in addends.sums.iter().enumerate() {
                let terms = rows.iter().zip(0..);
                let expected = terms.fold(-0.0, |sum, (row, number)| {
                    sum + 0.3 * f64::from(number) * row[place]
                });
                assert_eq!(sum.to_bits(), expected.to_bits(), "{place} of {n}");
            }
        }
    }
}
