//! Random rulesets and contexts, the same for the same seed everywhere.

use super::foreign;
use super::leaves::leaf;
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

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

const VARIANTS: [&str; 4] = ["a", "b", "c", "d"];

/// Flags of a ruleset.
pub(crate) const N_FLAGS: u64 = 24;
/// As many of them depend on a single test, so that nothing hides what it says.
const N_SINGLE: u64 = 4;
/// And as many on something in another system's words.
const N_FOREIGN: u64 = 12;

/// A ruleset in which everything that has a form of its own occurs.
pub(crate) fn ruleset(random: &mut Random) -> Json {
    let mut flags = Map::new();
    for index in 0..N_FLAGS {
        let key = format!("f{index:02}");
        let flag = match N_FLAGS - index {
            1..=N_FOREIGN => foreign(random, &key),
            rest if rest <= N_FOREIGN + N_SINGLE => single(random),
            _ => flag(random, index),
        };
        flags.insert(key, flag);
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

fn single(random: &mut Random) -> Json {
    json!({
        "type": "string", "status": "enabled", "defaultVariant": "b",
        "variants": { "a": { "value": "a" }, "b": { "value": "b" } },
        "rules": [{ "when": leaf(random), "serve": { "variant": "a" } }],
    })
}

/// A condition and its contrary, an expression, or a number drawn.
fn foreign(random: &mut Random, key: &str) -> Json {
    let rules = match random.below(6) {
        // What names nothing goes on to no other rule.
        0 => json!([
            { "serve": { "expression": foreign::targeting(random, key) } },
            { "serve": { "variant": "b" } },
        ]),
        1 => json!([{ "serve": { "split": drawn(random, &["a", "b", "true"]) } }]),
        _ => {
            let condition = foreign::condition(random);
            json!([
                { "when": condition, "serve": { "variant": "a" } },
                { "when": { "not": condition }, "serve": { "variant": "b" } },
            ])
        }
    };
    let names = ["a", "b", "c", "true"];
    let variants = names.map(|name| (name.to_owned(), json!({ "value": name })));
    let variants: Map<String, Json> = variants.into_iter().collect();
    json!({
        "type": "string", "status": "enabled", "defaultVariant": "c", "rules": rules,
        "variants": variants,
    })
}

/// A split of another system's numbers.
fn drawn(random: &mut Random, names: &[&str]) -> Json {
    let kind = *random.pick(&foreign::KINDS);
    let ranges = ranges(random, kind);
    let [from, middle, to] = ranges.0;
    let ranged = json!([
        { "variant": names[1], "from": from, "to": middle },
        { "variant": names[0], "from": middle, "to": to },
    ]);
    json!({ "ranges": ranged, "bucketing": ranges.1 })
}

/// Three places among the numbers of a kind, and the bucketing that draws them. One of them is
/// the very number of a subject.
fn ranges(random: &mut Random, kind: &str) -> ([u64; 3], Json) {
    let salt = if kind == "split" { "-7" } else { "own" };
    let scale = foreign::scale_of(kind);
    let subject = format!("s{}", random.below(40));
    let edge = foreign::draw(kind, salt, &subject, scale).clamp(1, scale - 2);
    let places = if random.once_in(2) {
        [0, edge, scale]
    } else {
        [edge - 1, edge, edge + 1]
    };
    let by = *random.pick(&[
        "targetingKey",
        "targetingKey",
        "amount",
        "words",
        "many",
        "account",
    ]);
    let mut bucketing = json!({ "kind": kind, "salt": salt, "by": by });
    if ["eppo", "unleash/variant", "goff"].contains(&kind) {
        bucketing["scale"] = scale.into();
    }
    bucketing["onMissing"] = (*random.pick(&["fails", "misses", "first", "random"])).into();
    if random.once_in(4) {
        bucketing["orBy"] = json!(["targetingKey"]);
    }
    // Whole hundredths.
    if kind == "flagship" {
        return ([0, scale / 100 * (edge * 100 / scale), scale], bucketing);
    }
    (places, bucketing)
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
    if random.once_in(4) {
        return drawn(random, names);
    }
    own_split(random, names)
}

fn own_split(random: &mut Random, names: &[&str]) -> Json {
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
    let mut experiment = own_split(random, names);
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
    if random.once_in(4) {
        let kind = *random.pick(&foreign::KINDS);
        let ([from, middle, to], bucketing) = ranges(random, kind);
        let range = *random.pick(&[[from, middle], [middle, to]]);
        return json!({ "ranges": [range], "bucketing": bucketing });
    }
    if random.once_in(3) {
        let from = edge(random, 400_000);
        let ranges = json!([[from, from + 200_000], [from + 300_000, from + 400_000]]);
        return json!({ "ranges": ranges, "bucketing": { "salt": "own" } });
    }
    let percentage = *random.pick(&[0, 30, 70, 100]);
    json!({ "percentage": percentage, "bucketing": bucketing(random) })
}

fn bucketing(random: &mut Random) -> Json {
    let mut bucketing = match random.below(8) {
        0 | 1 => return json!({ "salt": "own" }),
        2 => json!({ "by": "account", "salt": "by account" }),
        3 => json!({ "by": ["plan", "age"] }),
        4 => json!({ "by": [["org", "targetingKey"]] }),
        5 => return json!({ "draw": "request", "salt": "drawn" }),
        _ => return json!({}),
    };
    if random.once_in(3) {
        bucketing["orBy"] = json!(["targetingKey"]);
        bucketing["orPrefix"] = (*random.pick(&["", "key:"])).into();
    }
    if random.once_in(2) {
        bucketing["onMissing"] = (*random.pick(&["fails", "misses", "first", "random"])).into();
    }
    bucketing
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
            if random.once_in(3) {
                asked = json!({ "flag": other(random, index), "equals": "b" });
            }
            if on {
                asked["on"] = true.into();
            }
            if random.once_in(2) {
                let meanings = ["doesNotHold", "fails", "unknown"];
                asked["onFailure"] = (*random.pick(&meanings)).into();
            }
            asked
        }
        7 => json!({ "chance": { "percentage": 40, "bucketing": { "salt": "chance" } } }),
        8 => json!({ "holdout": *random.pick(&["none", "some"]) }),
        _ if random.once_in(4) => foreign::condition(random),
        _ => leaf(random),
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
