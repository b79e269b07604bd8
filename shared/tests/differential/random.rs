//! Random rulesets and contexts, the same for the same seed everywhere.

use serde_json::{Map, Value as Json, json};
use xxhash_rust::xxh3::xxh3_64;

/// Numbers from a seed: the hash of a counter.
pub(crate) struct Random {
    seed: u64,
    n_drawn: u64,
}

impl Random {
    /// Numbers of that seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, n_drawn: 0 }
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.n_drawn += 1;
        let bytes = [self.seed.to_le_bytes(), self.n_drawn.to_le_bytes()].concat();
        xxh3_64(&bytes) % n
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

const COUNTRIES: [&str; 5] = ["DE", "ES", "FR", "US", ""];
const PLANS: [&str; 4] = ["free", "pro", "proplus", "enterprise"];
const VARIANTS: [&str; 4] = ["a", "b", "c", "d"];
const VERSIONS: [&str; 6] = ["1.2.0", "1.10.0", "1.10.0-rc.1", "v1.10", "1.2", "none"];
/// Flags of a ruleset.
pub(crate) const N_FLAGS: u64 = 16;

/// A context: a key mostly, and some of the attributes that conditions look at.
pub(crate) fn context(random: &mut Random) -> Map<String, Json> {
    let mut context = Map::new();
    let mut put = |name: &str, value: Json| drop(context.insert(name.to_owned(), value));
    if !random.once_in(8) {
        put("targetingKey", format!("s{}", random.below(40)).into());
    }
    if !random.once_in(4) {
        put("country", (*random.pick(&COUNTRIES)).into());
    }
    if !random.once_in(4) {
        put("plan", (*random.pick(&PLANS)).into());
    }
    match random.below(4) {
        0 => put("age", Json::Null),
        1 => put("age", random.below(90).into()),
        2 => put("age", json!(random.below(90) as f64 + 0.5)),
        _ => {}
    }
    if random.once_in(2) {
        put(
            "tags",
            json!([*random.pick(&PLANS), *random.pick(&COUNTRIES)]),
        );
    }
    if random.once_in(2) {
        put("account", random.below(30).into());
    }
    if !random.once_in(4) {
        put("version", random.pick(&VERSIONS.map(Json::from)).clone());
    }
    context
}

/// A ruleset in which everything that has a form of its own occurs.
pub(crate) fn ruleset(random: &mut Random) -> Json {
    let mut flags = Map::new();
    for index in 0..N_FLAGS {
        flags.insert(format!("f{index:02}"), flag(random, index));
    }
    let segments = json!({
        "s0": { "included": ["s1", "s2"], "excluded": ["s2", "s3"], "when": leaf(random) },
        "s1": { "when": { "any": [{ "segment": "s0" }, leaf(random)] } },
        "s2": { "included": ["s4"] },
    });
    let salt = *random.pick(&["", "salt"]);
    json!({
        "schemaVersion": 1, "salt": salt, "segments": segments, "flags": flags, "lists": lists(),
        "layers": { "l": {} },
        "holdouts": { "none": { "percentage": 0 }, "some": { "percentage": 20 } },
    })
}

fn lists() -> Json {
    json!({
        "countries": { "values": ["DE", "FR"] },
        "plans": { "values": ["pro", "free"], "lists": ["countries", "none"] },
        "accounts": { "values": [1, 2.0, "3", 7] },
        "none": {},
    })
}

fn flag(random: &mut Random, index: u64) -> Json {
    let n_variants = 2 + random.below(3) as usize;
    let names = &VARIANTS[..n_variants];
    let variants: Map<String, Json> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!({ "value": name })))
        .collect();
    let status = *random.pick(&[
        "disabled",
        "enabled",
        "gradual_rollout",
        "ab_test",
        "canary",
    ]);
    let mut flag = json!({ "type": "string", "status": status, "variants": variants });
    let mut put = |name: &str, value: Json| flag[name] = value;
    if random.once_in(2) {
        put("offVariant", (*random.pick(names)).into());
    }
    if random.once_in(2) {
        put("defaultVariant", (*random.pick(names)).into());
    }
    if random.once_in(4) {
        put("overrides", json!({ "s5": names[0], "s6": names[1] }));
    }
    if index > 0 && random.once_in(4) {
        put(
            "requires",
            json!([{ "flag": other(random, index), "variants": ["a", "b"] }]),
        );
    }
    if random.once_in(6) {
        put("schedule", window(random));
    }
    if random.once_in(6) {
        let action = *random.pick(&["serveOff", "keepServing"]);
        put("expiry", json!({ "at": moment(random), "action": action }));
    }
    let rules: Vec<Json> = (0..random.below(4))
        .map(|_| rule(random, names, index))
        .collect();
    put("rules", rules.into());
    put("rollout", rollout(random, names));
    put("experiment", experiment(random, names));
    put(
        "canary",
        json!({
            "variant": random.pick(names), "subjects": ["s7"], "segments": ["s1"],
            "percentage": random.below(101), "bucketing": bucketing(random),
        }),
    );
    let is_experiment = status == "ab_test" || flag["rules"].to_string().contains("split");
    if is_experiment && random.once_in(3) {
        flag["holdouts"] = json!([*random.pick(&["none", "some"])]);
    }
    // Flags of a layer must not claim the same buckets.
    if is_experiment && index < 4 && random.once_in(2) {
        let from = index * 250_000;
        flag["layer"] = json!({ "key": "l", "ranges": [[from, from + 250_000]] });
    }
    flag
}

fn other(random: &mut Random, below: u64) -> String {
    format!("f{:02}", random.below(below))
}

fn rule(random: &mut Random, names: &[&str], index: u64) -> Json {
    let mut rule = json!({ "serve": { "variant": random.pick(names) } });
    if random.once_in(3) {
        rule["serve"] = json!({ "split": split(random, names) });
    }
    if !random.once_in(5) {
        rule["when"] = condition(random, index, 2);
    }
    if random.once_in(3) {
        rule["gates"] = json!([gate(random)]);
    }
    if random.once_in(6) {
        rule["schedule"] = window(random);
    }
    if random.once_in(4) {
        rule["onMiss"] = "end".into();
    }
    rule
}

fn split(random: &mut Random, names: &[&str]) -> Json {
    if random.once_in(2) {
        let from = edge(random, 500_000);
        let ranges = json!([
            { "variant": names[1], "from": from, "to": from + 400_000 },
            { "variant": names[0], "from": from + 400_000, "to": from + 500_000 },
        ]);
        return json!({ "ranges": ranges, "bucketing": { "salt": "own" } });
    }
    json!({ "weights": shares(random, names), "bucketing": bucketing(random) })
}

/// Where a range of that width begins, so that one of its ends is the very bucket of a subject:
/// a range that is one bucket too wide or too narrow gives that subject another answer.
fn edge(random: &mut Random, width: u64) -> u64 {
    let subject = format!("own\u{1f}s{}", random.below(40));
    let bucket = ((u128::from(xxh3_64(subject.as_bytes())) * 1_000_000) >> 64) as u64;
    if bucket + width <= 1_000_000 {
        bucket
    } else {
        bucket - width
    }
}

fn shares(random: &mut Random, names: &[&str]) -> Json {
    let mut shares: Map<String, Json> = names
        .iter()
        .map(|name| ((*name).to_owned(), random.below(10).into()))
        .collect();
    shares.insert(names[0].to_owned(), (1 + random.below(10)).into());
    shares.into()
}

fn experiment(random: &mut Random, names: &[&str]) -> Json {
    let mut experiment = split(random, names);
    experiment["traffic"] = (*random.pick(&[0, 10, 50, 100])).into();
    if random.once_in(2) {
        experiment["control"] = names[0].into();
    }
    experiment
}

fn rollout(random: &mut Random, names: &[&str]) -> Json {
    let percentage = (*random.pick(&[json!(0), json!(12.5), json!(50), json!(100)])).clone();
    let mut rollout = json!({
        "variant": random.pick(names), "percentage": percentage, "bucketing": bucketing(random),
    });
    if random.once_in(3) {
        let interpolation = *random.pick(&["step", "linear"]);
        rollout["ramp"] = json!({ "interpolation": interpolation, "steps": [
            { "at": "1970-01-01T00:10:00Z", "percentage": random.below(50) },
            { "at": "1970-01-01T00:40:00Z", "percentage": 50 + random.below(51) },
        ]});
    }
    rollout
}

fn gate(random: &mut Random) -> Json {
    if random.once_in(3) {
        let from = edge(random, 400_000);
        let ranges = json!([[from, from + 200_000], [from + 300_000, from + 400_000]]);
        return json!({ "ranges": ranges, "bucketing": { "salt": "own" } });
    }
    let percentage = *random.pick(&[0, 30, 70, 100]);
    json!({ "percentage": percentage, "bucketing": bucketing(random) })
}

fn bucketing(random: &mut Random) -> Json {
    match random.below(4) {
        0 => json!({ "salt": "own" }),
        1 => json!({ "by": "account", "salt": "by account" }),
        _ => json!({}),
    }
}

fn condition(random: &mut Random, index: u64, depth: u64) -> Json {
    let kind = if depth == 0 { 10 } else { random.below(11) };
    let parts = |random: &mut Random| -> Vec<Json> {
        (0..random.below(4))
            .map(|_| condition(random, index, depth - 1))
            .collect()
    };
    match kind {
        0 | 1 => json!({ "all": parts(random) }),
        2 | 3 => json!({ "any": parts(random) }),
        4 => json!({ "not": condition(random, index, depth - 1) }),
        5 => json!({ "segment": format!("s{}", random.below(3)) }),
        6 if index > 0 => {
            let on = random.once_in(2);
            let mut asked = json!({ "flag": other(random, index), "variants": ["a", "c"] });
            if on {
                asked["on"] = true.into();
            }
            asked
        }
        7 => json!({ "chance": { "percentage": 40, "bucketing": { "salt": "chance" } } }),
        8 => json!({ "holdout": *random.pick(&["none", "some"]) }),
        _ => leaf(random),
    }
}

fn leaf(random: &mut Random) -> Json {
    let not = if random.once_in(3) { "not" } else { "" };
    let named = |op: &str| match not {
        "" => op.to_owned(),
        not => format!("{not}{}{}", op[..1].to_ascii_uppercase(), &op[1..]),
    };
    match random.below(14) {
        12 => {
            let op = *random.pick(&["in", "startsWith", "contains", "containsAny", "subsetOf"]);
            let list = *random.pick(&["countries", "plans", "none"]);
            let attribute = *random.pick(&["country", "plan", "tags"]);
            json!({ "attribute": attribute, "op": named(op), "list": list })
        }
        13 => json!({ "attribute": "account", "op": named("in"), "list": "accounts" }),
        0 => json!({ "attribute": "country", "op": named("in"), "value": ["DE", "FR"] }),
        1 => json!({ "attribute": "plan", "op": named("startsWith"), "value": ["pro", "x"] }),
        2 => json!({ "attribute": "tags", "op": named("contains"), "value": "ro" }),
        3 => json!({ "attribute": "age", "op": "greaterThan", "value": random.below(60) }),
        4 => json!({ "attribute": "account", "op": named("equals"), "value": [1, 2.0, "3", 7] }),
        5 => json!({ "attribute": "age", "op": named("between"), "value": [10, 50.5] }),
        6 => json!({ "attribute": *random.pick(&["age", "plan"]), "op": named("isNull") }),
        7 => {
            let op = *random.pick(&["sizeEquals", "sizeAtLeast", "sizeAtMost"]);
            json!({ "attribute": *random.pick(&["plan", "tags"]), "op": named(op), "value": 4 })
        }
        8 => {
            let op = *random.pick(&["containsAny", "containsAll", "setEquals", "subsetOf"]);
            let value = *random.pick(&[["pro", "DE"], ["pro", "pro"], ["free", ""]]);
            json!({ "attribute": *random.pick(&["plan", "tags"]), "op": named(op), "value": value })
        }
        9 | 10 => {
            let op = *random.pick(&["Equals", "GreaterThan", "GreaterOrEqual", "LessOrEqual"]);
            let op = named(&format!("version{op}"));
            let value = if random.once_in(2) {
                json!("1.10.0")
            } else {
                json!({ "version": *random.pick(&["1.2", "v1.10"]), "lenient": true })
            };
            json!({ "attribute": "version", "op": op, "value": value })
        }
        _ => json!({ "attribute": *random.pick(&["age", "plan"]), "op": named("exists") }),
    }
}

fn moment(random: &mut Random) -> String {
    format!(
        "1970-01-01T00:{:02}:{:02}Z",
        random.below(60),
        random.below(60)
    )
}

fn window(random: &mut Random) -> Json {
    match random.below(3) {
        0 => json!({ "startAt": moment(random) }),
        1 => json!({ "endAt": moment(random) }),
        _ => json!({ "startAt": "1970-01-01T00:10:00Z", "endAt": "1970-01-01T00:50:00Z" }),
    }
}
