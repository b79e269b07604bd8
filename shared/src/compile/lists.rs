//! Named lists: values that are written once, and tested against wherever a condition says so.
//!
//! A test against a list is compiled once for each list, operator and attribute, and stands behind
//! the segments, as a segment of those that pass: however many conditions share it, there is one
//! copy of the values.

use super::graph::order;
use super::limits::{LIST_VALUES_MAX, LISTED_BYTES_MAX};
use super::scope::{Names, unknown_message};
use crate::condition::Condition;
use crate::context::Attribute;
use crate::diagnostic::{DiagnosticCode, Diagnostics, Place};
use crate::ruleset::Segment;
use crate::value::Value;
use crate::wire::operand::OperandWire;
use crate::wire::ruleset::ListWire;
use crate::wire::text::Text;
use std::collections::{BTreeMap, BTreeSet};

/// Operators that take a list of texts or numbers; tests of elements take one inside, and hashes.
pub(super) const OPERATORS: &str = "equals, in, contains, startsWith, endsWith, containsAny, \
    containsAll, setEquals, subsetOf, supersetOf, versionIn, inNetwork, urlMatches";

/// Whether the operator is one of [`OPERATORS`].
pub(super) fn takes_list(op: &str) -> bool {
    OPERATORS.split(", ").any(|other| other == op)
}

/// All lists, and what was made of them.
#[derive(Default)]
pub(super) struct Lists<'w> {
    names: Names<'w>,
    all: Vec<List<'w>>,
    tests: Vec<Segment>,
    by_use: BTreeMap<Use, usize>,
    n_segments: usize,
    n_bytes: usize,
}

/// A list as it is written.
#[derive(Default)]
struct List<'w> {
    texts: Vec<Text<'w>>,
    others: Vec<Value>,
    inside: Vec<usize>,
    is_broken: bool,
}

/// What is tested together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    list: usize,
    pub(super) op: Box<str>,
    pub(super) fold_case: bool,
    kind: Option<Box<str>>,
    names: Box<[Box<str>]>,
    /// The operand that names the list, and others perhaps, inside.
    within: Box<str>,
}

impl Use {
    /// The same in a test whose operand is written so.
    pub(super) fn within(self, operand: &Value) -> Self {
        Self {
            within: operand.to_string().into(),
            ..self
        }
    }
}

/// Why nothing can be tested against a list.
pub(super) type Unusable = (DiagnosticCode, String);

impl<'w> Lists<'w> {
    /// No list yet; tests against lists stand behind that many segments.
    pub(super) fn new(names: Names<'w>, n_segments: usize) -> Self {
        Self {
            names,
            n_segments,
            ..Self::default()
        }
    }

    /// Adds the next list; one that could not be read is broken.
    pub(super) fn push(
        &mut self,
        wire: Option<ListWire<'w>>,
        place: &Place<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let before = diagnostics.errors();
        let is_read = wire.is_some();
        let wire = wire.unwrap_or_default();
        let mut list = List::default();
        let values = place.key("values");
        match wire.values {
            None => {}
            Some(OperandWire::Texts(texts)) => list.texts = texts,
            Some(OperandWire::Other(Value::List(items))) => {
                list.take(items, &values, diagnostics);
            }
            Some(_) => {
                let message = "\"values\" is a list of texts and numbers".to_owned();
                diagnostics.error(&values, DiagnosticCode::Malformed, message);
            }
        }
        let lists = place.key("lists");
        for (position, name) in wire.lists.iter().enumerate() {
            match self.names.index(name) {
                Some(index) => list.inside.push(index),
                None => diagnostics.error(
                    &lists.index(position),
                    DiagnosticCode::UnknownReference,
                    unknown_message("list", name, self.names.iter()),
                ),
            }
        }
        list.is_broken = !is_read || diagnostics.errors() > before;
        self.all.push(list);
    }

    /// Finds circles and lists that are too long, once all are there.
    pub(super) fn finish(&mut self, root: &Place<'_>, diagnostics: &mut Diagnostics) {
        let references: Vec<Vec<usize>> = self.all.iter().map(|list| list.inside.clone()).collect();
        let order = order(&references);
        for index in order.circular {
            let name = self.names.get(index).unwrap_or_default();
            let message = "lists contain each other in a circle".to_owned();
            diagnostics.error(&root.key(name), DiagnosticCode::Cycle, message);
            if let Some(list) = self.all.get_mut(index) {
                list.is_broken = true;
            }
        }
        let mut lengths = vec![0_usize; self.all.len()];
        for index in order.resolved {
            let Some(list) = self.all.get(index) else {
                continue;
            };
            let inside = || list.inside.iter().copied();
            let own = list.texts.len() + list.others.len();
            let length = inside().fold(own, |sum, inside| {
                sum.saturating_add(lengths.get(inside).copied().unwrap_or_default())
            });
            let is_broken = inside().any(|inside| self.is_broken(inside));
            if length > LIST_VALUES_MAX {
                let message = format!(
                    "it has {length} values with those of the lists in it; at most \
                     {LIST_VALUES_MAX} are allowed"
                );
                let name = self.names.get(index).unwrap_or_default();
                diagnostics.error(&root.key(name), DiagnosticCode::LimitExceeded, message);
            }
            if let Some(list) = self.all.get_mut(index) {
                list.is_broken |= is_broken || length > LIST_VALUES_MAX;
            }
            if let Some(slot) = lengths.get_mut(index) {
                *slot = length;
            }
        }
    }

    /// What is tested when the operator looks at the attribute.
    ///
    /// # Errors
    /// No list has that key, or it has errors of its own.
    pub(super) fn using(
        &self,
        key: &str,
        op: &str,
        fold_case: bool,
        attribute: &Attribute,
    ) -> Result<Use, Unusable> {
        let Some(list) = self.names.index(key) else {
            let message = unknown_message("list", key, self.names.iter());
            return Err((DiagnosticCode::UnknownReference, message));
        };
        if self.is_broken(list) {
            let message = format!("the list \"{key}\" has errors of its own");
            return Err((DiagnosticCode::BrokenDependency, message));
        }
        Ok(Use {
            list,
            // The same test under two names.
            op: if op == "equals" { "in" } else { op }.into(),
            fold_case,
            kind: attribute.kind().map(Into::into),
            names: attribute.names().map(Into::into).collect(),
            within: Box::default(),
        })
    }

    /// The place of that test, where it was made before.
    pub(super) fn made(&self, using: &Use) -> Option<usize> {
        self.by_use.get(using).copied()
    }

    /// Keeps a test, and tells its place.
    pub(super) fn make(&mut self, using: Use, when: Condition) -> usize {
        let index = self.n_segments + self.tests.len();
        self.tests.push(Segment {
            key: self.names.get(using.list).unwrap_or_default().into(),
            when: Some(when),
            ..Segment::default()
        });
        self.by_use.insert(using, index);
        index
    }

    /// The values that a test needs a copy of, each once; texts in rising order.
    ///
    /// # Errors
    /// All copies together would be too large.
    pub(super) fn values(&mut self, using: &Use) -> Result<OperandWire<'w>, Unusable> {
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        let (mut open, mut seen) = (vec![using.list], BTreeSet::new());
        // A test takes something, however short its list is.
        let mut n_bytes = size_of::<Segment>();
        while let Some(index) = open.pop() {
            let Some(list) = self.all.get(index).filter(|_| seen.insert(index)) else {
                continue;
            };
            n_bytes += size_of::<List<'_>>() + size_of_val(&*list.others);
            for text in &list.texts {
                // As many bytes mark where it is.
                n_bytes += text.len() + size_of::<u64>();
            }
            texts.extend_from_slice(&list.texts);
            others.extend_from_slice(&list.others);
            open.extend_from_slice(&list.inside);
        }
        self.n_bytes += n_bytes;
        if self.n_bytes > LISTED_BYTES_MAX {
            let message = format!(
                "named lists take more than {LISTED_BYTES_MAX} bytes, counted once for each \
                 operator and attribute: test them in fewer ways"
            );
            return Err((DiagnosticCode::LimitExceeded, message));
        }
        texts.sort_unstable();
        texts.dedup();
        if others.is_empty() {
            return Ok(OperandWire::Texts(texts));
        }
        let texts = texts.into_iter();
        others.extend(texts.map(|text| Value::String(text.into())));
        Ok(OperandWire::Other(Value::List(others.into())))
    }

    /// The tests that were made so far, behind all segments.
    pub(super) fn tests(&self) -> &[Segment] {
        &self.tests
    }

    /// The same, for good.
    pub(super) fn into_tests(self) -> Vec<Segment> {
        self.tests
    }

    fn is_broken(&self, index: usize) -> bool {
        self.all.get(index).is_none_or(|list| list.is_broken)
    }
}

impl List<'_> {
    /// Takes texts and numbers; anything else is reported.
    fn take(&mut self, items: Box<[Value]>, place: &Place<'_>, diagnostics: &mut Diagnostics) {
        for (position, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => self.texts.push(String::from(text).into()),
                Value::Number(_) => self.others.push(item),
                _ => {
                    let message = "a list has texts and numbers alone".to_owned();
                    let code = DiagnosticCode::Malformed;
                    diagnostics.error(&place.index(position), code, message);
                }
            }
        }
    }
}
