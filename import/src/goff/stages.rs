//! A flag that changes at written dates: its stages, one after the other.

use super::{Broken, Variants, broken, is_true};
use bandera_shared::UnixMillis;
use serde_json::{Map, Value as Json, json};

/// A flag from one moment to another.
pub(super) struct Stage {
    /// As a flag is written, without its schedule.
    pub(super) flag: Json,
    /// Its window as a ruleset has it; always where absent.
    pub(super) window: Option<Json>,
}

/// A change at a date.
struct Change<'e> {
    at: UnixMillis,
    step: &'e Json,
}

/// The stages of a flag, at least one.
pub(super) fn stages(flag: &Json) -> Result<Vec<Stage>, Broken> {
    let steps = flag.get("scheduledRollout").and_then(Json::as_array);
    let mut changes = Vec::new();
    for (index, step) in steps.into_iter().flatten().enumerate() {
        // A step without a date never takes place.
        let Some(date) = step.get("date").filter(|date| !date.is_null()) else {
            continue;
        };
        let at = moment(Some(date));
        let at = at.ok_or_else(|| {
            let pointer = format!("/scheduledRollout/{index}/date");
            broken(pointer, "a date is written as in RFC 3339, with an offset")
        })?;
        changes.push(Change { at, step });
    }
    let mut moments: Vec<UnixMillis> = changes.iter().map(|change| change.at).collect();
    moments.sort_unstable();
    moments.dedup();
    let starts = std::iter::once(None).chain(moments.iter().copied().map(Some));
    let ends = moments
        .iter()
        .copied()
        .map(Some)
        .chain(std::iter::once(None));
    let stages = starts.zip(ends).map(|(start, end)| {
        let mut flag = flag.clone();
        // Steps that have taken place, in the order they are written.
        let passed = changes
            .iter()
            .filter(|change| start.is_some_and(|start| change.at <= start));
        passed.for_each(|change| apply(&mut flag, change.step));
        Stage::new(flag, start, end)
    });
    Ok(stages.flatten().collect())
}

impl Stage {
    /// A stage in its window, cut to when its experiment runs; `None` when nothing is left.
    fn new(flag: Json, start: Option<UnixMillis>, end: Option<UnixMillis>) -> Option<Self> {
        let bound = |name| moment(flag.pointer(&format!("/experimentation/{name}")));
        // The last moment is part of an experiment.
        let closing = bound("end").map(|end| UnixMillis(end.0.saturating_add(1)));
        let start = [start, bound("start")].into_iter().flatten().max();
        let end = [end, closing].into_iter().flatten().min();
        if let (Some(start), Some(end)) = (start, end)
            && end <= start
        {
            return None;
        }
        let window = (start.is_some() || end.is_some()).then(|| {
            let written = |at: Option<UnixMillis>| at.map(UnixMillis::to_rfc3339);
            json!({"startAt": written(start), "endAt": written(end)})
        });
        Some(Self { flag, window })
    }

    /// Rules with their places in the flag; the default rule comes last.
    pub(super) fn rules(&self) -> impl Iterator<Item = (String, &Json)> {
        let listed = self.flag.get("targeting").and_then(Json::as_array);
        let listed = listed.into_iter().flatten().enumerate();
        let listed = listed.map(|(index, rule)| (format!("/targeting/{index}"), rule));
        let last = self.flag.get("defaultRule").filter(|rule| rule.is_object());
        listed.chain(last.map(|rule| ("/defaultRule".to_owned(), rule)))
    }

    pub(super) fn is_disabled(&self) -> bool {
        is_true(self.flag.get("disable"))
    }

    /// Whether a rule draws, also a disabled one.
    pub(super) fn needs_bucketing(&self) -> bool {
        self.rules().any(|(_, rule)| {
            let shares = rule.get("percentage").and_then(Json::as_object);
            shares.is_some_and(|shares| !shares.is_empty()) || has_rollout(rule)
        })
    }

    /// Refuses what GO Feature Flag refuses when it reads the flag.
    pub(super) fn check(&self, variants: &Variants<'_>) -> Result<(), Broken> {
        if !self.flag.get("defaultRule").is_some_and(Json::is_object) {
            return Err(broken("/defaultRule", "there is no default rule"));
        }
        for (pointer, rule) in self.rules() {
            let shares = rule.get("percentage").and_then(Json::as_object);
            let names = shares.into_iter().flatten().map(|(name, _)| name.as_str());
            let single = rule.get("variation").and_then(Json::as_str);
            let draws = shares.is_some_and(|shares| !shares.is_empty()) || has_rollout(rule);
            let names = names.chain(single.filter(|_| !draws));
            if let Some(name) = names.into_iter().find(|name| variants.key(name).is_none()) {
                return Err(broken(pointer, format!("\"{name}\" is no variation")));
            }
        }
        Ok(())
    }
}

pub(super) fn has_rollout(rule: &Json) -> bool {
    rule.get("progressiveRollout").is_some_and(Json::is_object)
}

pub(super) fn moment(date: Option<&Json>) -> Option<UnixMillis> {
    UnixMillis::parse(date?.as_str()?).ok()
}

/// What a step names replaces what the flag has; rules are matched by their names.
fn apply(flag: &mut Json, step: &Json) {
    let Some(flag) = object(flag) else { return };
    let changed = |name: &str| step.get(name).filter(|value| !value.is_null());
    if let Some(disable) = changed("disable") {
        flag.insert("disable".to_owned(), disable.clone());
    }
    for name in ["variations", "experimentation"] {
        if let Some(Json::Object(members)) = changed(name) {
            extend(flag, name, members);
        }
    }
    if let Some(rule) = changed("defaultRule") {
        merge(entry(flag, "defaultRule"), rule);
    }
    if let Some(Json::Array(updates)) = changed("targeting") {
        let rules = entry(flag, "targeting");
        if !rules.is_array() {
            *rules = json!([]);
        }
        if let Json::Array(rules) = rules {
            for update in updates {
                update_rule(rules, update);
            }
        }
    }
}

fn update_rule(rules: &mut Vec<Json>, update: &Json) {
    let name = |rule: &Json| rule.get("name").and_then(Json::as_str).map(str::to_owned);
    let wanted = name(update);
    let known = rules
        .iter_mut()
        .find(|rule| wanted.is_some() && name(rule) == wanted);
    match known {
        Some(rule) => merge(rule, update),
        None => rules.push(update.clone()),
    }
}

/// A rule's update: percentages one by one, negative ones taken away.
fn merge(rule: &mut Json, update: &Json) {
    let Some(rule) = object(rule) else { return };
    for (name, value) in update.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            (_, Json::Null) | ("name", _) => {}
            ("percentage", Json::Object(shares)) => {
                extend(rule, name, shares);
                if let Some(merged) = object(entry(rule, name)) {
                    merged.retain(|_, share| share.as_f64().is_none_or(|share| share >= 0.0));
                }
            }
            ("progressiveRollout", Json::Object(ends)) => {
                let Some(rollout) = object(entry(rule, name)) else {
                    return;
                };
                for (end, members) in ends {
                    if let Json::Object(members) = members {
                        extend(rollout, end, members);
                    }
                }
            }
            _ => drop(rule.insert(name.clone(), value.clone())),
        }
    }
}

/// The member, null where there was none.
fn entry<'j>(members: &'j mut Map<String, Json>, name: &str) -> &'j mut Json {
    members.entry(name).or_insert(Json::Null)
}

/// The members of an object; anything else becomes one.
fn object(json: &mut Json) -> Option<&mut Map<String, Json>> {
    if !json.is_object() {
        *json = Json::Object(Map::new());
    }
    json.as_object_mut()
}

/// Puts members into a member that is an object.
fn extend(members: &mut Map<String, Json>, name: &str, more: &Map<String, Json>) {
    if let Some(inner) = object(entry(members, name)) {
        inner.extend(more.clone());
    }
}
