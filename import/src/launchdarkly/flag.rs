//! Flags: prerequisites, targets, rules and the fallthrough, each as rules of ours.

use super::clause::{kind, listed};
use super::rollout::{Rollout, Salt, Shares, rollout};
use super::{DEFAULT_KIND, Reader};
use crate::ImportError;
use crate::draft::{FlagDraft, RuleIds, all, any, error, not};
use crate::part::Part;
use bandera_shared::dialect::method::SHA1_60_SCALE;
use serde_json::{Map, Value as Json, json};

/// A flag being read.
struct Writing<'e> {
    part: Part<'e>,
    salt: Salt<'e>,
    n_variations: usize,
    ids: RuleIds,
    flag: FlagDraft,
}

impl<'e> Reader<'e> {
    pub(super) fn flag(&mut self, key: &'e str, part: &Part<'e>) -> Result<FlagDraft, ImportError> {
        part.object()?;
        let own = part.member("key").text()?;
        let variations = part.member("variations").items()?;
        let mut writing = Writing {
            part: part.clone(),
            salt: Salt {
                key: if own.is_empty() { key } else { own },
                salt: part.member("salt").text()?,
            },
            n_variations: variations.len(),
            ids: RuleIds::default(),
            flag: FlagDraft {
                kind: flag_type(&variations),
                variants: variants(&variations),
                ..FlagDraft::default()
            },
        };
        if part.member("on").truth()? {
            self.prerequisites(&mut writing)?;
            self.targets(&mut writing)?;
            self.rules(&mut writing)?;
            self.fallthrough(&mut writing)?;
        } else {
            self.off(&mut writing)?;
        }
        Ok(writing.flag)
    }

    fn off(&mut self, writing: &mut Writing<'e>) -> Result<(), ImportError> {
        let off = writing.part.member("offVariation");
        match off.whole()? {
            Some(index) if !writing.has(index) => {
                let serve = self.variation(writing, index, &off);
                writing.rule("off", None, &serve);
            }
            index => {
                writing.flag.is_disabled = true;
                writing.flag.off = index.map(|index| index.to_string());
            }
        }
        Ok(())
    }

    /// Whoever does not meet a prerequisite gets the off variation.
    fn prerequisites(&mut self, writing: &mut Writing<'e>) -> Result<(), ImportError> {
        let mut unmet = Vec::new();
        for part in writing.part.member("prerequisites").items()? {
            part.object()?;
            let key = part.member("key").text()?;
            let index = part.member("variation").whole()?.unwrap_or(0);
            if !self.flags.contains_key(key) {
                let message = format!("there is no flag \"{key}\": it is never met");
                self.draft.mapped(part.pointer, message);
                unmet.push(all(Vec::new()));
                break;
            }
            unmet.push(not(json!({
                "flag": key, "on": true, "variants": [index.to_string()], "onFailure": "fails",
            })));
        }
        if unmet.is_empty() {
            return Ok(());
        }
        let off = writing.part.member("offVariation");
        let serve = match off.whole()? {
            Some(index) => self.variation(writing, index, &off),
            None => json!({ "default": true }),
        };
        writing.rule("prerequisites", Some(any(unmet)), &serve);
        Ok(())
    }

    fn targets(&mut self, writing: &mut Writing<'e>) -> Result<(), ImportError> {
        let targets = writing.part.member("targets").items()?;
        let of_kinds = writing.part.member("contextTargets").items()?;
        if of_kinds.is_empty() {
            for target in &targets {
                self.target(writing, target, target)?;
            }
        }
        for target in &of_kinds {
            target.object()?;
            let values = target.member("values").items()?;
            let (kind, _) = kind(target, "contextKind")?;
            if kind != DEFAULT_KIND || !values.is_empty() {
                self.target(writing, target, target)?;
                continue;
            }
            // It only says when it is the turn of the target of the same variation.
            let index = target.member("variation").whole()?.unwrap_or(0);
            for other in &targets {
                if other.member("variation").whole()?.unwrap_or(0) == index {
                    self.target(writing, target, other)?;
                    break;
                }
            }
        }
        Ok(())
    }

    fn target(
        &mut self,
        writing: &mut Writing<'e>,
        target: &Part<'e>,
        keys: &Part<'e>,
    ) -> Result<(), ImportError> {
        keys.object()?;
        let (kind, _) = kind(keys, "contextKind")?;
        let list = keys.member("values").texts()?;
        if list.is_empty() {
            return Ok(());
        }
        let part = target.member("variation");
        let index = part.whole()?.unwrap_or(0);
        let serve = self.variation(writing, index, &part);
        let id = format!("targets of {kind} for {index}");
        writing.rule(&id, Some(listed(kind, &list)), &serve);
        Ok(())
    }

    fn rules(&mut self, writing: &mut Writing<'e>) -> Result<(), ImportError> {
        for (position, rule) in writing.part.member("rules").items()?.iter().enumerate() {
            rule.object()?;
            let id = match rule.member("id").text()? {
                "" => format!("rule {position}"),
                id => id.to_owned(),
            };
            let when = all(self.clauses(&rule.member("clauses"), &mut Vec::new())?);
            self.serve(writing, &id, Some(when), rule)?;
        }
        Ok(())
    }

    fn fallthrough(&mut self, writing: &mut Writing<'e>) -> Result<(), ImportError> {
        let part = writing.part.member("fallthrough");
        if !part.is_null() {
            part.object()?;
        }
        match part.member("variation").whole()? {
            Some(index) if writing.has(index) => writing.flag.default = Some(index.to_string()),
            _ => self.serve(writing, "fallthrough", None, &part)?,
        }
        Ok(())
    }

    /// Rules for a variation or a rollout.
    fn serve(
        &mut self,
        writing: &mut Writing<'e>,
        id: &str,
        when: Option<Json>,
        part: &Part<'e>,
    ) -> Result<(), ImportError> {
        let variation = part.member("variation");
        if let Some(index) = variation.whole()? {
            let serve = self.variation(writing, index, &variation);
            writing.rule(id, when, &serve);
            return Ok(());
        }
        match rollout(&part.member("rollout"), writing.salt)? {
            Rollout::Shares(shares) => self.shares(writing, id, when, (&shares, part)),
            Rollout::Malformed(why) => {
                let message = format!("{why}; getting there is an error, here as there");
                self.draft.mapped(part.pointer.clone(), message);
                writing.rule(id, when, &error("PARSE_ERROR", &why));
            }
        }
        Ok(())
    }

    fn shares(
        &mut self,
        writing: &mut Writing<'e>,
        id: &str,
        when: Option<Json>,
        (shares, part): (&Shares, &Part<'e>),
    ) {
        let bucketing = &shares.bucketing;
        let (owned, astray): (Vec<_>, Vec<_>) = shares
            .owners
            .iter()
            .copied()
            .partition(|(index, _)| writing.has(*index));
        if let Some((index, _)) = astray.first() {
            let ranges: Vec<_> = astray.iter().map(|(_, range)| range).collect();
            let serve = self.variation(writing, *index, part);
            let mut rule = Map::new();
            rule.insert(
                "gates".to_owned(),
                json!([{ "ranges": ranges, "bucketing": bucketing }]),
            );
            let id = format!("{id}: no such variation");
            writing.push(&id, when.clone(), &serve, rule);
        }
        if let [(index, everybody)] = &*owned
            && *everybody == (0, SHA1_60_SCALE)
        {
            let serve = json!({ "variant": index.to_string() });
            return writing.rule(id, when, &serve);
        }
        let owner = |(index, (from, to)): &(i64, (u64, u64))| {
            let index = index.to_string();
            json!({ "variant": index, "from": from, "to": to })
        };
        let ranges: Vec<Json> = owned.iter().map(owner).collect();
        if !ranges.is_empty() {
            let serve = json!({ "split": { "ranges": ranges, "bucketing": bucketing } });
            let mut rule = Map::new();
            rule.insert("onMiss".to_owned(), "end".into());
            writing.push(id, when, &serve, rule);
        }
    }

    /// What serves a variation; an error where there is none of that index.
    fn variation(&mut self, writing: &Writing<'e>, index: i64, part: &Part<'_>) -> Json {
        if writing.has(index) {
            return json!({ "variant": index.to_string() });
        }
        let why = format!("there is no variation {index}");
        let message = format!("{why}; getting there is an error, here as there");
        self.draft.mapped(part.pointer.clone(), message);
        error("PARSE_ERROR", &why)
    }
}

impl Writing<'_> {
    fn has(&self, index: i64) -> bool {
        usize::try_from(index).is_ok_and(|index| index < self.n_variations)
    }

    fn rule(&mut self, id: &str, when: Option<Json>, serve: &Json) {
        self.push(id, when, serve, Map::new());
    }

    fn push(&mut self, id: &str, when: Option<Json>, serve: &Json, mut rule: Map<String, Json>) {
        rule.insert("id".to_owned(), self.ids.name(id).into());
        if let Some(when) = when {
            rule.insert("when".to_owned(), when);
        }
        rule.insert("serve".to_owned(), serve.clone());
        self.flag.rules.push(rule.into());
    }
}

/// A flag of which a file says no more than its value.
pub(super) fn constant(value: Part<'_>) -> FlagDraft {
    let variations = [value];
    FlagDraft {
        kind: flag_type(&variations),
        variants: variants(&variations),
        default: Some("0".to_owned()),
        ..FlagDraft::default()
    }
}

fn variants(variations: &[Part<'_>]) -> Map<String, Json> {
    let variant =
        |(index, part): (usize, &Part<'_>)| (index.to_string(), json!({ "value": part.json }));
    variations.iter().enumerate().map(variant).collect()
}

/// The type of all values, where they have one in common.
fn flag_type(variations: &[Part<'_>]) -> &'static str {
    let are_all = |is: fn(&Json) -> bool| variations.iter().all(|part| is(part.json));
    if variations.is_empty() {
        "json"
    } else if are_all(Json::is_boolean) {
        "boolean"
    } else if are_all(Json::is_string) {
        "string"
    } else if are_all(Json::is_number) {
        "number"
    } else {
        "json"
    }
}
