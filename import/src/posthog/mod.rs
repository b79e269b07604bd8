//! `PostHog`: the definitions that its SDKs evaluate locally.
//!
//! A condition of a flag becomes a rule with a gate for its rollout, a cohort becomes a segment.
//! Where a filter cannot be told for lack of a property and no condition holds, the SDKs have no
//! answer: neither has the flag here, and the caller's default counts.

mod cohort;
mod filter;
mod shape;
mod shares;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, RuleIds, all, any, malformed, not};
use crate::member::{number, plain};
use cohort::Cohorts;
use filter::{Entity, Filters};
use serde_json::{Map, Value as Json, json};
pub(crate) use shape::SHAPE;
use shares::{Unit, gate, holdout_gate, variants_split};

/// Reads the definitions for local evaluation, or the API's list of flags.
pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let list = export.get("flags").or_else(|| export.get("results"));
    let list = list
        .and_then(Json::as_array)
        .ok_or_else(|| malformed("/flags", "definitions of PostHog have a list \"flags\""))?;
    let mut draft = Draft::default();
    let versions = ["property_matching_version", "propertyMatchingVersion"];
    let has_no_truth = versions
        .iter()
        .any(|name| export.get(name).and_then(Json::as_u64) == Some(2));
    let keys: Map<String, Json> = list
        .iter()
        .filter_map(|flag| Some((flag.get("key")?.as_str()?.to_owned(), flag.clone())))
        .collect();
    let mut cohorts = Cohorts::new(export.get("cohorts"));
    for (index, written) in list.iter().enumerate() {
        let pointer = format!("/flags/{index}");
        let Some(key) = written.get("key").and_then(Json::as_str) else {
            draft.dropped(pointer, "the flag has no key");
            continue;
        };
        let mut reader = Reader {
            key,
            written,
            pointer: &pointer,
            group_types: export.get("group_type_mapping"),
            filters: Filters {
                flags: &keys,
                cohorts: &mut cohorts,
                draft: &mut draft,
                has_no_truth,
            },
        };
        let flag = reader.read();
        draft.flag(key, flag);
    }
    draft.segments.extend(cohorts.into_segments());
    Ok(draft)
}

struct Reader<'r, 'e> {
    key: &'e str,
    written: &'e Json,
    pointer: &'r str,
    group_types: Option<&'e Json>,
    filters: Filters<'r, 'e>,
}

/// A condition of a flag: its filters, and its rollout.
struct Condition {
    when: Vec<Json>,
    gate: Option<Json>,
    serve: Json,
}

impl Condition {
    /// The whole of it as one condition, the rollout last.
    fn whole(&self) -> Json {
        let chance = self.gate.iter().map(|gate| json!({ "chance": gate }));
        all(self.when.iter().cloned().chain(chance).collect())
    }
}

impl<'e> Reader<'_, 'e> {
    fn read(&mut self) -> FlagDraft {
        let variants = Variants::new(self.written);
        let off = variants.off.clone();
        let mut flag = FlagDraft {
            kind: if variants.list.is_empty() && variants.holdout.is_none() {
                "boolean"
            } else {
                "json"
            },
            is_disabled: self.written.get("active").and_then(Json::as_bool) == Some(false),
            off: Some(off.clone()),
            ..FlagDraft::default()
        };
        self.notes();
        let mut ids = RuleIds::default();
        let mut rules = Vec::new();
        match self.unit() {
            None => {
                let serve = json!({"default": true});
                rules.push(json!({"id": ids.name("only servers know"), "serve": serve}));
            }
            Some(unit) => {
                first(&unit, &off, (&mut ids, &mut rules));
                if let Some((name, percentage)) = &variants.holdout {
                    let gates: Json = holdout_gate(&unit, *percentage).into_iter().collect();
                    let serve = json!({"variant": name});
                    rules.push(json!({"id": ids.name("holdout"), "gates": gates, "serve": serve}));
                }
                let is_certain = self.conditions(&unit, &variants, (&mut ids, &mut rules));
                if is_certain {
                    flag.default = Some(off);
                }
            }
        }
        flag.rules = rules;
        flag.variants = variants.into_written();
        flag
    }

    /// Says what its servers do before the SDKs are asked.
    fn notes(&mut self) {
        let filters = self.filters_json();
        for name in ["super_groups", "holdout_groups", "feature_enrollment"] {
            let there = filters.and_then(|filters| filters.get(name));
            let says_nothing =
                |value: &Json| [json!(null), json!([]), json!(false)].contains(value);
            if there.is_some_and(|value| !says_nothing(value)) {
                let pointer = format!("{}/filters/{name}", self.pointer);
                let message = "only PostHog's servers look at it; its SDKs do not";
                self.filters.draft.dropped(pointer, message);
            }
        }
    }

    fn filters_json(&self) -> Option<&'e Json> {
        self.written.get("filters")
    }

    /// Who is drawn: nobody where the flag can be evaluated by servers alone.
    fn unit(&mut self) -> Option<Unit> {
        let continuity = self.written.get("ensure_experience_continuity");
        if continuity.and_then(Json::as_bool) == Some(true) {
            let pointer = format!("{}/ensure_experience_continuity", self.pointer);
            let message = "what a subject saw before is known to servers alone: the flag leaves \
                           the value to the caller, as in an SDK that does not ask them";
            self.filters.draft.mapped(pointer, message);
            return None;
        }
        let aggregation = self.filters_json().and_then(aggregation);
        let device = self
            .written
            .get("bucketing_identifier")
            .and_then(Json::as_str);
        match (aggregation, device) {
            (Some(index), _) => {
                let name = self.aggregate(index);
                if name.is_none() {
                    let pointer = format!("{}/filters/aggregation_group_type_index", self.pointer);
                    let message = "there is no group type of that index: no answer, as there";
                    self.filters.draft.mapped(pointer, message);
                }
                name.map(Unit::Group)
            }
            (None, Some("device_id")) => Some(Unit::Device),
            (None, _) => Some(Unit::Person),
        }
    }

    /// The name of a type of groups.
    fn aggregate(&self, index: &Json) -> Option<String> {
        let name = self.group_types?.get(index.to_string())?;
        name.as_str().map(str::to_owned)
    }

    /// A rule for each condition, and one for when it is certain that none holds. Whether it
    /// always is.
    fn conditions(
        &mut self,
        unit: &Unit,
        variants: &Variants<'_>,
        (ids, rules): (&mut RuleIds, &mut Vec<Json>),
    ) -> bool {
        let filters = self.filters_json();
        let listed = filters.and_then(|filters| filters.get("groups")?.as_array());
        let ends_early = filters
            .and_then(|filters| filters.get("early_exit"))
            .and_then(Json::as_bool)
            == Some(true);
        let mut conditions = Vec::new();
        for (index, written) in listed.into_iter().flatten().enumerate() {
            let pointer = format!("{}/filters/groups/{index}", self.pointer);
            let Some(condition) = self.condition(written, unit, (variants, &pointer)) else {
                continue;
            };
            let described = written.get("description").and_then(Json::as_str);
            let name = match described {
                Some(text) if !text.is_empty() => text.to_owned(),
                _ => format!("condition {}", index + 1),
            };
            let mut rule = Map::new();
            rule.insert("id".to_owned(), ids.name(&name).into());
            if !condition.when.is_empty() {
                rule.insert("when".to_owned(), all(condition.when.clone()));
            }
            rule.insert("gates".to_owned(), condition.gate.iter().cloned().collect());
            rule.insert("serve".to_owned(), condition.serve.clone());
            rules.push(Json::Object(rule));
            if ends_early && condition.gate.is_some() {
                let ends = early_exit(&name, (&conditions, &condition), (&variants.off, ids));
                rules.extend(ends);
            }
            conditions.push(condition);
        }
        if conditions.iter().all(|condition| condition.when.is_empty()) {
            return true;
        }
        let none = not(any(conditions.iter().map(Condition::whole).collect()));
        let id = ids.name("no condition holds");
        rules.push(json!({"id": id, "when": none, "serve": {"variant": variants.off}}));
        false
    }

    /// A condition; `None` where it asks for a group that cannot be.
    fn condition(
        &mut self,
        written: &'e Json,
        unit: &Unit,
        (variants, pointer): (&Variants<'_>, &str),
    ) -> Option<Condition> {
        let flag_wide = self.filters_json().and_then(aggregation);
        let own = match written.get("aggregation_group_type_index") {
            None => flag_wide,
            Some(_) => aggregation(written),
        };
        let mut when = Vec::new();
        let unit = match own.filter(|own| Some(*own) != flag_wide) {
            None => unit.clone(),
            Some(index) => {
                let Some(name) = self.aggregate(index) else {
                    let message = "there is no group type of that index: never met, as there";
                    self.filters.draft.mapped(pointer, message);
                    return None;
                };
                when.push(names_one(&name));
                Unit::Group(name)
            }
        };
        let entity = match &unit {
            Unit::Group(name) => Entity::Group(name.clone()),
            Unit::Person | Unit::Device => Entity::Person,
        };
        let properties = written.get("properties").and_then(Json::as_array);
        let filters = properties.into_iter().flatten().enumerate();
        let filters = filters.map(|(index, property)| {
            let pointer = format!("{pointer}/properties/{index}");
            self.filters.condition(property, &entity, &pointer)
        });
        let filters = filters.collect();
        when.extend(self.filters.each(filters));
        let rollout = written.get("rollout_percentage").and_then(Json::as_f64);
        let chosen = written.get("variant").and_then(Json::as_str);
        let chosen = chosen.filter(|name| variants.list.iter().any(|(key, _)| key == name));
        let serve = match chosen {
            Some(name) => json!({"variant": name}),
            None if variants.list.is_empty() => json!({"variant": variants.on}),
            None => variants_split(self.key, &unit, (&variants.list, &variants.on)),
        };
        Some(Condition {
            when,
            gate: rollout.and_then(|percentage| gate(self.key, &unit, percentage)),
            serve,
        })
    }
}

/// What ends a flag at a condition whose filters hold and whose rollout has left the subject out:
/// it is off, and where a condition before could not be told, it has no answer.
///
/// Whoever comes here met none of the conditions before, so their filters fail or cannot be told.
fn early_exit(
    name: &str,
    (before, condition): (&[Condition], &Condition),
    (off, ids): (&str, &mut RuleIds),
) -> Vec<Json> {
    let id = ids.name(&format!("{name} (early exit)"));
    let held = all(condition.when.clone());
    let filtered = before.iter().filter(|before| !before.when.is_empty());
    let before: Vec<Json> = filtered.map(|before| all(before.when.clone())).collect();
    if before.is_empty() {
        return vec![json!({"id": id, "when": held, "serve": {"variant": off}})];
    }
    let when = all(vec![held.clone(), not(any(before))]);
    let undecided = ids.name(&format!("{name} (early exit, undecided)"));
    vec![
        json!({"id": id, "when": when, "serve": {"variant": off}}),
        json!({"id": undecided, "when": held, "serve": {"default": true}}),
    ]
}

/// What is asked before any condition: whether there is somebody to draw.
fn first(unit: &Unit, off: &str, (ids, rules): (&mut RuleIds, &mut Vec<Json>)) {
    let rule = match unit {
        Unit::Person => return,
        Unit::Device => json!({
            "id": ids.name("no device"),
            "when": not(json!({
                "dialect": "posthog", "op": "identifies", "attribute": "$device_id",
            })),
            "serve": {"default": true},
        }),
        Unit::Group(name) => json!({
            "id": ids.name("no group"),
            "when": not(names_one(name)),
            "serve": {"variant": off},
        }),
    };
    rules.push(rule);
}

/// The index of the groups that are aggregated, unless it is null.
fn aggregation(json: &Json) -> Option<&Json> {
    let index = json.get("aggregation_group_type_index");
    index.filter(|index| !index.is_null())
}

/// What those get who are held out, and their percentage.
fn holdout(written: &Json) -> Option<(String, f64)> {
    let id = plain(written.get("id")?)?;
    let percentage = number(written, "exclusion_percentage")?;
    Some((format!("holdout-{id}"), percentage.clamp(0.0, 100.0)))
}

/// Whether the request names a group of that type.
fn names_one(name: &str) -> Json {
    let key = json!({"of": name, "path": "targetingKey"});
    json!({"attribute": key, "op": "exists"})
}

/// A flag's variants: on and off, and those with names.
struct Variants<'e> {
    /// Names and percentages.
    list: Vec<(&'e str, f64)>,
    on: String,
    off: String,
    payloads: Option<&'e Json>,
    /// What those get who are held out, and their percentage.
    holdout: Option<(String, f64)>,
}

impl<'e> Variants<'e> {
    fn new(flag: &'e Json) -> Self {
        let filters = flag.get("filters");
        let list = filters.and_then(|filters| filters.get("multivariate")?.get("variants"));
        let list = list.and_then(Json::as_array).into_iter().flatten();
        let list = list.filter_map(|variant| {
            let percentage = variant.get("rollout_percentage").and_then(Json::as_f64);
            Some((variant.get("key")?.as_str()?, percentage.unwrap_or(0.0)))
        });
        let list: Vec<(&str, f64)> = list.collect();
        let free = |name: &str| {
            let mut name = name.to_owned();
            while list.iter().any(|(key, _)| *key == name) {
                name.push_str(" (flag)");
            }
            name
        };
        Self {
            on: free("true"),
            off: free("false"),
            payloads: filters.and_then(|filters| filters.get("payloads")),
            holdout: filters.and_then(|filters| holdout(filters.get("holdout")?)),
            list,
        }
    }

    fn into_written(self) -> Map<String, Json> {
        let mut written = Map::new();
        let named = self
            .list
            .iter()
            .map(|(name, _)| (*name, json!(name), *name));
        let own = [
            (self.on.as_str(), json!(true), "true"),
            (&self.off, json!(false), "false"),
        ];
        let held = self.holdout.iter();
        let held = held.map(|(name, _)| (name.as_str(), json!(name), name.as_str()));
        for (key, value, name) in named.chain(own).chain(held) {
            let mut variant = Map::new();
            variant.insert("value".to_owned(), value);
            if key != name {
                variant.insert("name".to_owned(), json!(name));
            }
            let payload = self.payloads.and_then(|payloads| payloads.get(name));
            if let Some(payload) = payload.filter(|payload| !payload.is_null()) {
                // Payloads are JSON in text, where they are.
                let parsed = payload
                    .as_str()
                    .and_then(|text| serde_json::from_str(text).ok());
                let payload: Json = parsed.unwrap_or_else(|| payload.clone());
                variant.insert("metadata".to_owned(), json!({ "payload": payload }));
            }
            written.insert(key.to_owned(), Json::Object(variant));
        }
        written
    }
}
