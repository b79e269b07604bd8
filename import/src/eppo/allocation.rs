//! Allocations to rules: conditions, a window of time, and splits by the subject's shards.

use super::Importer;
use crate::ImportError;
use crate::draft::{RuleIds, all, any, error};
use crate::part::Part;
use bandera_shared::context::Attribute;
use bandera_shared::dialect::{Source, test};
use bandera_shared::{UnixMillis, Value};
use serde_json::{Map, Value as Json, json};

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
        allocations: &Part<'_>,
        total: u64,
    ) -> Result<Vec<Json>, ImportError> {
        if allocations.is_null() {
            return allocations.unfit("a list");
        }
        let mut ids = RuleIds::default();
        let mut rules = Vec::new();
        for allocation in allocations.items()? {
            let common = self.common(&allocation)?;
            let list = allocation.member("splits");
            let Some(splits) = splits(list.json, total) else {
                return list.unfit("a list of variations with shards");
            };
            let name = allocation.member("key").json.as_str().unwrap_or_default();
            let log = allocation.member("doLog");
            if log.json == &Json::Bool(false) {
                let message = "what it assigns is logged here like that of other allocations";
                self.draft.mapped(log.pointer, message);
            }
            if let Some(serve) = self.one_rule(&splits, total) {
                rules.push(rule(&ids.name(name), &common, &serve));
                continue;
            }
            for split in &splits {
                let id = match &*splits {
                    [_] => ids.name(name),
                    _ => ids.name(&format!("{name}/{}", split.variation)),
                };
                let serve = json!({
                    "serve": self.serve(&split.variation),
                    "gates": gates(&split.shards, total),
                });
                rules.push(rule(&id, &common, &serve));
            }
        }
        Ok(rules)
    }

    /// Who is meant, and when.
    fn common(&mut self, allocation: &Part<'_>) -> Result<Json, ImportError> {
        let mut common = Map::new();
        let mut schedule = Map::new();
        let mut bounds = Vec::new();
        // Eppo counts the last moment in, a window of ours does not.
        for (name, later) in [("startAt", 0), ("endAt", 1)] {
            let at = allocation.member(name);
            if at.is_null() {
                continue;
            }
            let Some(moment) = at.json.as_str().and_then(|at| UnixMillis::parse(at).ok()) else {
                return at.unfit("an RFC 3339 time");
            };
            let moment = UnixMillis(moment.0.saturating_add(later));
            schedule.insert(name.to_owned(), moment.to_rfc3339().into());
            bounds.push(moment);
        }
        let is_never = matches!(bounds.as_slice(), [start, end] if end <= start);
        if is_never {
            let message = "ends before it begins; what it allocates is never served";
            self.draft
                .mapped(allocation.member("endAt").pointer, message);
        } else if !schedule.is_empty() {
            common.insert("schedule".to_owned(), schedule.into());
        }
        let mut parts = Vec::new();
        for rule in allocation.member("rules").items()? {
            let conditions = rule.member("conditions");
            if conditions.is_null() {
                return conditions.unfit("a list");
            }
            let conditions = conditions.items()?;
            let conditions = conditions.iter().map(|item| self.condition(item));
            parts.push(single_or(conditions.collect(), all));
        }
        if is_never {
            common.insert("when".to_owned(), any(Vec::new()));
        } else if !parts.is_empty() {
            common.insert("when".to_owned(), single_or(parts, any));
        }
        Ok(common.into())
    }

    /// A condition; one that Eppo cannot read never holds there either.
    fn condition(&mut self, condition: &Part<'_>) -> Json {
        let attribute = condition.member("attribute").json.as_str();
        let op = condition
            .member("operator")
            .json
            .as_str()
            .unwrap_or_default();
        let value = condition.member("value").json;
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
            self.draft.approximated(&*condition.pointer, message);
        } else {
            self.draft.mapped(&*condition.pointer, message);
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
        let ranges = ranges.into_iter();
        let ranges: Vec<Json> = ranges
            .map(|((from, to), variant)| json!({ "variant": variant, "from": from, "to": to }))
            .collect();
        let split = json!({ "ranges": ranges, "bucketing": bucketing(&last.salt, total) });
        Some(json!({ "serve": { "split": split }, "gates": gates(gate, total) }))
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

fn rule(id: &str, common: &Json, serving: &Json) -> Json {
    let mut rule = Map::new();
    rule.insert("id".to_owned(), id.into());
    for part in [common, serving] {
        rule.extend(part.as_object().cloned().into_iter().flatten());
    }
    rule.into()
}

fn gates(shards: &[Shard], total: u64) -> Vec<Json> {
    let gate = |shard: &Shard| {
        let bucketing = bucketing(&shard.salt, total);
        json!({ "ranges": shard.ranges, "bucketing": bucketing })
    };
    shards.iter().map(gate).collect()
}

fn bucketing(salt: &str, total: u64) -> Json {
    json!({ "kind": "eppo", "salt": salt, "scale": total })
}

fn splits(splits: &Json, total: u64) -> Option<Vec<Split>> {
    let split = |split: &Json| {
        let shards = split.get("shards")?.as_array()?.iter();
        Some(Split {
            variation: split.get("variationKey")?.as_str()?.to_owned(),
            shards: shards
                .map(|shard| shard_of(shard, total))
                .collect::<Option<_>>()?,
        })
    };
    splits.as_array()?.iter().map(split).collect()
}

/// A shard, its ranges cut to the numbers there are, those that touch joined.
fn shard_of(shard: &Json, total: u64) -> Option<Shard> {
    let mut ranges = Vec::new();
    for range in shard.get("ranges")?.as_array()? {
        let end = |name| range.get(name)?.as_u64();
        let (start, end) = (end("start")?, end("end")?.min(total));
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
        salt: shard.get("salt")?.as_str()?.to_owned(),
        ranges,
    })
}
