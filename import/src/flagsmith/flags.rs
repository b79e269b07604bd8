//! Conditions on what other features answer: paths such as `$.flags.checkout.enabled`.
//!
//! What a condition makes of an answer is known when the export is read: of each answer that a
//! feature may give it is asked here, and what is left is whether the feature gives one of them.

use super::path;
use crate::draft::{all, any, not};
use crate::member::{is_true, items, members, text};
use bandera_shared::context::EvaluationContext;
use bandera_shared::dialect::{Source, View, test};
use bandera_shared::truth::Truth;
use bandera_shared::{UnixMillis, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// Which features ask which others, by name.
#[derive(Debug, Default)]
pub(super) struct Flags<'j> {
    /// What each feature may serve: itself, and what overrides it.
    serving: BTreeMap<&'j str, Vec<&'j Json>>,
    /// Features that come back to themselves.
    circular: BTreeSet<&'j str>,
    /// Features that lead to those.
    reaching: BTreeSet<&'j str>,
}

impl<'j> Flags<'j> {
    /// Those of the export.
    pub(super) fn of(export: &'j Json) -> Self {
        let mut flags = Self::default();
        for (key, feature) in members(export, "features") {
            flags.serving.insert(name_of(key, feature), vec![feature]);
        }
        let mut asks: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (_, segment) in members(export, "segments") {
            let mut asked = BTreeSet::new();
            collect(segment, &mut asked);
            for feature in items(segment, "overrides") {
                let name = text(feature, "name");
                if let Some(serving) = flags.serving.get_mut(name) {
                    serving.push(feature);
                }
                asks.entry(name).or_default().extend(asked.iter().cloned());
            }
        }
        for &name in flags.serving.keys() {
            let (mut open, mut seen) = (vec![name], BTreeSet::new());
            while let Some(next) = open.pop() {
                for asked in asks.get(next).into_iter().flatten() {
                    if seen.insert(asked.as_str()) {
                        open.push(asked);
                    }
                }
            }
            if seen.contains(name) {
                flags.circular.insert(name);
            }
        }
        for &name in flags.serving.keys() {
            let (mut open, mut seen) = (vec![name], BTreeSet::new());
            while let Some(next) = open.pop() {
                if flags.circular.contains(next) {
                    flags.reaching.insert(name);
                    break;
                }
                for asked in asks.get(next).into_iter().flatten() {
                    if seen.insert(asked.as_str()) {
                        open.push(asked);
                    }
                }
            }
        }
        flags
    }

    /// Whether a segment asks for a feature whose answer rests on itself.
    pub(super) fn is_circular(&self, segment: &Json) -> bool {
        let mut asked = BTreeSet::new();
        collect(segment, &mut asked);
        asked
            .iter()
            .any(|name| self.reaching.contains(name.as_str()))
    }

    /// The condition on a feature's answer; nothing where the property is no such path, or leads
    /// to something that is not known here.
    pub(super) fn condition(&self, property: &str, operator: &str, value: &Json) -> Asked {
        let Some((name, field)) = path::flag(property) else {
            return Asked::Elsewhere;
        };
        let holds = |found: Option<&Json>| holds(operator, value, found);
        let Some(serving) = self.serving.get(&*name) else {
            return Asked::Condition(constant(holds(None)));
        };
        let enabled = json!({ "flag": name, "as": "boolean", "equals": true });
        let condition = match &*field {
            "enabled" => either(
                enabled,
                constant(holds(Some(&true.into()))),
                constant(holds(Some(&false.into()))),
            ),
            "name" => constant(holds(Some(&name.as_str().into()))),
            "value" => {
                let (on, off): (Vec<&Json>, Vec<&Json>) = serving
                    .iter()
                    .partition(|feature| is_true(feature, "enabled"));
                let off = off.into_iter().flat_map(values);
                let off: BTreeSet<bool> =
                    off.map(|it| holds(it.filter(|it| !it.is_null()))).collect();
                if off.len() > 1 {
                    return Asked::Unknown;
                }
                let off = constant(off.contains(&true));
                either(
                    enabled,
                    is_one(&name, on.into_iter().flat_map(values), holds),
                    off,
                )
            }
            _ => return Asked::Unknown,
        };
        Asked::Condition(condition)
    }
}

/// What a property asks.
pub(super) enum Asked {
    /// Nothing of another feature.
    Elsewhere,
    /// Something that is not known here.
    Unknown,
    Condition(Json),
}

pub(super) fn name_of<'j>(key: &'j str, feature: &'j Json) -> &'j str {
    match text(feature, "name") {
        "" => key,
        name => name,
    }
}

/// The values that a feature may have: its own, and those of its variants.
fn values(feature: &Json) -> impl Iterator<Item = Option<&Json>> {
    let variants = items(feature, "variants").iter();
    [feature.get("value")]
        .into_iter()
        .chain(variants.map(|variant| variant.get("value")))
}

/// Whether the feature serves one of those values of which the condition holds. Null is what is
/// none of the others.
fn is_one<'j>(
    name: &str,
    served: impl Iterator<Item = Option<&'j Json>>,
    holds: impl Fn(Option<&Json>) -> bool,
) -> Json {
    let of_null = holds(None);
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for value in served.flatten().filter(|value| !value.is_null()) {
        let listed = if holds(Some(value)) {
            &mut yes
        } else {
            &mut no
        };
        let is_it = json!({ "flag": name, "equals": value });
        if !listed.contains(&is_it) {
            listed.push(is_it);
        }
    }
    if of_null { not(any(no)) } else { any(yes) }
}

fn constant(holds: bool) -> Json {
    if holds {
        all(Vec::new())
    } else {
        any(Vec::new())
    }
}

/// The one where the condition holds, the other where it does not.
fn either(condition: Json, yes: Json, no: Json) -> Json {
    // A flag that is asked twice is evaluated twice, and so is what it asks itself.
    let (always, never) = (constant(true), constant(false));
    if yes == no {
        return yes;
    }
    if no == never {
        return if yes == always {
            condition
        } else {
            all(vec![condition, yes])
        };
    }
    if yes == never {
        let fails = not(condition);
        return if no == always {
            fails
        } else {
            all(vec![fails, no])
        };
    }
    if yes == always {
        return any(vec![condition, no]);
    }
    if no == always {
        return any(vec![not(condition), yes]);
    }
    any(vec![
        all(vec![condition.clone(), yes]),
        all(vec![not(condition), no]),
    ])
}

/// Whether the condition holds of what is found.
fn holds(operator: &str, value: &Json, found: Option<&Json>) -> bool {
    let mut members = Map::from_iter([("value".to_owned(), value.clone())]);
    members.extend(found.map(|found| ("constant".to_owned(), found.clone())));
    let Ok(value) = serde_json::from_value::<Value>(members.into()) else {
        return false;
    };
    let source = Source {
        dialect: "flagsmith".into(),
        op: operator.into(),
        attribute: None,
        value,
    };
    let view = View {
        context: &EvaluationContext::new(),
        at: UnixMillis(0),
        draw: 0,
    };
    test(&source).is_ok_and(|test| test.holds(&view) == Ok(Truth::Yes))
}

/// Names of the features that the conditions inside ask for.
fn collect(rule: &Json, asked: &mut BTreeSet<String>) {
    for condition in items(rule, "conditions") {
        asked.extend(path::flag(text(condition, "property")).map(|(name, _)| name));
    }
    for rule in items(rule, "rules") {
        collect(rule, asked);
    }
}
