//! Definitions: prerequisites, then conditions with partitions, behind one gate of traffic.

use super::{CONTROL, DIALECT, Reader, without_answer};
use crate::ImportError;
use crate::draft::{FlagDraft, RuleIds, all, any, not};
use crate::part::Part;
use serde_json::{Map, Value as Json, json};

/// Buckets of the hash.
const BUCKETS: u64 = 100;

/// The number of the only algorithm that all SDKs know.
const MURMUR: i64 = 2;

/// What everybody gets who gets nothing else.
#[derive(Debug, Clone, Copy)]
struct Fallback<'e>(Option<&'e str>);

impl Fallback<'_> {
    fn serve(self) -> Json {
        match self.0 {
            Some(treatment) => json!({ "variant": treatment }),
            None => json!({ "default": true }),
        }
    }
}

impl<'e> Reader<'e> {
    pub(super) fn flag(&mut self, part: &Part<'e>) -> Result<FlagDraft, ImportError> {
        let default = part.member("defaultTreatment").json.as_str();
        let fallback = Fallback(default.filter(|treatment| *treatment != CONTROL));
        let conditions = part.member("conditions").items()?;
        let mut flag = FlagDraft {
            kind: "string",
            variants: variants(part, fallback, &conditions)?,
            default: fallback.0.map(str::to_owned),
            ..FlagDraft::default()
        };
        if part.member("status").text()? == "ARCHIVED" {
            let message = "it is archived: nobody gets a treatment, here as there";
            self.draft.mapped(part.pointer.clone(), message);
            flag.is_disabled = true;
            return Ok(flag);
        }
        if part.member("killed").truth()? {
            flag.is_disabled = true;
            flag.off.clone_from(&flag.default);
            return Ok(flag);
        }
        if part
            .member("algo")
            .whole()?
            .is_some_and(|algo| algo != MURMUR)
        {
            let message = "the old hash is not known here: subjects are spread by the new one";
            self.draft
                .approximated(part.member("algo").pointer, message);
        }
        let mut ids = RuleIds::default();
        self.prerequisites(part, fallback, (&mut ids, &mut flag.rules))?;
        if let Some(why) = self.unsupported(&conditions)? {
            flag.rules.extend(without_answer(&why).rules);
            return Ok(flag);
        }
        let seed = part.member("seed").whole()?.unwrap_or(0);
        let mut traffic = traffic(part)?;
        for condition in &conditions {
            if condition.member("conditionType").text()? == "ROLLOUT"
                && let Some(gate) = traffic.take()
            {
                let id = ids.name("outside the traffic allocation");
                let rule = json!({ "id": id, "gates": [gate], "serve": fallback.serve() });
                flag.rules.push(rule);
            }
            let mut rule = self.condition(condition, seed, fallback)?;
            rule.insert(
                "id".to_owned(),
                ids.name(condition.member("label").text()?).into(),
            );
            flag.rules.push(rule.into());
        }
        Ok(flag)
    }

    /// Why there is no answer, where it is the form of the conditions.
    fn unsupported(&mut self, conditions: &[Part<'e>]) -> Result<Option<String>, ImportError> {
        let mut why = conditions
            .is_empty()
            .then(|| (String::new(), "it has no conditions".to_owned()));
        for condition in conditions {
            let matchers = condition.member("matcherGroup").member("matchers");
            let items = matchers.items()?;
            if items.is_empty() {
                why = Some((matchers.pointer, "a condition has no matchers".to_owned()));
            }
            for matcher in items {
                let kind = matcher.member("matcherType");
                if !super::matcher::is_known(kind.text()?) {
                    let message = format!("\"{}\" is no known matcher", kind.text()?);
                    why = Some((kind.pointer, message));
                }
            }
        }
        Ok(why.map(|(pointer, why)| {
            let message = format!("{why}: the flag has no answer, here as there");
            self.draft.mapped(pointer, message);
            why
        }))
    }

    fn prerequisites(
        &mut self,
        part: &Part<'e>,
        fallback: Fallback<'e>,
        (ids, rules): (&mut RuleIds, &mut Vec<Json>),
    ) -> Result<(), ImportError> {
        let mut unmet = Vec::new();
        for prerequisite in part.member("prerequisites").items()? {
            let flag = prerequisite.member("n");
            let treatments = prerequisite.member("ts").texts()?;
            unmet.push(not(self.answers(&flag, &treatments)?));
        }
        if !unmet.is_empty() {
            let id = ids.name("prerequisites");
            rules.push(json!({ "id": id, "when": any(unmet), "serve": fallback.serve() }));
        }
        Ok(())
    }

    /// A condition on the treatment of another flag.
    pub(super) fn answers(
        &mut self,
        flag: &Part<'e>,
        treatments: &[&str],
    ) -> Result<Json, ImportError> {
        let name = flag.text()?;
        if self.flags.contains(name) {
            return Ok(json!({
                "flag": name, "variants": treatments, "onFailure": "doesNotHold",
            }));
        }
        let message = format!("there is no flag \"{name}\": its treatment is \"{CONTROL}\"");
        self.draft.mapped(flag.pointer.clone(), message);
        Ok(if treatments.contains(&CONTROL) {
            all(Vec::new())
        } else {
            any(Vec::new())
        })
    }

    fn condition(
        &mut self,
        part: &Part<'e>,
        seed: i64,
        fallback: Fallback<'e>,
    ) -> Result<Map<String, Json>, ImportError> {
        let mut rule = Map::new();
        rule.insert(
            "when".to_owned(),
            self.matchers(&part.member("matcherGroup"))?,
        );
        let owners = owners(&part.member("partitions"))?;
        let serve = match &*owners {
            [] => fallback.serve(),
            [(treatment, 0, BUCKETS)] => json!({ "variant": treatment }),
            owners => {
                let range = |owner: &(&str, u64, u64)| {
                    let (treatment, from, to) = owner;
                    json!({ "variant": treatment, "from": from, "to": to })
                };
                let ranges: Vec<Json> = owners.iter().map(range).collect();
                rule.insert("onMiss".to_owned(), "end".into());
                json!({ "split": { "ranges": ranges, "bucketing": bucketing(seed) } })
            }
        };
        rule.insert("serve".to_owned(), serve);
        Ok(rule)
    }
}

/// Treatments and their buckets; the first whose cumulated size reaches a bucket owns it.
fn owners<'e>(partitions: &Part<'e>) -> Result<Vec<(&'e str, u64, u64)>, ImportError> {
    let (mut owners, mut from, mut reached) = (Vec::new(), 0, 0_i64);
    for partition in partitions.items()? {
        reached = reached.saturating_add(partition.member("size").whole()?.unwrap_or(0));
        let to = buckets(reached).max(from);
        if from < to {
            owners.push((partition.member("treatment").text()?, from, to));
        }
        from = to;
    }
    Ok(owners)
}

fn buckets(percentage: i64) -> u64 {
    u64::try_from(percentage).map_or(0, |percentage| percentage.min(BUCKETS))
}

/// The gate that those pass who are left out of the rollout; nothing where nobody is.
fn traffic(part: &Part<'_>) -> Result<Option<Json>, ImportError> {
    let allocation = part.member("trafficAllocation").whole()?;
    let inside = allocation.map_or(BUCKETS, buckets);
    let seed = part.member("trafficAllocationSeed").whole()?.unwrap_or(0);
    Ok((inside < BUCKETS)
        .then(|| json!({ "ranges": [[inside, BUCKETS]], "bucketing": bucketing(seed) })))
}

fn bucketing(seed: i64) -> Json {
    json!({ "kind": DIALECT, "salt": seed.to_string() })
}

/// Each treatment that may be served, with its configuration.
fn variants(
    part: &Part<'_>,
    fallback: Fallback<'_>,
    conditions: &[Part<'_>],
) -> Result<Map<String, Json>, ImportError> {
    let mut variants = Map::new();
    let mut treatments: Vec<&str> = fallback.0.into_iter().collect();
    for condition in conditions {
        for partition in condition.member("partitions").items()? {
            treatments.push(partition.member("treatment").text()?);
        }
    }
    let configurations = part.member("configurations");
    for treatment in treatments {
        let mut variant = Map::new();
        variant.insert("value".to_owned(), treatment.into());
        if let Some(text) = configurations.member(treatment).json.as_str() {
            // An object is a configuration as ours are; other text is left to the caller.
            match serde_json::from_str::<Json>(text) {
                Ok(config @ Json::Object(_)) => variant.insert("config".to_owned(), config),
                _ => variant.insert("metadata".to_owned(), json!({ "config": text })),
            };
        }
        variants.insert(treatment.to_owned(), variant.into());
    }
    Ok(variants)
}
