//! Targeting of flagd: random expressions that name a variant.

use super::super::naive::Naive;
use super::super::random::Random;
use super::logic;
use super::read::js_text;
use super::{MOMENTS, RELEASES, WORDS};
use serde_json::{Value as Json, json};

/// A flag's targeting, as the expression of a rule.
pub(crate) fn targeting(random: &mut Random, key: &str) -> Json {
    let dialect = *random.pick(&["flagd/1", "flagd/2", "flagd/3"]);
    let value = match random.below(4) {
        0 => fractional(random),
        1 => truth(random, 2),
        2 => json!({ "if": [truth(random, 2), name(random)] }),
        _ => {
            let (first, second) = (truth(random, 2), truth(random, 1));
            json!({ "if": [first, name(random), second, fractional(random), name(random)] })
        }
    };
    json!({ "dialect": dialect, "op": key, "value": value })
}

fn name(random: &mut Random) -> Json {
    match random.below(8) {
        0 => json!(null),
        1 => json!({ "cat": ["", { "var": "letter" }] }),
        2 => json!({ "cat": ["a", null] }),
        3 => json!({ "var": ["letter", "b"] }),
        4 => json!({ "substr": ["cab", *random.pick(&[-1, 1, 0]), 1] }),
        5 => json!("nowhere"),
        _ => json!(*random.pick(&["a", "b", "true"])),
    }
}

fn fractional(random: &mut Random) -> Json {
    let mut operands = Vec::new();
    match random.below(4) {
        0 | 1 => {
            let names = ["words", "amount", "targetingKey", "many", "nothing"];
            operands.push(json!({ "var": *random.pick(&names) }));
        }
        2 => operands.push(json!({ "cat": [{ "var": "$flagd.flagKey" }, { "var": "words" }] })),
        _ => {}
    }
    for variant in [json!("a"), name(random), json!(true)] {
        let share = match random.below(6) {
            0 => json!([variant]),
            1 => json!([variant, -3]),
            2 => json!([variant, { "if": [truth(random, 0), 5, 1] }]),
            _ => json!([variant, random.below(60)]),
        };
        operands.push(share);
    }
    json!({ "fractional": operands })
}

/// A value of some type.
fn value(random: &mut Random) -> Json {
    let names = [
        "words",
        "amount",
        "release",
        "moment",
        "many",
        "thing",
        "many.0",
        "thing.a.b",
    ];
    match random.below(9) {
        0 => json!({ "var": [*random.pick(&names), "ana"] }),
        1 => json!(*random.pick(&WORDS)),
        2 => random
            .pick(&[json!(10), json!(3.5), json!(0), json!(null)])
            .clone(),
        3 => {
            let op = *random.pick(&["+", "-", "*", "/", "%", "max", "min"]);
            json!({ op: [{ "var": *random.pick(&["amount", "words"]) }, random.below(5)] })
        }
        4 => json!({ "cat": [{ "var": *random.pick(&names) }, "!", 1] }),
        5 => json!({ "missing": ["words", "thing.a", "many"] }),
        _ => json!({ "var": *random.pick(&names) }),
    }
}

fn truth(random: &mut Random, depth: u64) -> Json {
    let part = |random: &mut Random| truth(random, depth.saturating_sub(1));
    let kinds = if depth == 0 { 9 } else { 13 };
    let of = |name: &str| json!({ "var": name });
    let item = json!({ "var": "" });
    match random.below(kinds) {
        0 => {
            let op = *random.pick(&["==", "!=", "===", "!=="]);
            json!({ op: [value(random), value(random)] })
        }
        1 => {
            let op = *random.pick(&["<", "<=", ">", ">="]);
            let than = *random.pick(&[3, 10, 0]);
            let name = *random.pick(&["amount", "words"]);
            json!({ op: [of(name), than] })
        }
        2 => {
            let op = *random.pick(&["starts_with", "ends_with"]);
            json!({ op: [of("words"), *random.pick(&["a", "A", "T", "na"])] })
        }
        3 => {
            let relation = *random.pick(&["=", "!=", "<", "<=", ">", ">=", "^", "~", "?"]);
            json!({ "sem_ver": [of("release"), relation, *random.pick(&RELEASES)] })
        }
        4 => {
            let name = *random.pick(&["words", "many"]);
            json!({ "in": [*random.pick(&["ana", "a", "1"]), of(name)] })
        }
        5 => json!({ "in": [of("words"), ["ana", "x", "10", *random.pick(&MOMENTS)]] }),
        6 => {
            let op = *random.pick(&["all", "some", "none"]);
            json!({ op: [of("many"), { "==": [item, *random.pick(&["ana", "x"])] }] })
        }
        7 => json!({ "<": [0, of("amount"), 11] }),
        8 => json!({ ">": [of("$flagd.timestamp"), random.below(3_600)] }),
        9 => {
            let op = *random.pick(&["and", "or"]);
            json!({ op: [part(random), part(random)] })
        }
        10 => {
            let op = *random.pick(&["!", "!!"]);
            json!({ op: part(random) })
        }
        11 => {
            let kept = json!({ "filter": [of("many"), { "!=": [item, "x"] }] });
            let longer = json!({ "map": [kept, { "cat": [item, "!"] }] });
            let joined = json!({ "cat": [{ "var": "accumulator" }, { "var": "current" }] });
            json!({ "==": [{ "reduce": [longer, joined, ""] }, "ana!"] })
        }
        _ => {
            let names = ["words", "nothing", "amount"];
            let enough = json!({ "missing_some": [random.below(3), names] });
            json!({ "!": { "merge": [enough, *random.pick(&[json!([]), json!(null)])] } })
        }
    }
}

/// The variant that the expression names; nothing where it leaves the flag to its default.
pub(crate) fn named(naive: &Naive<'_>, expression: &Json) -> Option<String> {
    let key = expression["op"].as_str().unwrap();
    let version = expression["dialect"].as_str().unwrap();
    let named = logic::Run {
        naive,
        key,
        version,
    }
    .of_context(&expression["value"]);
    match named {
        Json::Null => None,
        Json::Array(_) | Json::Object(_) => Some("no variant".to_owned()),
        scalar => Some(js_text(&scalar)),
    }
}
