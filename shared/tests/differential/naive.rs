//! A second evaluator, slow and plain: it reads the document itself and does what the
//! documentation says, line by line. It shares no code with the fast one but the hash's crate.

use serde_json::{Map, Value as Json};
use xxhash_rust::xxh3::xxh3_64;

const BUCKETS: u128 = 1_000_000;

/// Who asks, and when.
pub(crate) struct Asked<'a> {
    /// The evaluation context as it would be written.
    pub(crate) context: &'a Map<String, Json>,
    /// Epoch milliseconds.
    pub(crate) at: i64,
    /// Whether the subject takes part in experiments.
    pub(crate) takes_part: bool,
}

/// `variant REASON`, `- REASON` for the caller's default, or an error code.
pub(crate) type Answer = Result<(Option<String>, &'static str), &'static str>;

/// A document and what is asked of it.
pub(crate) struct Naive<'a> {
    /// The ruleset.
    pub(crate) document: &'a Json,
    /// The question.
    pub(crate) asked: Asked<'a>,
}

/// What trying a rule came to.
enum Tried {
    Served(String, &'static str),
    Missed,
    Next,
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
                Tried::Missed | Tried::Next => {}
            }
        }
        let reason = if n_rules == 0 { "STATIC" } else { "DEFAULT" };
        Ok((fallback(flag), reason))
    }

    /// The author's rules, then those that the status stands for.
    fn rules(&self, key: &str, flag: &Json) -> Vec<Json> {
        let mut rules: Vec<Json> = items(&flag["rules"]).cloned().collect();
        match flag["status"].as_str().unwrap() {
            "gradual_rollout" => {
                let rollout = &flag["rollout"];
                let percentage = self.ramped(rollout);
                rules.push(serde_json::json!({
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
                        bucketing = serde_json::json!({});
                    }
                    bucketing["salt"] = format!("{salt}/traffic").into();
                    gates.push(serde_json::json!({
                        "percentage": traffic, "bucketing": bucketing,
                    }));
                }
                rules.push(serde_json::json!({
                    "gates": gates, "serve": { "split": experiment },
                }));
            }
            "canary" => {
                let canary = &flag["canary"];
                let mut audience: Vec<Json> = items(&canary["segments"])
                    .map(|segment| serde_json::json!({ "segment": segment }))
                    .collect();
                audience.extend(items(&canary["subjects"]).map(|subject| {
                    serde_json::json!({
                        "attribute": "targetingKey", "op": "equals", "value": subject,
                    })
                }));
                let serve = serde_json::json!({ "variant": canary["variant"] });
                let percentage = canary["percentage"].as_f64().unwrap_or(0.0);
                rules.push(serde_json::json!({ "when": { "any": audience }, "serve": serve }));
                rules.push(serde_json::json!({
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
        if !self.is_inside(&rule["schedule"]) || !self.holds(&rule["when"])? {
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
        let for_everybody =
            rule["when"].is_null() || rule["when"] == serde_json::json!({"all": []});
        let reason = match (by_chance, for_everybody) {
            (true, _) => "SPLIT",
            (false, true) => "STATIC",
            (false, false) => "TARGETING_MATCH",
        };
        if split.is_null() {
            let variant = rule["serve"]["variant"].as_str().unwrap();
            return Ok(Tried::Served(variant.to_owned(), reason));
        }
        let bucket = self.bucket(&self.salt(key, &split["bucketing"]), &split["bucketing"])?;
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
        let bucket = self.bucket(&salt, &Json::Null)?;
        Ok(!items(&layer["ranges"]).any(|range| is_in(&range[0], &range[1], bucket)))
    }

    fn is_held_out(&self, holdout: &str) -> Result<bool, &'static str> {
        let held = buckets(&self.document["holdouts"][holdout]["percentage"]);
        Ok(held > 0 && self.bucket(&self.member_salt(holdout), &Json::Null)? < held)
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
            Ok(bucket) => Ok(ranges
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

    fn bucket(&self, salt: &str, bucketing: &Json) -> Result<i64, &'static str> {
        let by = text(&bucketing["by"]).unwrap_or_else(|| "targetingKey".to_owned());
        let unit = match self.asked.context.get(&by) {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Number(number)) => number.to_string(),
            _ if by == "targetingKey" => return Err("TARGETING_KEY_MISSING"),
            _ => return Err("INVALID_CONTEXT"),
        };
        let bytes = [salt.as_bytes(), &[0x1F], unit.as_bytes()].concat();
        Ok(((u128::from(xxh3_64(&bytes)) * BUCKETS) >> 64) as i64)
    }

    fn key(&self) -> Option<&str> {
        self.asked.context.get("targetingKey")?.as_str()
    }

    fn is_inside(&self, window: &Json) -> bool {
        let at = self.asked.at;
        time(&window["startAt"]).is_none_or(|start| start <= at)
            && time(&window["endAt"]).is_none_or(|end| at < end)
    }

    /// Whether a condition holds; what is not written holds.
    fn holds(&self, condition: &Json) -> Result<bool, &'static str> {
        if condition.is_null() {
            return Ok(true);
        }
        if condition["all"].is_array() {
            for part in items(&condition["all"]) {
                if !self.holds(part)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        if condition["any"].is_array() {
            for part in items(&condition["any"]) {
                if self.holds(part)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if condition["not"].is_object() {
            return Ok(!self.holds(&condition["not"])?);
        }
        if let Some(segment) = condition["segment"].as_str() {
            return self.is_member(&self.document["segments"][segment]);
        }
        if let Some(holdout) = condition["holdout"].as_str() {
            // Who takes no part in experiments needs no key.
            return match self.is_held_out(holdout) {
                Err(_) if !self.asked.takes_part => Ok(false),
                held => held,
            };
        }
        if let Some(flag) = condition["flag"].as_str() {
            let Ok((Some(served), reason)) = self.evaluate(flag) else {
                return Ok(false);
            };
            let is_on = condition["on"] != true || reason != "DISABLED";
            return Ok(is_on && items(&condition["variants"]).any(|variant| *variant == served));
        }
        if condition["chance"].is_object() {
            return self.passes("", &condition["chance"]);
        }
        Ok(self.passes_test(condition))
    }

    fn is_member(&self, segment: &Json) -> Result<bool, &'static str> {
        if let Some(key) = self.key() {
            if items(&segment["excluded"]).any(|other| other == key) {
                return Ok(false);
            }
            if items(&segment["included"]).any(|other| other == key) {
                return Ok(true);
            }
        }
        if segment["when"].is_null() {
            Ok(false)
        } else {
            self.holds(&segment["when"])
        }
    }

    fn passes_test(&self, test: &Json) -> bool {
        let op = test["op"].as_str().unwrap();
        let mut positive = op.to_owned();
        if let Some(rest) = op.strip_prefix("not") {
            positive = rest[..1].to_ascii_lowercase() + &rest[1..];
        }
        let value = self.asked.context.get(test["attribute"].as_str().unwrap());
        let operand = match test["list"].as_str() {
            Some(list) => Json::Array(self.listed(list)),
            None => test["value"].clone(),
        };
        let passes = match value.filter(|value| !value.is_null()) {
            _ if looks_at_the_whole(&positive) => {
                value.is_some_and(|value| passes_whole(&positive, value, &operand))
            }
            None => false,
            Some(Json::Array(elements)) if positive != "exists" => elements
                .iter()
                .any(|element| compare(&positive, element, &operand)),
            Some(value) => compare(&positive, value, &operand),
        };
        passes == (positive == op)
    }

    /// The list's values, and those of the lists in it.
    fn listed(&self, list: &str) -> Vec<Json> {
        let list = &self.document["lists"][list];
        let mut values: Vec<Json> = items(&list["values"]).cloned().collect();
        for inside in items(&list["lists"]) {
            values.extend(self.listed(inside.as_str().unwrap()));
        }
        values
    }
}

fn looks_at_the_whole(op: &str) -> bool {
    let sets = ["containsAny", "containsAll", "setEquals", "subsetOf"];
    sets.contains(&op) || op == "isNull" || op == "between" || op.starts_with("size")
}

fn passes_whole(op: &str, value: &Json, operand: &Json) -> bool {
    let found: Vec<&Json> = match value {
        Json::Array(items) => items.iter().collect(),
        Json::Null => Vec::new(),
        single => vec![single],
    };
    let wanted: Vec<&Json> = items(operand).collect();
    let size = match value {
        Json::String(text) => Some(text.chars().count() as u64),
        Json::Array(items) => Some(items.len() as u64),
        _ => None,
    };
    let size_is = |check: fn(u64, u64) -> bool| {
        size.is_some_and(|size| check(size, operand.as_u64().unwrap()))
    };
    match op {
        "isNull" => value.is_null(),
        "between" => value.as_f64().is_some_and(|number| {
            operand[0].as_f64().unwrap() <= number && number <= operand[1].as_f64().unwrap()
        }),
        "sizeEquals" => size_is(|size, wanted| size == wanted),
        "sizeAtLeast" => size_is(|size, wanted| size >= wanted),
        "sizeAtMost" => size_is(|size, wanted| size <= wanted),
        "containsAny" => wanted.iter().any(|item| found.contains(item)),
        "containsAll" => wanted.iter().all(|item| found.contains(item)),
        "subsetOf" => found.iter().all(|item| wanted.contains(item)),
        _ => {
            wanted.iter().all(|item| found.contains(item))
                && found.iter().all(|item| wanted.contains(item))
        }
    }
}

/// Three numbers, and whether a release and not what comes before it: the only pre-release that
/// is generated is the same everywhere.
fn version(text: &str, lenient: bool) -> Option<([u64; 3], bool)> {
    let text = if lenient {
        text.trim_start_matches('v')
    } else {
        text
    };
    let (numbers, is_release) = match text.split_once('-') {
        Some((numbers, _)) => (numbers, false),
        None => (text, true),
    };
    let mut numbers: Vec<u64> = numbers
        .split('.')
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    if lenient {
        numbers.resize(3, 0);
    }
    Some((numbers.try_into().ok()?, is_release))
}

fn compare(op: &str, value: &Json, operand: &Json) -> bool {
    let any = |check: &dyn Fn(&Json) -> bool| match operand {
        Json::Array(items) => items.iter().any(check),
        single => check(single),
    };
    let texts = |check: fn(&str, &str) -> bool| {
        let Some(text) = value.as_str() else {
            return false;
        };
        any(&|needle| needle.as_str().is_some_and(|needle| check(text, needle)))
    };
    let numbers = || Some((value.as_f64()?, operand.as_f64()?));
    if let Some(op) = op.strip_prefix("version") {
        let lenient = operand["lenient"] == true;
        let than = operand["version"].as_str().or(operand.as_str()).unwrap();
        let than = version(than, lenient).unwrap();
        return value
            .as_str()
            .and_then(|text| version(text, lenient))
            .is_some_and(|found| match op {
                "Equals" => found == than,
                "GreaterThan" => found > than,
                "GreaterOrEqual" => found >= than,
                _ => found <= than,
            });
    }
    match op {
        "exists" => true,
        "equals" | "in" => any(&|other| match (value.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
            _ => value == other,
        }),
        "contains" => texts(|text, needle| text.contains(needle)),
        "startsWith" => texts(|text, needle| text.starts_with(needle)),
        "endsWith" => texts(|text, needle| text.ends_with(needle)),
        "greaterThan" => numbers().is_some_and(|(a, b)| a > b),
        "lessOrEqual" => numbers().is_some_and(|(a, b)| a <= b),
        other => panic!("an operator that is not generated: {other}"),
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

fn items(list: &Json) -> impl Iterator<Item = &Json> {
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
