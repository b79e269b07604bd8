//! Conditions, expressions and hashes in other systems' words: written at random, and worked out
//! plainly from what each system publishes.
//!
//! Values are of a few pools, so that whatever reads them may be plain.

mod configcat;
mod eppo;
mod flagd;
mod flagsmith;
mod flipt;
mod growthbook;
mod hashes;
mod launchdarkly;
mod logic;
mod posthog;
mod read;
mod split;
mod unleash;

use super::naive::Naive;
use super::random::Random;
pub(crate) use flagd::{named, targeting};
pub(crate) use hashes::{KINDS, draw, scale_of, unit};
use serde_json::{Map, Value as Json, json};
use std::sync::LazyLock;

/// Whether a condition holds; nothing where that cannot be told; or a code where the flag fails.
pub(crate) type Verdict = Result<Option<bool>, &'static str>;

/// Texts.
const WORDS: [&str; 11] = [
    "ana",
    "Ana",
    "bob@mail.test",
    "Bob@Mail.TEST",
    "",
    "true",
    "null",
    "10",
    "aña",
    "AÑA",
    "x",
];
/// Versions, and what is none somewhere.
const RELEASES: [&str; 15] = [
    "1.2.3",
    "1.2.4",
    "1.10.0",
    "1.10.0-rc.1",
    "1.10.0-rc.10",
    "1.10.0-rc",
    "v1.2.3",
    "1.2",
    "1",
    "01.2.3",
    "1.2.3+b",
    " 1.2.3 ",
    "2.0.0",
    "none",
    "0.2.1",
];
/// Moments, and what is none somewhere.
const MOMENTS: [&str; 10] = [
    "1970-01-01T00:20:00Z",
    "1970-01-01T00:10:59Z",
    "1970-01-01T02:20:00+02:00",
    "1970-01-01T00:20:00.500Z",
    "1970-01-01",
    "1970-01-02T00:00:00Z",
    "1970-01-01 00:20:00Z",
    "1970-01-01T00:20:00",
    "1200",
    "soon",
];
/// Regular expressions.
const EXPRESSIONS: [&str; 5] = ["an", "^[A-Z]", "[0-9]$", "^$", "b.b"];

/// Attributes that these conditions look at, each of them mostly there.
pub(crate) fn attributes(random: &mut Random, context: &mut Map<String, Json>) {
    let mut put = |name: &str, value: Json| drop(context.insert(name.to_owned(), value));
    let is_there = [(); 8].map(|()| !random.once_in(8));
    let values = [
        ("words", likely(random, &WORDS)),
        ("amount", likely(random, &*AMOUNTS)),
        ("release", release(random)),
        ("moment", moment(random)),
        ("many", likely(random, &*LISTS)),
        ("thing", random.pick(&*THINGS).clone()),
        ("switch", random.pick(&*SWITCHES).clone()),
        ("letter", json!(*random.pick(&["a", "b", "z"]))),
    ];
    for ((name, value), is_there) in values.into_iter().zip(is_there) {
        if is_there {
            put(name, value);
        }
    }
}

static AMOUNTS: LazyLock<[Json; 20]> = LazyLock::new(|| {
    [
        json!(10),
        json!(-7),
        json!(3.5),
        json!("10"),
        json!(0),
        json!(1),
        json!(10.0),
        json!(2_147_483_648_i64),
        json!(" 10 "),
        json!("3,5"),
        json!("3.5"),
        json!("1e1"),
        json!("-7"),
        json!("x"),
        json!("0x0a"),
        json!("Infinity"),
        json!("NaN"),
        json!(true),
        json!(false),
        json!(null),
    ]
});

static SWITCHES: LazyLock<[Json; 6]> = LazyLock::new(|| {
    [
        json!(true),
        json!(false),
        json!("true"),
        json!("false"),
        json!("TRUE"),
        json!([true, "true"]),
    ]
});

fn release(random: &mut Random) -> Json {
    match random.below(12) {
        0 => json!(1),
        1 => json!(1.2),
        _ => likely(random, &RELEASES),
    }
}

fn moment(random: &mut Random) -> Json {
    match random.below(6) {
        0 => json!(1_200),
        1 => json!(1_200_000),
        _ => likely(random, &MOMENTS),
    }
}

static LISTS: LazyLock<[Json; 10]> = LazyLock::new(|| {
    [
        json!(["ana"]),
        json!(["ana", "x"]),
        json!(["Ana", "ana", "ana"]),
        json!([10, "1"]),
        json!([]),
        json!([10.0]),
        json!([null, true]),
        json!([["ana"]]),
        json!([{ "a": 1 }, { "a": 10 }]),
        json!("[\"ana\",\"x\"]"),
    ]
});

static THINGS: LazyLock<[Json; 5]> = LazyLock::new(|| {
    [
        json!({}),
        json!({ "a": 1 }),
        json!({ "a": { "b": "ana" } }),
        json!({ "a": [10, { "b": 1 }] }),
        json!(null),
    ]
});

/// Mostly this attribute, now and then another one, or none.
fn attribute<'a>(random: &mut Random, usual: &'a str) -> &'a str {
    const OTHERS: [&str; 7] = [
        "words", "amount", "release", "moment", "many", "thing", "nothing",
    ];
    if random.once_in(9) {
        OTHERS[random.below(7) as usize]
    } else {
        usual
    }
}

/// One to four of these.
fn some(random: &mut Random, pool: &[&str]) -> Json {
    let n = 1 + random.below(4);
    (0..n).map(|_| json!(*random.pick(pool))).collect()
}

/// One of these, mostly of the first few.
fn likely<T: Clone + Into<Json>>(random: &mut Random, pool: &[T]) -> Json {
    let n = if random.once_in(3) { pool.len() } else { 4 };
    random.pick(&pool[..n]).clone().into()
}

type Make = fn(&mut Random, &str) -> Json;

/// By name: how a condition is written, and the operators that must occur.
const DIALECTS: [(&str, Make, &[&str]); 9] = [
    ("launchdarkly", launchdarkly::condition, &launchdarkly::OPS),
    ("growthbook", growthbook::condition, &growthbook::OPS),
    ("unleash", unleash::condition, &unleash::OPS),
    ("posthog", posthog::condition, &posthog::OPS),
    ("configcat", configcat::condition, &configcat::OPS),
    ("flagsmith", flagsmith::condition, &flagsmith::OPS),
    ("flipt", flipt::condition, &flipt::OPS),
    ("split", split::condition, &split::OPS),
    ("eppo", eppo::condition, &eppo::OPS),
];

/// A condition of one of the systems, each of their operators as often as any other.
pub(crate) fn condition(random: &mut Random) -> Json {
    let ops = || {
        DIALECTS
            .iter()
            .flat_map(|(name, make, ops)| ops.iter().map(move |op| (*name, *make, *op)))
    };
    if random.once_in(30) {
        return undecided(random);
    }
    let place = random.below(ops().count() as u64) as usize;
    let (name, make, op) = ops().nth(place).unwrap();
    let mut condition = make(random, op);
    condition["dialect"] = name.into();
    condition
}

/// What stands for something that its system gives up on, or cannot tell.
fn undecided(random: &mut Random) -> Json {
    let failures = [
        json!({ "dialect": "launchdarkly", "op": "malformed", "value": "why" }),
        json!({ "dialect": "configcat", "op": "fails", "value": "why" }),
        json!({ "dialect": "configcat", "op": "fails", "attribute": "words", "value": "why" }),
        json!({ "dialect": "posthog", "op": "server", "value": "why" }),
        json!({ "dialect": "posthog", "op": "unknown" }),
    ];
    random.pick(&failures).clone()
}

/// What must have passed and not passed, as it is counted.
pub(crate) fn counted() -> Vec<String> {
    let dialects = DIALECTS
        .iter()
        .flat_map(|(name, _, ops)| ops.iter().map(move |op| format!("{name} {op}")));
    let operations = logic::OPERATIONS.iter().map(|op| format!("flagd {op}"));
    let kinds = KINDS.iter().map(|kind| format!("kind {kind}"));
    dialects.chain(operations).chain(kinds).collect()
}

impl Naive<'_> {
    /// Whether a condition of another system holds.
    pub(crate) fn judge(&self, test: &Json) -> Verdict {
        let (dialect, op) = (&test["dialect"], test["op"].as_str().unwrap());
        let value = self.find(&test["attribute"]);
        let is_null = value.is_none_or(Json::is_null);
        let there = value.filter(|_| !is_null);
        let operand = &test["value"];
        let verdict = match dialect.as_str().unwrap() {
            _ if op == "malformed" => Err("PARSE_ERROR"),
            _ if op == "server" => Err("GENERAL"),
            _ if op == "unknown" => Ok(None),
            // Without the attribute that it is about it is not come to.
            _ if op == "fails" && !test["attribute"].is_null() && there.is_none_or(|v| v == "") => {
                Ok(None)
            }
            _ if op == "fails" => Err("PARSE_ERROR"),
            "launchdarkly" => Ok(Some(launchdarkly::holds(self, test))),
            "growthbook" => Ok(Some(growthbook::holds(self, test))),
            "unleash" => Ok(Some(unleash::holds(self, test, there))),
            "posthog" => Ok(posthog::holds(self, test)),
            "configcat" => Ok(configcat::holds(op, there, operand)),
            "flagsmith" => Ok(Some(flagsmith::holds(op, there, operand))),
            "flipt" => Ok(Some(flipt::holds(op, there, operand))),
            "split" => Ok(Some(split::holds(op, there, operand))),
            _ => Ok(Some(eppo::holds(op, there, operand))),
        };
        let op = op.strip_prefix("not ").unwrap_or(op);
        let what = [dialect.as_str().unwrap(), " ", op].concat();
        self.count(&what, verdict == Ok(Some(true)));
        verdict
    }

    /// Counts that something was asked, and what came of it.
    pub(crate) fn count(&self, what: &str, passes: bool) {
        let mut seen = self.seen.borrow_mut();
        if let Some(counts) = seen.get_mut(what) {
            counts[usize::from(passes)] += 1;
            return;
        }
        let counts = [u64::from(!passes), u64::from(passes)];
        seen.insert(what.to_owned(), counts);
    }
}
