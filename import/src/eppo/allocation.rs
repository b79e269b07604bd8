//! Allocations to rules: conditions, a window of time, and splits by the subject's shards.

use super::{Fault, Importer};
use crate::draft::{RuleIds, all, any, below, error};
use bandera_shared::context::Attribute;
use bandera_shared::dialect::{Source, test};
use bandera_shared::{UnixMillis, Value};
use serde_json::{Value as Json, json};

/// A variation, and the shards that must all be the subject's.
#[derive(Debug, Clone, PartialEq)]
struct Split {
    variation: String,
    shards: Vec<Shard>,
}

/// Numbers drawn with a salt.
#[derive(Debug, Clone, PartialEq)]
struct Shard {
    salt: String,
    /// Sorted and disjoint.
    ranges: Vec<(u64, u64)>,
}

impl Importer<'_> {
    /// The rules of all allocations, in their order.
    pub(super) fn allocations(
        &mut self,
        allocations: &Json,
        total: u64,
    ) -> Result<Vec<Json>, Fault> {
        let allocations = allocations.as_array();
        let allocations =
            allocations.ok_or_else(|| self.fault("allocations", "expected a list"))?;
        let mut ids = RuleIds::default();
        let mut rules = Vec::new();
        for (index, allocation) in allocations.iter().enumerate() {
            let pointer = below(&below(&self.pointer, "allocations"), &index.to_string());
            let common = self.common(allocation, &pointer)?;
            let splits = splits(&allocation["splits"], total).ok_or_else(|| Fault {
                pointer: below(&pointer, "splits"),
                message: "expected variations with shards",
            })?;
            let name = allocation["key"].as_str().unwrap_or_default();
            if allocation["doLog"] == json!(false) {
                let message = "what it assigns is logged here like that of other allocations";
                self.draft.mapped(below(&pointer, "doLog"), message);
            }
            if let Some(serve) = self.one_rule(&splits, total) {
                rules.push(rule(ids.name(name), &common, serve));
                continue;
            }
            for split in &splits {
                let id = if splits.len() == 1 {
                    ids.name(name)
                } else {
                    ids.name(&format!("{name}/{}", split.variation))
                };
                let serve = json!({
                    "serve": self.serve(&split.variation),
                    "gates": gates(&split.shards, total),
                });
                rules.push(rule(id, &common, serve));
            }
        }
        Ok(rules)
    }

    /// Who is meant, and when.
    fn common(&mut self, allocation: &Json, pointer: &str) -> Result<Json, Fault> {
        let mut common = json!({});
        let mut schedule = json!({});
        for (name, later) in [("startAt", 0), ("endAt", 1)] {
            let at = match &allocation[name] {
                Json::Null => continue,
                at => at.as_str().and_then(|at| UnixMillis::parse(at).ok()),
            };
            let at = at.ok_or_else(|| Fault {
                pointer: below(pointer, name),
                message: "no RFC 3339 time",
            })?;
            // Eppo counts the last moment in, a window of ours does not.
            schedule[name] = UnixMillis(at.0.saturating_add(later)).to_rfc3339().into();
        }
        if schedule != json!({}) {
            common["schedule"] = schedule;
        }
        if let Some(when) = self.rules(&allocation["rules"], &below(pointer, "rules"))? {
            common["when"] = when;
        }
        Ok(common)
    }

    /// Any rule, and all conditions inside it; nothing where there are no rules.
    fn rules(&mut self, rules: &Json, pointer: &str) -> Result<Option<Json>, Fault> {
        let rules = match rules {
            Json::Null => return Ok(None),
            Json::Array(rules) => rules,
            _ => return Err(expected_list(pointer)),
        };
        let mut parts = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            let pointer = below(&below(pointer, &index.to_string()), "conditions");
            let Some(conditions) = rule["conditions"].as_array() else {
                return Err(expected_list(&pointer));
            };
            let conditions = conditions.iter().enumerate();
            let conditions: Vec<Json> = conditions
                .map(|(index, item)| self.condition(item, &below(&pointer, &index.to_string())))
                .collect();
            parts.push(single_or(conditions, all));
        }
        Ok((!parts.is_empty()).then(|| single_or(parts, any)))
    }

    /// A condition; one that Eppo cannot read never holds there either.
    fn condition(&mut self, condition: &Json, pointer: &str) -> Json {
        let attribute = condition["attribute"].as_str();
        let op = condition["operator"].as_str().unwrap_or_default();
        let value = condition["value"].clone();
        let source = Source {
            dialect: "eppo".into(),
            op: op.into(),
            attribute: attribute.map(Attribute::named),
            value: serde_json::from_value(value.clone()).unwrap_or(Value::Null),
        };
        let Err(why) = test(&source) else {
            return json!({
                "dialect": "eppo", "op": op, "attribute": attribute, "value": value,
            });
        };
        let message = format!("{why}; the condition never holds");
        if op.ends_with("MATCHES") && value.is_string() {
            // Its own engine may know more than ours.
            self.draft.approximated(pointer, message);
        } else {
            self.draft.mapped(pointer, message);
        }
        any(Vec::new())
    }

    /// What a variation serves.
    fn serve(&self, variation: &str) -> Json {
        if self.served.contains(variation) {
            json!({ "variant": variation })
        } else {
            let message = format!("the variation \"{variation}\" has no value of the flag's type");
            error("PARSE_ERROR", &message)
        }
    }

    /// Several splits as one, where they share out one shard's numbers and agree on the others.
    fn one_rule(&self, splits: &[Split], total: u64) -> Option<Json> {
        let (last, gate) = splits.first()?.shards.split_last()?;
        let mut ranges = Vec::new();
        for split in splits {
            let (own, others) = split.shards.split_last()?;
            if own.salt != last.salt || others != gate || !self.served.contains(&split.variation) {
                return None;
            }
            ranges.extend(own.ranges.iter().map(|range| (*range, &split.variation)));
        }
        ranges.sort_unstable();
        let is_disjoint = ranges
            .windows(2)
            .all(|pair| matches!(pair, [((_, end), _), ((start, _), _)] if end <= start));
        if splits.len() < 2 || !is_disjoint {
            return None;
        }
        let owned = |((from, to), variant): &((u64, u64), &String)| json!({ "variant": variant, "from": from, "to": to });
        let ranges: Vec<Json> = ranges.iter().map(owned).collect();
        let split = json!({ "ranges": ranges, "bucketing": bucketing(&last.salt, total) });
        Some(json!({ "serve": { "split": split }, "gates": gates(gate, total) }))
    }
}

fn expected_list(pointer: &str) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        message: "expected a list",
    }
}

/// A single part stands for itself.
fn single_or(mut parts: Vec<Json>, join: impl FnOnce(Vec<Json>) -> Json) -> Json {
    match (parts.len(), parts.pop()) {
        (1, Some(part)) => part,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn rule(id: String, common: &Json, serving: Json) -> Json {
    let mut rule = json!({ "id": id });
    for part in [common.clone(), serving] {
        if let (Some(rule), Json::Object(part)) = (rule.as_object_mut(), part) {
            rule.extend(part);
        }
    }
    rule
}

fn gates(shards: &[Shard], total: u64) -> Vec<Json> {
    let gate = |shard: &Shard| json!({ "ranges": shard.ranges, "bucketing": bucketing(&shard.salt, total) });
    shards.iter().map(gate).collect()
}

fn bucketing(salt: &str, total: u64) -> Json {
    json!({ "kind": "eppo", "salt": salt, "scale": total })
}

fn splits(splits: &Json, total: u64) -> Option<Vec<Split>> {
    let splits = splits.as_array()?.iter();
    let split = |split: &Json| {
        let shards = split["shards"].as_array()?.iter();
        Some(Split {
            variation: split["variationKey"].as_str()?.to_owned(),
            shards: shards
                .map(|shard| shard_of(shard, total))
                .collect::<Option<_>>()?,
        })
    };
    splits.map(split).collect()
}

/// A shard, its ranges cut to the numbers there are, those that touch joined.
fn shard_of(shard: &Json, total: u64) -> Option<Shard> {
    let mut ranges = Vec::new();
    for range in shard["ranges"].as_array()? {
        let (start, end) = (range["start"].as_u64()?, range["end"].as_u64()?.min(total));
        if start < end {
            ranges.push((start, end));
        }
    }
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
    Some(Shard {
        salt: shard["salt"].as_str()?.to_owned(),
        ranges,
    })
}
