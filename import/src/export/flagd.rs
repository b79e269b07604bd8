//! Flags as flagd's file has them: variants, a default, and one expression that names a variant.

use super::Exported;
use super::condition::{Speaker, Unsaid, named, variable};
use crate::draft::below;
use crate::report::{Fidelity, Note, Report};
use bandera_shared::UnixMillis;
use serde_json::{Map, Value as Json, json};

/// What differs wherever chance decides.
const SPREAD_ANEW: &str = "flagd's hash spreads subjects anew, in the same shares";
/// Shares of a whole are written as parts of this.
const PARTS: f64 = 1_000_000.0;

/// Writes every flag of a ruleset that compiles without errors.
pub(super) fn write(ruleset: &Json) -> Exported {
    let mut report = Report::default();
    let mut flags = Map::new();
    let written = ruleset.get("flags").and_then(Json::as_object);
    for (key, flag) in written.into_iter().flatten() {
        let mut writer = Writer {
            speaker: Speaker::new(ruleset),
            key,
            flag,
            place: below("/flags", key),
            notes: Vec::new(),
        };
        let made = writer.flag();
        let near = std::mem::take(&mut writer.speaker.near);
        report.notes.append(&mut writer.notes);
        report.notes.extend(
            near.into_iter()
                .map(|near| note(Fidelity::Approximated, near)),
        );
        report.n_flags += 1;
        flags.insert(key.clone(), made);
    }
    for part in ["layers", "holdouts", "bandits"] {
        let members = ruleset.get(part).and_then(Json::as_object);
        let keys = members.into_iter().flatten().map(|(key, _)| key);
        report.notes.extend(keys.map(|key| Note {
            fidelity: Fidelity::Dropped,
            pointer: below(&format!("/{part}"), key),
            message: "flagd has nothing of the kind".to_owned(),
        }));
    }
    let file = json!({"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": flags});
    Exported { file, report }
}

fn note(fidelity: Fidelity, what: Unsaid) -> Note {
    Note {
        fidelity,
        pointer: what.pointer,
        message: what.message,
    }
}

struct Writer<'r> {
    speaker: Speaker<'r>,
    key: &'r str,
    flag: &'r Json,
    place: String,
    notes: Vec<Note>,
}

/// A condition and the expression that names a variant where it holds.
type Step = (Json, Json);

impl Writer<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.flag.get(name).and_then(Json::as_str)
    }

    fn drop(&mut self, member: &str, message: &str) {
        self.notes.push(Note {
            fidelity: Fidelity::Dropped,
            pointer: below(&self.place, member),
            message: message.to_owned(),
        });
    }

    fn near(&mut self, pointer: String, message: &str) {
        self.notes.push(Note {
            fidelity: Fidelity::Approximated,
            pointer,
            message: message.to_owned(),
        });
    }

    fn flag(&mut self) -> Json {
        let status = self.text("status").unwrap_or_default().to_owned();
        let off = self.text("offVariant").map(str::to_owned);
        let mut made = Map::new();
        // A flag of flagd that is off leaves the value to the caller, ours serves its off variant.
        let is_disabled = status == "disabled" && off.is_none();
        let state = if is_disabled { "DISABLED" } else { "ENABLED" };
        made.insert("state".to_owned(), json!(state));
        made.insert("variants".to_owned(), self.variants());
        let default = match status.as_str() {
            "disabled" => off
                .clone()
                .or_else(|| self.text("defaultVariant").map(str::to_owned)),
            "gradual_rollout" | "canary" => off.clone(),
            "ab_test" => {
                let control = self
                    .flag
                    .pointer("/experiment/control")
                    .and_then(Json::as_str);
                control
                    .or_else(|| self.text("defaultVariant"))
                    .map(str::to_owned)
            }
            _ => self.text("defaultVariant").map(str::to_owned),
        };
        made.insert("defaultVariant".to_owned(), json!(default));
        if status != "disabled" {
            let targeting = self.targeting(&status, off.as_deref());
            if let Some(targeting) = targeting {
                made.insert("targeting".to_owned(), targeting);
            }
        }
        if let Some(metadata) = self.metadata() {
            made.insert("metadata".to_owned(), metadata);
        }
        Json::Object(made)
    }

    fn variants(&mut self) -> Json {
        let variants = self.flag.get("variants").and_then(Json::as_object).cloned();
        let mut values = Map::new();
        for (name, variant) in variants.unwrap_or_default() {
            let place = below(&below(&self.place, "variants"), &name);
            for part in ["config", "page", "views", "policy"] {
                if variant.get(part).is_some() {
                    self.notes.push(Note {
                        fidelity: Fidelity::Dropped,
                        pointer: below(&place, part),
                        message: "a variant of flagd has a value alone".to_owned(),
                    });
                }
            }
            values.insert(name, variant.get("value").cloned().unwrap_or_default());
        }
        Json::Object(values)
    }

    /// What all variants tell the caller; flagd has one place for it, the flag.
    fn metadata(&mut self) -> Option<Json> {
        let variants = self.flag.get("variants").and_then(Json::as_object)?;
        let mut each = variants.values().map(|variant| variant.get("metadata"));
        let first = each.next()?;
        if each.all(|other| other == first) {
            return first.cloned();
        }
        self.drop(
            "variants",
            "metadata that differs by variant has no place in flagd",
        );
        None
    }

    /// The expression of the whole flag; `None` where its default is all there is.
    fn targeting(&mut self, status: &str, off: Option<&str>) -> Option<Json> {
        for part in ["requires", "layer", "holdouts", "expiry"] {
            if self.flag.get(part).is_some_and(|part| part != &json!([])) {
                self.drop(
                    part,
                    "flagd has nothing of the kind: the flag is served without it",
                );
            }
        }
        if let Some(expression) = self.as_it_was() {
            return Some(expression);
        }
        let mut steps = Vec::new();
        if let Some(window) = self.flag.get("schedule").cloned() {
            let inside = self::window(&window);
            steps.push((json!({"!": [inside]}), json!(off)));
        }
        steps.extend(self.overrides());
        let rules = self.flag.get("rules").and_then(Json::as_array).cloned();
        for (at, rule) in rules.unwrap_or_default().iter().enumerate() {
            let place = below(&below(&self.place, "rules"), &at.to_string());
            match self.rule(rule, &place) {
                Ok(step) => steps.push(step),
                Err(unsaid) => self.notes.push(note(Fidelity::Dropped, unsaid)),
            }
        }
        match self.status(status) {
            Ok(more) => steps.extend(more),
            Err(unsaid) => self.notes.push(note(Fidelity::Dropped, unsaid)),
        }
        if steps.is_empty() {
            return None;
        }
        let mut parts: Vec<Json> = steps
            .into_iter()
            .flat_map(|(when, then)| [when, then])
            .collect();
        parts.push(Json::Null);
        Some(json!({"if": parts}))
    }

    /// The expression of a flag that came from flagd and nothing was put before.
    fn as_it_was(&mut self) -> Option<Json> {
        let rules = self.flag.get("rules").and_then(Json::as_array)?;
        let [rule] = rules.as_slice() else {
            return None;
        };
        let alone = ["when", "gates", "schedule"]
            .iter()
            .all(|part| rule.get(part).is_none());
        let bare = ["overrides", "schedule"]
            .iter()
            .all(|part| self.flag.get(part).is_none());
        let expression = rule
            .pointer("/serve/expression")
            .filter(|_| alone && bare)?;
        let dialect = expression.get("dialect").and_then(Json::as_str)?;
        let key = expression.get("op").and_then(Json::as_str);
        let value = expression
            .get("value")
            .filter(|_| dialect.starts_with("flagd/"))?
            .clone();
        let place = below(&below(&self.place, "rules"), "0");
        if key != Some(self.key) {
            self.near(place, "the flag had another key, and its hash with it");
        }
        Some(value)
    }

    fn overrides(&self) -> Vec<Step> {
        let overrides = self.flag.get("overrides").and_then(Json::as_object);
        let mut by_variant: Map<String, Json> = Map::new();
        for (subject, variant) in overrides.into_iter().flatten() {
            let subjects = by_variant.entry(variant.as_str().unwrap_or_default());
            if let Json::Array(subjects) = subjects.or_insert_with(|| json!([])) {
                subjects.push(json!(subject));
            }
        }
        let steps = by_variant.into_iter();
        steps
            .map(|(variant, subjects)| (named(Some(&subjects)), json!(variant)))
            .collect()
    }

    fn rule(&mut self, rule: &Json, place: &str) -> Result<Step, Unsaid> {
        let mut conditions = Vec::new();
        if let Some(window) = rule.get("schedule") {
            conditions.push(self::window(window));
        }
        if let Some(when) = rule.get("when") {
            conditions.push(self.speaker.say(when, &below(place, "when"))?);
        }
        let gates = rule.get("gates").and_then(Json::as_array);
        for (at, gate) in gates.into_iter().flatten().enumerate() {
            let place = below(&below(place, "gates"), &at.to_string());
            conditions.push(self.gate(gate, &place)?);
        }
        if rule.get("onMiss").and_then(Json::as_str) == Some("end") {
            self.near(
                below(place, "onMiss"),
                "a miss of chance goes on with the next rule in flagd",
            );
        }
        let serve = rule.get("serve").unwrap_or(&Json::Null);
        let place = below(place, "serve");
        let outcome = if let Some(variant) = serve.get("variant") {
            variant.clone()
        } else if let Some(split) = serve.get("split") {
            self.split(split, &below(&place, "split"))?
        } else {
            return Err(unsaid(
                &place,
                "flagd can serve a variant or a split: the rule is left out",
            ));
        };
        Ok((all(conditions), outcome))
    }

    /// What the status adds after the rules.
    fn status(&mut self, status: &str) -> Result<Vec<Step>, Unsaid> {
        match status {
            "gradual_rollout" => {
                let place = below(&self.place, "rollout");
                let rollout = self.flag.get("rollout").cloned().unwrap_or_default();
                if rollout.get("ramp").is_some() {
                    return Err(unsaid(
                        &place,
                        "a ramp has no counterpart: nobody is let in",
                    ));
                }
                let open = self.gate(&rollout, &place)?;
                Ok(vec![(
                    open,
                    rollout.get("variant").cloned().unwrap_or_default(),
                )])
            }
            "ab_test" => {
                let place = below(&self.place, "experiment");
                let experiment = self.flag.get("experiment").cloned().unwrap_or_default();
                if experiment.get("bandit").is_some() {
                    return Err(unsaid(
                        &place,
                        "a bandit has no counterpart: control is served",
                    ));
                }
                let traffic = experiment
                    .get("traffic")
                    .and_then(Json::as_f64)
                    .unwrap_or(100.0);
                let takes_part = self.share(&experiment, traffic, "traffic", &place)?;
                Ok(vec![(takes_part, self.split(&experiment, &place)?)])
            }
            "canary" => {
                let place = below(&self.place, "canary");
                let canary = self.flag.get("canary").cloned().unwrap_or_default();
                let mut any = vec![named(canary.get("subjects"))];
                let segments = canary.get("segments").and_then(Json::as_array);
                for key in segments.into_iter().flatten().filter_map(Json::as_str) {
                    any.push(self.speaker.segment(key, &below(&place, "segments"))?);
                }
                if canary
                    .get("percentage")
                    .and_then(Json::as_f64)
                    .unwrap_or(0.0)
                    > 0.0
                {
                    any.push(self.gate(&canary, &place)?);
                }
                Ok(vec![(
                    json!({"or": any}),
                    canary.get("variant").cloned().unwrap_or_default(),
                )])
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether a gate is open.
    fn gate(&mut self, gate: &Json, place: &str) -> Result<Json, Unsaid> {
        let ranges = gate.get("ranges").and_then(Json::as_array);
        let percentage = match ranges {
            Some(ranges) => {
                let scale = gate
                    .pointer("/bucketing/scale")
                    .and_then(Json::as_f64)
                    .unwrap_or(PARTS);
                let width = |range: &Json| {
                    let end = |at: usize| range.get(at).and_then(Json::as_f64).unwrap_or(0.0);
                    end(1) - end(0)
                };
                100.0 * ranges.iter().map(width).sum::<f64>() / scale
            }
            None => gate
                .get("percentage")
                .and_then(Json::as_f64)
                .unwrap_or(100.0),
        };
        self.share(gate, percentage, "in", place)
    }

    /// Whether the subject is among so many percent.
    fn share(
        &mut self,
        of: &Json,
        percentage: f64,
        salt: &str,
        place: &str,
    ) -> Result<Json, Unsaid> {
        if percentage >= 100.0 {
            return Ok(json!(true));
        }
        if percentage <= 0.0 {
            return Ok(json!(false));
        }
        let unit = self.unit(of, salt, place)?;
        let inside = (percentage / 100.0 * PARTS).round();
        let shares = json!([
            unit,
            ["in", inside as u64],
            ["out", (PARTS - inside) as u64]
        ]);
        Ok(json!({"===": [{"fractional": shares}, "in"]}))
    }

    /// The expression that names the variant of a split.
    fn split(&mut self, split: &Json, place: &str) -> Result<Json, Unsaid> {
        let mut shares: Map<String, Json> = Map::new();
        let mut add = |variant: &str, share: f64| {
            let old = shares.get(variant).and_then(Json::as_f64).unwrap_or(0.0);
            shares.insert(variant.to_owned(), json!(old + share));
        };
        if let Some(ranges) = split.get("ranges").and_then(Json::as_array) {
            for range in ranges {
                let end = |name: &str| range.get(name).and_then(Json::as_f64).unwrap_or(0.0);
                let variant = range.get("variant").and_then(Json::as_str);
                add(variant.unwrap_or_default(), end("to") - end("from"));
            }
        } else if let Some(weights) = split.get("weights").and_then(Json::as_object) {
            weights
                .iter()
                .for_each(|(variant, w)| add(variant, w.as_f64().unwrap_or(0.0)));
        }
        let unit = self.unit(split, "split", place)?;
        let total: f64 = shares.values().filter_map(Json::as_f64).sum();
        let part = |share: &Json| {
            let share = share.as_f64().unwrap_or(0.0) / total.max(f64::MIN_POSITIVE);
            (share * PARTS).round() as u64
        };
        let parts = shares
            .iter()
            .map(|(variant, share)| json!([variant, part(share)]));
        let operands: Vec<Json> = std::iter::once(unit).chain(parts).collect();
        Ok(json!({"fractional": operands}))
    }

    /// What is hashed: the flag's key, the salt that keeps draws of one flag apart, and the unit.
    fn unit(&mut self, of: &Json, salt: &str, place: &str) -> Result<Json, Unsaid> {
        self.near(place.to_owned(), SPREAD_ANEW);
        let bucketing = of.get("bucketing").unwrap_or(&Json::Null);
        let salt = bucketing.get("salt").and_then(Json::as_str).unwrap_or(salt);
        if bucketing.get("draw").and_then(Json::as_str) == Some("request") {
            return Err(unsaid(place, "flagd cannot draw for each request"));
        }
        let by = match bucketing.get("by") {
            None => vec![json!({"var": "targetingKey"})],
            Some(Json::Array(units)) => {
                let each = units.iter().map(variable);
                each.collect::<Result<_, _>>()
                    .map_err(|message| unsaid(place, message))?
            }
            Some(one) => vec![variable(one).map_err(|message| unsaid(place, message))?],
        };
        let mut parts = vec![json!({"var": "$flagd.flagKey"}), json!(salt)];
        parts.extend(by);
        Ok(json!({"cat": parts}))
    }
}

/// Whether the moment lies in a window.
fn window(window: &Json) -> Json {
    let moment = |name: &str| {
        let written = window.get(name).and_then(Json::as_str)?;
        UnixMillis::parse(written).ok()
    };
    let now = json!({"var": "$flagd.timestamp"});
    let mut parts = Vec::new();
    // flagd's clock has whole seconds: a moment within one counts from the next.
    if let Some(UnixMillis(start)) = moment("startAt") {
        parts.push(json!({">=": [now, start.div_euclid(1000) + i64::from(start % 1000 != 0)]}));
    }
    if let Some(UnixMillis(end)) = moment("endAt") {
        parts.push(json!({"<": [now, end.div_euclid(1000) + i64::from(end % 1000 != 0)]}));
    }
    all(parts)
}

/// Each of these; true where there are none.
fn all(mut conditions: Vec<Json>) -> Json {
    match conditions.len() {
        0 => json!(true),
        1 => conditions.remove(0),
        _ => json!({"and": conditions}),
    }
}

fn unsaid(pointer: &str, message: &str) -> Unsaid {
    Unsaid {
        pointer: pointer.to_owned(),
        message: message.to_owned(),
    }
}
