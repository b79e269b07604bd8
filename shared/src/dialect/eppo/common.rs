//! Terms that several actions of a bandit have, so that each attribute of the subject is looked up
//! once for all of them.

use super::bandit::{Kind, Linear, Term};
use crate::context::{Attribute, EvaluationContext};
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
    attribute: Attribute,
    missing: Row,
    coefficient: Row,
}

/// One of several categories.
#[derive(Debug)]
struct CommonCategory {
    attribute: Attribute,
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
            let attribute = term.attribute.clone();
            let missing = row(column.clone().map(|term| Some(term.missing)))?;
            match term.kind {
                Kind::Numeric { .. } => numbers.push(CommonNumber {
                    attribute,
                    missing,
                    coefficient: row(column.map(Term::coefficient))?,
                }),
                Kind::Categorical { .. } => {
                    let names = names(column.clone())?;
                    let of_name = |name| row(column.clone().map(|term| term.coefficient_of(name)));
                    categories.push(CommonCategory {
                        attribute,
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
        // What the sum of nothing is.
        let mut sums = [-0.0; AT_ONCE];
        for term in &self.numbers {
            let value = subject.get_next(&term.attribute, &mut next);
            match value.and_then(Value::as_f64) {
                Some(number) => add(&mut sums, &term.coefficient, number),
                None => add(&mut sums, &term.missing, 1.0),
            }
        }
        for term in &self.categories {
            let place = match subject.get_next(&term.attribute, &mut next) {
                Some(Value::String(name)) => term.place(name),
                Some(other) => text_of(other).and_then(|name| term.place(&name)),
                None => None,
            };
            let known = place.and_then(|place| term.coefficients.get(place));
            add(&mut sums, known.unwrap_or(&term.missing), 1.0);
        }
        sums
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

/// A short text as a number: its bytes, and its length in the highest.
#[inline]
fn key(name: &str) -> Option<u64> {
    if name.len() >= size_of::<u64>() {
        return None;
    }
    let put = |key, byte: &u8| key << 8 | u64::from(*byte);
    Some(name.as_bytes().iter().fold(0, put) | (name.len() as u64) << 56)
}

/// Adds a row to the sums. By itself it becomes vector instructions.
#[inline]
fn add(sums: &mut Row, row: &Row, factor: f64) {
    for (sum, coefficient) in sums.iter_mut().zip(row) {
        *sum += factor * coefficient;
    }
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
