//! A second evaluator, slow and plain: it reads the document itself and does what the
//! documentation says, line by line. It shares no code with the fast one but the hashes' crates.

use super::foreign;
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

const BUCKETS: u128 = 1_000_000;

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The evaluation context as it would be written.
    pub(crate) context: &'a Map<String, Json>,
    /// Epoch milliseconds.
    pub(crate) at: i64,
    /// Whether the subject takes part in experiments.
    pub(crate) takes_part: bool,
    /// The request's random number.
    pub(crate) draw: u64,
}

/// `variant REASON`, `- REASON` for the caller's default, or an error code.
pub(crate) type Answer = Result<(Option<String>, &'static str), &'static str>;

/// How often each operator, without its negation, did not pass, and how often it did.
pub(crate) type Seen = RefCell<BTreeMap<String, [u64; 2]>>;

/// A document and what is asked of it.
pub(crate) struct Naive<'a> {
    /// The ruleset.
    pub(crate) document: &'a Json,
    /// The question.
    pub(crate) asked: Asked<'a>,
    /// Where operators are counted.
    pub(crate) seen: &'a Seen,
}

/// What trying a rule came to.
enum Tried {
    Served(String, &'static str),
    Missed,
    Next,
    End,
}

impl Naive<'_> {
    /// The answer for a flag.
    pub(crate) fn evaluate(&self, key: &str) -> Answer {
        let flag = &self.document["flags"][key];
        let off = (text(&flag["offVariant"]), "DISABLED");
        if flag["status"] == "disabled" || !self.is_inside(&flag["schedule"]) {
            return Ok(off);
        }
        let expiry = &flag["expiry"];
        if time(&expiry["at"]).is_some_and(|at| at <= self.asked.at)
            && expiry["action"] != "keepServing"
        {
            return Ok(off);
        }
        for requirement in items(&flag["requires"]) {
            let other = requirement["flag"].as_str().unwrap();
            let Ok((Some(served), _)) = self.evaluate(other) else {
                return Ok(off);
            };
            if !items(&requirement["variants"]).any(|variant| *variant == served) {
                return Ok(off);
            }
        }
        if let Some(variant) = self.key().and_then(|key| text(&flag["overrides"][key])) {
            return Ok((Some(variant), "TARGETING_MATCH"));
        }
        let mut n_rules = 0;
        for rule in self.rules(key, flag) {
            n_rules += 1;
            match self.try_rule(key, flag, &rule)? {
                Tried::Served(variant, reason) => return Ok((Some(variant), reason)),
                Tried::Missed if rule["onMiss"] == "end" => break,
                Tried::End => break,
                Tried::Missed | Tried::Next => {}
            }
        }
        let reason = if n_rules == 0 { "STATIC" } else { "DEFAULT" };
        Ok((fallback(flag), reason))
    }

    /// The author's rules, then those that the status stands for.
    fn rules<'f>(&self, key: &str, flag: &'f Json) -> Vec<Cow<'f, Json>> {
        let mut rules: Vec<Cow<'f, Json>> = items(&flag["rules"]).map(Cow::Borrowed).collect();
        let mut add = |rule: Json| rules.push(Cow::Owned(rule));
        match flag["status"].as_str().unwrap() {
            "gradual_rollout" => {
                let rollout = &flag["rollout"];
                let percentage = self.ramped(rollout);
                add(json!({
                    "gates": [{ "buckets": percentage, "bucketing": rollout["bucketing"] }],
                    "serve": { "variant": rollout["variant"] },
                }));
            }
            "ab_test" => {
                let experiment = &flag["experiment"];
                let traffic = experiment["traffic"].as_f64().unwrap_or(100.0);
                let mut gates = Vec::new();
                if traffic < 100.0 {
                    let mut bucketing = experiment["bucketing"].clone();
                    let salt = self.salt(key, &bucketing);
                    if bucketing.is_null() {
                        bucketing = json!({});
                    }
                    bucketing["salt"] = format!("{salt}/traffic").into();
                    gates.push(json!({
                        "percentage": traffic, "bucketing": bucketing,
                    }));
                }
                add(json!({
                    "gates": gates, "serve": { "split": experiment },
                }));
            }
            "canary" => {
                let canary = &flag["canary"];
                let mut audience: Vec<Json> = items(&canary["segments"])
                    .map(|segment| json!({ "segment": segment }))
                    .collect();
                audience.extend(items(&canary["subjects"]).map(|subject| {
                    json!({
                        "attribute": "targetingKey", "op": "equals", "value": subject,
                    })
                }));
                let serve = json!({ "variant": canary["variant"] });
                let percentage = canary["percentage"].as_f64().unwrap_or(0.0);
                add(json!({ "when": { "any": audience }, "serve": serve }));
                add(json!({
                    "gates": [{ "percentage": percentage, "bucketing": canary["bucketing"] }],
                    "serve": serve,
                }));
            }
            _ => {}
        }
        rules
    }

    /// Buckets of a rollout at the time of the question.
    fn ramped(&self, rollout: &Json) -> i64 {
        let mut before = buckets(&rollout["percentage"]);
        let mut since = None;
        for step in items(&rollout["ramp"]["steps"]) {
            let (at, to) = (time(&step["at"]).unwrap(), buckets(&step["percentage"]));
            if self.asked.at >= at {
                (since, before) = (Some(at), to);
                continue;
            }
            let linear = rollout["ramp"]["interpolation"] == "linear";
            if let (true, Some(since)) = (linear, since) {
                let gained = i128::from(to - before) * i128::from(self.asked.at - since);
                return before + (gained / i128::from(at - since)) as i64;
            }
            break;
        }
        before
    }

    fn try_rule(&self, key: &str, flag: &Json, rule: &Json) -> Result<Tried, &'static str> {
        if !self.is_inside(&rule["schedule"]) || self.holds(&rule["when"])? != Some(true) {
            return Ok(Tried::Next);
        }
        let split = &rule["serve"]["split"];
        if !split.is_null() && self.is_kept_out(flag)? {
            return Ok(Tried::Missed);
        }
        for gate in items(&rule["gates"]) {
            if !self.passes(key, gate)? {
                return Ok(Tried::Missed);
            }
        }
        let by_chance = items(&rule["gates"]).next().is_some() || !split.is_null();
        let expression = &rule["serve"]["expression"];
        let for_everybody =
            (rule["when"].is_null() || rule["when"] == json!({"all": []})) && expression.is_null();
        let reason = match (by_chance, for_everybody) {
            (true, _) => "SPLIT",
            (false, true) => "STATIC",
            (false, false) => "TARGETING_MATCH",
        };
        if !expression.is_null() {
            return match foreign::named(self, expression) {
                None => Ok(Tried::End),
                Some(name) if flag["variants"][&name].is_object() => {
                    Ok(Tried::Served(name, reason))
                }
                Some(_) => Err("PARSE_ERROR"),
            };
        }
        if split.is_null() {
            let variant = rule["serve"]["variant"].as_str().unwrap();
            return Ok(Tried::Served(variant.to_owned(), reason));
        }
        let bucketing = &split["bucketing"];
        let Some(bucket) = self.bucket(&self.salt(key, bucketing), bucketing)? else {
            return Ok(Tried::Missed);
        };
        let owner = if split["ranges"].is_null() {
            by_shares(split["weights"].as_object().unwrap(), bucket)
        } else {
            let mut ranges = items(&split["ranges"]);
            let found = ranges.find(|range| is_in(&range["from"], &range["to"], bucket));
            found.and_then(|range| text(&range["variant"]))
        };
        Ok(owner.map_or(Tried::Missed, |owner| Tried::Served(owner, reason)))
    }

    fn is_kept_out(&self, flag: &Json) -> Result<bool, &'static str> {
        if !self.asked.takes_part {
            return Ok(true);
        }
        for name in items(&flag["holdouts"]) {
            if self.is_held_out(name.as_str().unwrap())? {
                return Ok(true);
            }
        }
        let layer = &flag["layer"];
        if layer.is_null() {
            return Ok(false);
        }
        let salt = self.member_salt(layer["key"].as_str().unwrap());
        let bucket = self.bucket(&salt, &Json::Null)?.unwrap();
        Ok(!items(&layer["ranges"]).any(|range| is_in(&range[0], &range[1], bucket)))
    }

    fn is_held_out(&self, holdout: &str) -> Result<bool, &'static str> {
        let held = buckets(&self.document["holdouts"][holdout]["percentage"]);
        let bucket = || self.bucket(&self.member_salt(holdout), &Json::Null);
        Ok(held > 0 && bucket()?.unwrap() < held)
    }

    fn passes(&self, key: &str, gate: &Json) -> Result<bool, &'static str> {
        let mut ranges: Vec<(i64, i64)> = items(&gate["ranges"])
            .map(|range| (range[0].as_i64().unwrap(), range[1].as_i64().unwrap()))
            .collect();
        if let Some(count) = gate["buckets"].as_i64() {
            ranges.push((0, count));
        }
        if !gate["percentage"].is_null() {
            ranges.push((0, buckets(&gate["percentage"])));
        }
        ranges.retain(|(from, to)| from < to);
        if ranges.is_empty() || ranges == [(0, BUCKETS as i64)] {
            return Ok(!ranges.is_empty());
        }
        let bucketing = &gate["bucketing"];
        match self.bucket(&self.salt(key, bucketing), bucketing) {
            Ok(None) => Ok(false),
            Ok(Some(bucket)) => Ok(ranges
                .iter()
                .any(|(from, to)| *from <= bucket && bucket < *to)),
            Err(_) if !self.asked.takes_part => Ok(false),
            Err(code) => Err(code),
        }
    }

    fn salt(&self, key: &str, bucketing: &Json) -> String {
        text(&bucketing["salt"]).unwrap_or_else(|| self.member_salt(key))
    }

    fn member_salt(&self, key: &str) -> String {
        match self.document["salt"].as_str() {
            Some(salt) if !salt.is_empty() => format!("{salt}/{key}"),
            _ => key.to_owned(),
        }
    }

    /// The subject's bucket; none where the subject is passed over.
    fn bucket(&self, salt: &str, bucketing: &Json) -> Result<Option<i64>, &'static str> {
        let kind = bucketing["kind"].as_str();
        let buckets = kind.map_or(BUCKETS, |kind| foreign::scale_of(kind).into());
        let ours = |unit: &str| {
            let bytes = [salt.as_bytes(), &[0x1F], unit.as_bytes()].concat();
            Ok(Some(((u128::from(xxh3_64(&bytes)) * buckets) >> 64) as i64))
        };
        let drawn = |unit: &str| match kind {
            Some(kind) => {
                let number = foreign::draw(kind, salt, unit, foreign::scale_of(kind));
                self.count(&["kind ", kind].concat(), u128::from(number) < buckets / 2);
                Ok(Some(number as i64))
            }
            None => ours(unit),
        };
        let anew = [kind.unwrap_or_default(), &self.asked.draw.to_string()].concat();
        if bucketing["draw"] == "request" {
            return ours(&anew);
        }
        let by = match &bucketing["by"] {
            Json::Null => vec![json!("targetingKey")],
            Json::Array(several) => several.clone(),
            one => vec![one.clone()],
        };
        let units = by
            .iter()
            .map(|attribute| self.unit(kind, attribute).ok_or(attribute));
        let missing = match units.collect::<Result<Vec<String>, _>>() {
            Ok(units) => return drawn(&units.join("\u{1f}")),
            Err(missing) => missing,
        };
        if let Some(unit) = items(&bucketing["orBy"]).find_map(|other| self.unit(kind, other)) {
            let prefix = bucketing["orPrefix"].as_str().unwrap_or_default();
            return drawn(&format!("{prefix}{unit}"));
        }
        match bucketing["onMissing"].as_str() {
            Some("misses") => Ok(None),
            Some("first") => Ok(Some(0)),
            Some("random") => ours(&anew),
            _ if missing == "targetingKey" => Err("TARGETING_KEY_MISSING"),
            _ => Err("INVALID_CONTEXT"),
        }
    }

    fn unit(&self, kind: Option<&str>, attribute: &Json) -> Option<String> {
        let value = self.find(attribute)?;
        if let Some(kind) = kind {
            return foreign::unit(kind, value);
        }
        match value {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    fn key(&self) -> Option<&str> {
        self.asked.context.get("targetingKey")?.as_str()
    }

    fn is_inside(&self, window: &Json) -> bool {
        let at = self.asked.at;
        time(&window["startAt"]).is_none_or(|start| start <= at)
            && time(&window["endAt"]).is_none_or(|end| at < end)
    }

    /// Whether a condition holds, if that can be told; what is not written holds.
    fn holds(&self, condition: &Json) -> Result<Option<bool>, &'static str> {
        if condition.is_null() {
            return Ok(Some(true));
        }
        if condition["all"].is_array() {
            for part in items(&condition["all"]) {
                let holds = self.holds(part)?;
                if holds != Some(true) {
                    return Ok(holds);
                }
            }
            return Ok(Some(true));
        }
        if condition["any"].is_array() {
            let mut can_tell = true;
            for part in items(&condition["any"]) {
                match self.holds(part)? {
                    Some(true) => return Ok(Some(true)),
                    Some(false) => {}
                    None => can_tell = false,
                }
            }
            return Ok(can_tell.then_some(false));
        }
        if condition["not"].is_object() {
            return Ok(self.holds(&condition["not"])?.map(|holds| !holds));
        }
        if let Some(segment) = condition["segment"].as_str() {
            return self.is_member(&self.document["segments"][segment]);
        }
        if let Some(holdout) = condition["holdout"].as_str() {
            // Who takes no part in experiments needs no key.
            return match self.is_held_out(holdout) {
                Err(_) if !self.asked.takes_part => Ok(Some(false)),
                held => held.map(Some),
            };
        }
        if let Some(flag) = condition["flag"].as_str() {
            return self.answers(flag, condition);
        }
        if condition["chance"].is_object() {
            return self.passes("", &condition["chance"]).map(Some);
        }
        if !condition["dialect"].is_null() {
            return self.judge(condition);
        }
        Ok(Some(self.passes_test(condition)))
    }

    /// Whether another flag answers as the condition asks.
    fn answers(&self, flag: &str, condition: &Json) -> Result<Option<bool>, &'static str> {
        let (served, reason) = match (self.evaluate(flag), condition["onFailure"].as_str()) {
            (Ok(answer), _) => answer,
            (Err(code), Some("fails")) => return Err(code),
            (Err(_), Some("unknown")) => return Ok(None),
            (Err(_), _) => return Ok(Some(false)),
        };
        // The value of a variant is its name here.
        let is_wanted = |wanted: &Json| served.as_ref().is_some_and(|served| wanted == served);
        let variants = &condition["variants"];
        let is_on = condition["on"] != true || reason != "DISABLED";
        let is_among = variants.is_null() || items(variants).any(is_wanted);
        let is_equal = condition["equals"].is_null() || is_wanted(&condition["equals"]);
        Ok(Some(is_on && is_among && is_equal))
    }

    fn is_member(&self, segment: &Json) -> Result<Option<bool>, &'static str> {
        if let Some(key) = self.key() {
            if items(&segment["excluded"]).any(|other| other == key) {
                return Ok(Some(false));
            }
            if items(&segment["included"]).any(|other| other == key) {
                return Ok(Some(true));
            }
        }
        if segment["when"].is_null() {
            Ok(Some(false))
        } else {
            self.holds(&segment["when"])
        }
    }

    fn passes_test(&self, test: &Json) -> bool {
        let attribute = &test["attribute"];
        let now = json!(self.asked.at);
        let value = match self.find(attribute) {
            None if attribute == "$now" => Some(&now),
            found => found,
        };
        self.passes_operator(test, value)
    }

    /// The value under a name, or under names below each other, of this or that entity.
    pub(crate) fn find(&self, attribute: &Json) -> Option<&Json> {
        let context = self.asked.context;
        if let Some(name) = attribute.as_str() {
            return context.get(name);
        }
        if let Some(of) = attribute["of"].as_str() {
            let path = attribute["path"][0].as_str()?;
            return match context
                .get("kind")
                .map_or("user", |kind| kind.as_str().unwrap())
            {
                "multi" => context.get(of)?.get(path),
                kind if kind == of => context.get(path),
                _ => None,
            };
        }
        let mut names = items(attribute).map(|name| name.as_str().unwrap());
        let first = context.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// The list's values, and those of the lists in it.
    pub(crate) fn listed(&self, list: &str) -> Vec<Json> {
        let list = &self.document["lists"][list];
        let mut values: Vec<Json> = items(&list["values"]).cloned().collect();
        for inside in items(&list["lists"]) {
            values.extend(self.listed(inside.as_str().unwrap()));
        }
        values
    }
}

/// The owner of a bucket when shares are laid out one after the other, by largest remainder.
fn by_shares(shares: &Map<String, Json>, bucket: i64) -> Option<String> {
    let mut names: Vec<&String> = shares.keys().collect();
    names.sort();
    let total: f64 = names
        .iter()
        .map(|name| shares[*name].as_f64().unwrap())
        .sum();
    let exact = names
        .iter()
        .map(|name| shares[*name].as_f64().unwrap() / total * BUCKETS as f64);
    let exact: Vec<f64> = exact.collect();
    let mut counts: Vec<i64> = exact.iter().map(|share| share.floor() as i64).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|a, b| {
        let rest = |index: &usize| exact[*index] - exact[*index].floor();
        rest(b).total_cmp(&rest(a)).then(a.cmp(b))
    });
    let missing = BUCKETS as i64 - counts.iter().sum::<i64>();
    for index in order.into_iter().take(missing as usize) {
        counts[index] += 1;
    }
    let mut end = 0;
    for (name, count) in names.into_iter().zip(counts) {
        end += count;
        if bucket < end {
            return Some(name.clone());
        }
    }
    None
}

fn fallback(flag: &Json) -> Option<String> {
    match flag["status"].as_str().unwrap() {
        "enabled" => text(&flag["defaultVariant"]),
        "ab_test" => text(&flag["experiment"]["control"]).or_else(|| text(&flag["defaultVariant"])),
        _ => text(&flag["offVariant"]),
    }
}

/// The items of a list, none of anything else.
pub(crate) fn items(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn buckets(percentage: &Json) -> i64 {
    (percentage.as_f64().unwrap_or(0.0) * 10_000.0).round() as i64
}

fn is_in(from: &Json, to: &Json, bucket: i64) -> bool {
    from.as_i64().unwrap() <= bucket && bucket < to.as_i64().unwrap()
}

/// Times are written as `1970-01-01T00:MM:SSZ` here, so that reading them takes no calendar.
fn time(value: &Json) -> Option<i64> {
    let text = value.as_str()?;
    let minutes: i64 = text[14..16].parse().unwrap();
    let seconds: i64 = text[17..19].parse().unwrap();
    Some((minutes * 60 + seconds) * 1_000)
}
