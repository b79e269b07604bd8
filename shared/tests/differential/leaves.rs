//! Random tests of attributes, and the attributes that they look at.

use super::foreign;
use super::random::Random;
use serde_json::{Map, Value as Json, json};

const COUNTRIES: [&str; 5] = ["DE", "ES", "FR", "US", ""];
const PLANS: [&str; 4] = ["free", "pro", "proplus", "enterprise"];
const VERSIONS: [&str; 8] = [
    "1.2.0",
    "1.10.0",
    "1.10.0-rc.1",
    "v1.10",
    "1.2",
    "none",
    "2.0.0",
    "1.10.3",
];
/// Addresses, and what is none.
pub(crate) const ADDRESSES: [&str; 7] = [
    "10.1.2.3",
    "10.9.0.1",
    "::ffff:10.1.9.9",
    "192.168.1.7",
    "2001:db8::1",
    "2001:db9::1",
    "10.1",
];
/// What is looked at by patterns of addresses.
pub(crate) const URLS: [&str; 6] = [
    "https://Shop.Acme.test/p/7?x=1",
    "http://shop.acme.test/p/7",
    "https://acme.test/q/",
    "https://acme.test/",
    "/p/9",
    "none",
];
/// Patterns of addresses.
pub(crate) const URL_PATTERNS: [&str; 5] = [
    "https://*.acme.test/p/*",
    "/p/*",
    "/q",
    "*acme.test/*?x=1",
    "*",
];
/// Regular expressions.
pub(crate) const EXPRESSIONS: [&str; 5] = ["^v[0-9]", "o$", "(?:pro|free)(?:plus)?$", "^.{4}$", ""];
/// Ranges of versions.
pub(crate) const RANGES: [&str; 5] = ["^1.2", "~1.10.0", "1.*", ">=1.2, <1.10", "=1.2.0"];

/// Attributes that conditions look at, each of them mostly there.
pub(crate) fn attributes(random: &mut Random) -> Map<String, Json> {
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
        put("version", (*random.pick(&VERSIONS)).into());
    }
    if !random.once_in(4) {
        put("seen", seen(random));
    }
    if !random.once_in(4) {
        put("ip", (*random.pick(&ADDRESSES)).into());
    }
    if !random.once_in(4) {
        put("url", (*random.pick(&URLS)).into());
    }
    if !random.once_in(4) {
        put("mixed", mixed(random));
    }
    if !random.once_in(4) {
        put("cart", cart(random));
    }
    if random.once_in(3) {
        put("kind", (*random.pick(&["org", "user", "multi"])).into());
    }
    if !random.once_in(3) {
        put("org", entity(random, "o"));
    }
    if random.once_in(3) {
        put("user", entity(random, "u"));
    }
    foreign::attributes(random, &mut context);
    context
}

fn entity(random: &mut Random, prefix: &str) -> Json {
    let mut entity = json!({ "plan": *random.pick(&PLANS), "beta": random.once_in(2) });
    if !random.once_in(4) {
        entity["targetingKey"] = format!("{prefix}{}", random.below(9)).into();
    }
    entity
}

/// A moment as people write it, all of them in the first fortnight of 1970.
fn seen(random: &mut Random) -> Json {
    let day = 1 + random.below(14);
    let (hour, minute) = (random.below(24), random.below(60));
    let clock = format!("{hour:02}:{minute:02}");
    match random.below(8) {
        0 => json!(format!("1970-01-{day:02}")),
        1 => json!(format!("1970-01-{day:02}T{clock}")),
        2 => json!(format!("1970-01-{day:02}T{clock}:30Z")),
        3 => json!(format!("1970-01-{day:02} {clock}:00+0130")),
        4 => json!(format!("1970-01-{day:02}T{clock}:00-02:00")),
        5 => json!(random.below(14 * 24 * 60) * 60_000),
        6 => json!([random.below(60 * 60), "1970-01-01T00:20:00Z"]),
        _ => json!("soon"),
    }
}

fn mixed(random: &mut Random) -> Json {
    let values = [
        json!(null),
        json!(true),
        json!(13),
        json!(-7),
        json!(3.5),
        json!(""),
        json!("ana"),
        json!([]),
        json!([1, "1"]),
        json!({}),
        json!({ "a": 1 }),
    ];
    random.pick(&values).clone()
}

fn cart(random: &mut Random) -> Json {
    let items = (0..random.below(4)).map(|_| {
        let mut item = json!({ "price": random.below(30), "sku": *random.pick(&PLANS) });
        if random.once_in(4) {
            item["seller"] = json!({ "country": *random.pick(&COUNTRIES) });
        }
        item
    });
    items.collect::<Vec<_>>().into()
}

/// A test of an attribute.
pub(crate) fn leaf(random: &mut Random) -> Json {
    let negated = random.once_in(3);
    let mut test = match random.below(8) {
        0 => texts(random),
        1 => numbers(random),
        2 => sets(random),
        3 => versions(random),
        4 => times(random),
        5 => listed(random),
        6 => elements(random),
        _ => whole(random),
    };
    if negated {
        let op = test["op"].as_str().expect("an operator");
        test["op"] = format!("not{}{}", op[..1].to_ascii_uppercase(), &op[1..]).into();
    }
    test
}

fn texts(random: &mut Random) -> Json {
    let mut test = match random.below(7) {
        0 => json!({ "attribute": "country", "op": "in", "value": ["DE", "FR"] }),
        1 => json!({ "attribute": "plan", "op": "startsWith", "value": ["pro", "x"] }),
        2 => json!({ "attribute": "tags", "op": "contains", "value": "ro" }),
        3 => json!({ "attribute": "plan", "op": "endsWith", "value": ["plus", "ee", ""] }),
        4 => json!({ "attribute": ["org", "plan"], "op": "equals", "value": "pro" }),
        5 => {
            let of = *random.pick(&["org", "user"]);
            json!({ "attribute": { "of": of, "path": ["plan"] }, "op": "equals", "value": "pro" })
        }
        _ => {
            let attribute = *random.pick(&["plan", "version", "tags", "age"]);
            json!({ "attribute": attribute, "op": "matches", "value": *random.pick(&EXPRESSIONS) })
        }
    };
    if random.once_in(3) {
        // Nothing that is compared has capital letters but these.
        if test["op"] == "in" {
            test["value"] = json!(["de", "Fr"]);
        }
        test["ignoreCase"] = true.into();
    }
    test
}

fn numbers(random: &mut Random) -> Json {
    let bound = random.below(60);
    let op = *random.pick(&["greaterThan", "greaterOrEqual", "lessThan", "lessOrEqual"]);
    match random.below(5) {
        0 => json!({ "attribute": "age", "op": op, "value": bound }),
        1 => json!({ "attribute": "tags", "op": op, "value": bound }),
        2 => json!({ "attribute": "age", "op": "between", "value": [10, 50.5] }),
        3 => json!({ "attribute": "account", "op": "equals", "value": [1, 2.0, "3", 7] }),
        _ => {
            let attribute = *random.pick(&["account", "mixed", "age"]);
            let operand = json!({ "divisor": 10, "remainder": 3 });
            json!({ "attribute": attribute, "op": "modulo", "value": operand })
        }
    }
}

fn sets(random: &mut Random) -> Json {
    let op = *random.pick(&[
        "containsAny",
        "containsAll",
        "setEquals",
        "subsetOf",
        "supersetOf",
    ]);
    let value = *random.pick(&[["pro", "DE"], ["pro", "pro"], ["free", ""]]);
    json!({ "attribute": *random.pick(&["plan", "tags", "mixed"]), "op": op, "value": value })
}

fn versions(random: &mut Random) -> Json {
    let lenient = random.once_in(2);
    let plain = |random: &mut Random| json!(*random.pick(&["1.10.0", "1.2.0", "2.0.0"]));
    let loose = |random: &mut Random| json!(*random.pick(&["1.2", "v1.10", "2"]));
    let (op, member, value) = match random.below(8) {
        0 => ("versionIn", "versions", json!(["1.2.0", "1.10.0"])),
        1 => ("versionBetween", "versions", json!(["1.2.0", "1.10.0"])),
        2 => ("versionMatches", "range", json!(*random.pick(&RANGES))),
        kind => {
            let op = [
                "versionEquals",
                "versionGreaterThan",
                "versionGreaterOrEqual",
                "versionLessThan",
                "versionLessOrEqual",
            ][kind as usize - 3];
            let than = if lenient {
                loose(random)
            } else {
                plain(random)
            };
            (op, "version", than)
        }
    };
    let value = if lenient {
        json!({ member: value, "lenient": true })
    } else {
        value
    };
    json!({ "attribute": "version", "op": op, "value": value })
}

fn times(random: &mut Random) -> Json {
    let attribute = *random.pick(&["seen", "seen", "$now", "account"]);
    let than = *random.pick(&[
        "1970-01-04",
        "1970-01-01T00:30",
        "1970-01-07T12:00:00+02:00",
    ]);
    let seconds = random.once_in(3) && attribute != "$now";
    let with_unit = |value: Json| {
        if seconds {
            json!({ "value": value, "unit": "seconds" })
        } else {
            value
        }
    };
    let (op, value) = match random.below(7) {
        0 => (*random.pick(&["before", "after"]), with_unit(json!(than))),
        1 => {
            let window = json!({ "from": "1970-01-01T00:10:00Z", "to": than });
            ("timeBetween", with_unit(window))
        }
        2 => {
            let op = *random.pick(&["withinLast", "withinNext"]);
            let span = *random.pick(&["20m", "1d 12h", "2w"]);
            (op, with_unit(json!(span)))
        }
        3 => ("olderThan", with_unit(json!("20m"))),
        4 => ("dayOfWeek", json!(["thursday", "sunday"])),
        5 => {
            let operand = json!({ "from": "00:10", "to": "12:30", "timeZone": "UTC" });
            ("timeOfDay", operand)
        }
        _ => ("timeOfDay", json!({ "from": "20:00", "to": "00:30" })),
    };
    if op == "olderThan" {
        // Accounts are numbers below thirty, and nobody asks later than an hour after zero.
        return json!({ "attribute": "account", "op": op, "value": value });
    }
    json!({ "attribute": attribute, "op": op, "value": value })
}

fn listed(random: &mut Random) -> Json {
    if random.once_in(4) {
        return json!({ "attribute": "account", "op": "in", "list": "accounts" });
    }
    let op = *random.pick(&["in", "startsWith", "contains", "containsAny", "subsetOf"]);
    let list = *random.pick(&["countries", "plans", "none"]);
    let attribute = *random.pick(&["country", "plan", "tags"]);
    json!({ "attribute": attribute, "op": op, "list": list })
}

fn elements(random: &mut Random) -> Json {
    let op = *random.pick(&["anyElement", "everyElement"]);
    let dear = json!({ "member": "price", "op": "greaterThan", "value": 10 });
    let (attribute, value) = match random.below(6) {
        0 => ("cart", dear),
        1 => {
            let sku = json!({ "member": "sku", "op": "notIn", "value": ["pro", "free"] });
            ("cart", json!([dear, sku]))
        }
        2 => {
            let path = json!(["seller", "country"]);
            (
                "cart",
                json!({ "member": path, "op": "notEquals", "value": "DE" }),
            )
        }
        3 => (
            "cart",
            json!({ "member": "sku", "op": "in", "list": "plans" }),
        ),
        4 => ("tags", json!({ "op": "startsWith", "value": ["p", "D"] })),
        _ => ("tags", json!({ "op": "sizeAtLeast", "value": 3 })),
    };
    json!({ "attribute": attribute, "op": op, "value": value })
}

fn whole(random: &mut Random) -> Json {
    match random.below(8) {
        0 => {
            let kinds = ["null", "boolean", "number", "string", "list", "object"];
            json!({ "attribute": "mixed", "op": "hasType", "value": *random.pick(&kinds) })
        }
        1 => json!({ "attribute": *random.pick(&["mixed", "country"]), "op": "isEmpty" }),
        2 => json!({ "attribute": *random.pick(&["mixed", "age", "plan"]), "op": "isNull" }),
        3 => json!({ "attribute": *random.pick(&["mixed", "age", "plan"]), "op": "exists" }),
        4 => {
            let op = *random.pick(&["sizeEquals", "sizeAtLeast", "sizeAtMost"]);
            let attribute = *random.pick(&["plan", "tags", "mixed"]);
            json!({ "attribute": attribute, "op": op, "value": *random.pick(&[1, 2, 4]) })
        }
        5 => {
            let networks =
                *random.pick(&[["10.1.0.0/16", "2001:db8::/32"], ["192.168.1.7", "::/0"]]);
            json!({ "attribute": "ip", "op": "inNetwork", "value": networks })
        }
        6 => {
            json!({ "attribute": "url", "op": "urlMatches", "value": *random.pick(&URL_PATTERNS) })
        }
        _ => {
            // printf 'salt\x1fana' | sha256sum | cut -c1-32, and so for `pro` and `7`.
            let hashes = [HASH_OF_ANA, HASH_OF_PRO, HASH_OF_7];
            let attribute = *random.pick(&["mixed", "plan", "account"]);
            let operand = json!({ "salt": "salt", "hashes": hashes });
            json!({ "attribute": attribute, "op": "equalsHashed", "value": operand })
        }
    }
}

const HASH_OF_ANA: &str = "9ffc5eb13cfeb3d87ae7192158989c2f";
const HASH_OF_PRO: &str = "e47422c82c7bd1ed169085c683453d3e";
const HASH_OF_7: &str = "3eb6cbf40ecd7392ab4744e64526d47a";
