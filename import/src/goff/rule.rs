//! A rule of a flag: a query, and what it serves.

use super::stages::{Stage, has_rollout, moment};
use super::{BROKEN, Variants};
use crate::draft::{Draft, RuleIds, all, any, error};
use bandera_shared::Value;
use bandera_shared::dialect::{Source, test};
use serde_json::{Map, Value as Json, json};

/// Numbers in one percent.
const PER_PERCENT: f64 = 1_000.0;

/// The rules of a flag being written.
pub(super) struct Rules<'e> {
    pub(super) flag: &'e str,
    /// What subjects are told apart by.
    pub(super) by: Json,
    pub(super) ids: RuleIds,
    pub(super) list: Vec<Json>,
}

impl Rules<'_> {
    pub(super) fn push(
        &mut self,
        name: &str,
        when: Option<Json>,
        serve: Json,
        window: Option<&Json>,
    ) {
        let mut rule = Map::new();
        rule.insert("id".to_owned(), self.ids.name(name).into());
        rule.insert("serve".to_owned(), serve);
        rule.extend(when.map(|when| ("when".to_owned(), when)));
        rule.extend(window.map(|window| ("schedule".to_owned(), window.clone())));
        self.list.push(Json::Object(rule));
    }

    /// The rules of one stage; a disabled one has none, so that the caller's default is left.
    pub(super) fn stage(
        &mut self,
        stage: &Stage,
        variants: &Variants<'_>,
        (pointer, draft): (&str, &mut Draft),
    ) {
        if stage.is_disabled() {
            return;
        }
        for (place, written) in stage.rules() {
            let is_default = place == "/defaultRule";
            let is_disabled = written.get("disable").and_then(Json::as_bool) == Some(true);
            if is_disabled && !is_default {
                continue;
            }
            let when = if is_default {
                None
            } else {
                let pointer = format!("{pointer}{place}/query");
                query(written.get("query"), (&pointer, draft))
            };
            let name = match written.get("name").and_then(Json::as_str) {
                Some(name) if !name.is_empty() => name.to_owned(),
                _ if is_default => "default rule".to_owned(),
                _ => format!("rule {}", self.list.len() + 1),
            };
            let rule = Rule {
                name: &name,
                when,
                window: stage.window.as_ref(),
                written,
            };
            self.rule(&rule, variants);
        }
    }

    /// A progressive rollout comes before percentages, and these before a single variation.
    fn rule(&mut self, rule: &Rule<'_>, variants: &Variants<'_>) {
        let shares = rule.written.get("percentage").and_then(Json::as_object);
        if has_rollout(rule.written) {
            return self.rollout(rule, variants);
        }
        if let Some(shares) = shares.filter(|shares| !shares.is_empty()) {
            return self.split(rule, shares, variants);
        }
        let single = rule.written.get("variation").and_then(Json::as_str);
        let serve = match single.and_then(|name| variants.key(name)) {
            Some(key) => json!({"variant": key}),
            None => error(BROKEN, "the rule names no variation"),
        };
        self.push(rule.name, rule.when.clone(), serve, rule.window);
    }

    /// Shares in falling order of their names, a thousand numbers for each percent.
    ///
    /// Both the sum and the bounds are cut to whole numbers there; a number that no share covers
    /// is an error.
    fn split(&mut self, rule: &Rule<'_>, shares: &Map<String, Json>, variants: &Variants<'_>) {
        let mut shares: Vec<(&str, f64)> = shares
            .iter()
            .map(|(name, share)| (name.as_str(), share.as_f64().unwrap_or(0.0)))
            .collect();
        shares.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        let scale = (sum * PER_PERCENT) as u32;
        let uncovered = || error(BROKEN, "no percentage covers the subject");
        if scale == 0 {
            return self.push(rule.name, rule.when.clone(), uncovered(), rule.window);
        }
        let mut ranges = Vec::new();
        let mut reached = 0.0;
        let mut covered = 0;
        for (name, share) in shares {
            let from = (reached as u32).min(scale);
            reached += share * PER_PERCENT;
            let to = (reached as u32).min(scale);
            if from < to {
                let key = variants.key(name).unwrap_or(name);
                ranges.push(json!({"variant": key, "from": from, "to": to}));
                covered += to - from;
            }
        }
        let bucketing = json!({"kind": "goff", "salt": self.flag, "by": [self.by], "scale": scale});
        let split = json!({"split": {"ranges": ranges, "bucketing": bucketing}});
        self.push(rule.name, rule.when.clone(), split, rule.window);
        if covered < scale {
            let name = format!("{} (uncovered)", rule.name);
            self.push(&name, rule.when.clone(), uncovered(), rule.window);
        }
    }

    /// Two rules: those whom the rollout has reached, and the others.
    fn rollout(&mut self, rule: &Rule<'_>, variants: &Variants<'_>) {
        let member = |end: &str, name: &str| {
            let rollout = rule.written.get("progressiveRollout");
            rollout.and_then(|rollout| rollout.get(end)?.get(name))
        };
        let date = |end| moment(member(end, "date"));
        let variant = |end| {
            let name = member(end, "variation").and_then(Json::as_str)?;
            variants.key(name)
        };
        let share = |end| {
            member(end, "percentage")
                .and_then(Json::as_f64)
                .unwrap_or(0.0)
        };
        let ends = (
            date("initial"),
            date("end"),
            variant("initial"),
            variant("end"),
        );
        let (Some(start), Some(end), Some(first), Some(last)) = ends else {
            let serve = error(
                BROKEN,
                "the progressive rollout lacks a date or a variation",
            );
            return self.push(rule.name, rule.when.clone(), serve, rule.window);
        };
        let seconds = |at: bandera_shared::UnixMillis| at.0.div_euclid(1_000);
        if end <= start || seconds(end) <= seconds(start) {
            let serve = error(BROKEN, "the progressive rollout ends before it starts");
            return self.push(rule.name, rule.when.clone(), serve, rule.window);
        }
        // No percentage at the end means all.
        let target = Some(share("end")).filter(|share| *share > 0.0 && *share <= 100.0);
        let reached = json!({
            "dialect": "goff",
            "op": "progressive",
            "attribute": self.by,
            "value": {
                "flag": self.flag,
                "start": seconds(start),
                "end": seconds(end),
                "initial": share("initial"),
                "last": target.unwrap_or(100.0),
            },
        });
        let both = rule.when.iter().cloned().chain([reached]).collect();
        self.push(
            rule.name,
            Some(all(both)),
            json!({"variant": last}),
            rule.window,
        );
        let name = format!("{} (not yet)", rule.name);
        self.push(
            &name,
            rule.when.clone(),
            json!({"variant": first}),
            rule.window,
        );
    }
}

struct Rule<'e> {
    name: &'e str,
    when: Option<Json>,
    window: Option<&'e Json>,
    written: &'e Json,
}

/// The condition that a query is: everybody without one, nobody where it cannot be read.
fn query(written: Option<&Json>, (pointer, draft): (&str, &mut Draft)) -> Option<Json> {
    let text = written.and_then(Json::as_str).unwrap_or_default().trim();
    if text.is_empty() {
        return None;
    }
    let expression = serde_json::from_str::<Json>(text)
        .ok()
        .filter(Json::is_object);
    let (op, value) = match expression {
        Some(expression) => ("jsonlogic", expression),
        None => ("query", json!(text)),
    };
    let source = serde_json::from_value::<Value>(value.clone());
    let checked = source.map_err(|error| error.to_string()).and_then(|value| {
        test(&Source {
            dialect: "goff".into(),
            op: op.into(),
            attribute: None,
            value,
        })
        .map_err(String::from)
    });
    match checked {
        Ok(_) => Some(json!({"dialect": "goff", "op": op, "value": value})),
        Err(message) => {
            draft.mapped(
                pointer,
                format!("the query is never true, as there: {message}"),
            );
            Some(any(Vec::new()))
        }
    }
}
