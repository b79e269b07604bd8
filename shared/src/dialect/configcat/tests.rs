use super::test;
use crate::bucketing::{Bucketing, OnMissing};
use crate::context::{Attribute, EvaluationContext};
use crate::dialect::method::Method;
use crate::dialect::{Source, View};
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
use serde_json::{Value as Json, json};

fn value(json: Json) -> Value {
    serde_json::from_value(json).unwrap()
}

fn source(op: &str, attribute: Option<&str>, operand: Json) -> Source {
    Source {
        dialect: "configcat".into(),
        op: op.into(),
        attribute: attribute.map(Attribute::named),
        value: value(operand),
    }
}

fn truth(op: &str, attribute: Json, operand: Json) -> Truth {
    let test = test(&source(op, Some("a"), operand)).unwrap();
    let mut context = EvaluationContext::new();
    context.set("a", value(attribute));
    let view = View {
        context: &context,
        at: UnixMillis(0),
        draw: 0,
    };
    test.holds(&view).unwrap()
}

/// The comparator and its negation, which is the contrary unless neither can be told.
#[track_caller]
fn pair((op, negated): (&str, &str), attribute: Json, operand: Json, expected: Truth) {
    assert_eq!(
        truth(op, attribute.clone(), operand.clone()),
        expected,
        "{op}"
    );
    assert_eq!(
        truth(negated, attribute, operand),
        expected.negated(),
        "{negated}"
    );
}

const EQUALS: (&str, &str) = ("EQUALS", "NOT EQUALS");
const ONE_OF: (&str, &str) = ("IS ONE OF", "IS NOT ONE OF");
const STARTS: (&str, &str) = ("STARTS WITH ANY OF", "NOT STARTS WITH ANY OF");
const ENDS: (&str, &str) = ("ENDS WITH ANY OF", "NOT ENDS WITH ANY OF");
const CONTAINS: (&str, &str) = ("CONTAINS ANY OF", "NOT CONTAINS ANY OF");
const ARRAY: (&str, &str) = ("ARRAY CONTAINS ANY OF", "ARRAY NOT CONTAINS ANY OF");
const VERSION: (&str, &str) = ("IS ONE OF (semver)", "IS NOT ONE OF (semver)");
const NUMBER: (&str, &str) = ("= (number)", "!= (number)");

#[test]
fn texts_are_compared_as_they_are() {
    pair(EQUALS, json!("x"), json!("x"), Truth::Yes);
    pair(EQUALS, json!(" x"), json!("x"), Truth::No);
    pair(ONE_OF, json!("b"), json!(["a", "b"]), Truth::Yes);
    pair(ONE_OF, json!("B"), json!(["a", "b"]), Truth::No);
    pair(ONE_OF, json!("b"), json!([]), Truth::No);
    pair(STARTS, json!("ñandú"), json!(["x", "ñ"]), Truth::Yes);
    pair(STARTS, json!("ñandú"), json!(["an"]), Truth::No);
    pair(ENDS, json!("ñandú"), json!(["ú"]), Truth::Yes);
    pair(ENDS, json!("ñandú"), json!(["nd", "ññandú"]), Truth::No);
    pair(CONTAINS, json!("a@b.org"), json!(["x", "@b"]), Truth::Yes);
    pair(CONTAINS, json!("a@b.org"), json!(["@c"]), Truth::No);
}

#[test]
fn other_types_are_texts_as_javascript_prints_them() {
    pair(EQUALS, json!(1.0), json!("1"), Truth::Yes);
    pair(EQUALS, json!(1e21), json!("1e+21"), Truth::Yes);
    pair(EQUALS, json!(1e-7), json!("1e-7"), Truth::Yes);
    pair(EQUALS, json!(true), json!("true"), Truth::Yes);
    pair(
        EQUALS,
        json!(["a", " b\""]),
        json!("[\"a\",\" b\\\"\"]"),
        Truth::Yes,
    );
    pair(EQUALS, json!({"a": 1}), json!("{\"a\":1}"), Truth::Unknown);
}

#[test]
fn what_is_missing_or_empty_cannot_be_told() {
    for missing in [json!(null), json!("")] {
        for (comparator, operand) in [
            (EQUALS, json!("")),
            (ONE_OF, json!([""])),
            (STARTS, json!([""])),
            (ENDS, json!([""])),
            (CONTAINS, json!([""])),
            (ARRAY, json!([""])),
            (VERSION, json!(["1.0.0"])),
            (NUMBER, json!(1)),
        ] {
            pair(comparator, missing.clone(), operand, Truth::Unknown);
        }
    }
}

#[test]
fn numbers_are_trimmed_and_may_have_a_comma() {
    pair(NUMBER, json!(" 2,5 "), json!(2.5), Truth::Yes);
    pair(NUMBER, json!(2.5), json!(2.5), Truth::Yes);
    pair(NUMBER, json!("-1e3"), json!(-1000), Truth::Yes);
    pair(NUMBER, json!("NaN"), json!(1), Truth::No);
    for none in ["two", "nan", "inf", "infinity", "1 2", "1.2.3", "0x10", " "] {
        pair(NUMBER, json!(none), json!(1), Truth::Unknown);
    }
    pair(NUMBER, json!(true), json!(1), Truth::Unknown);
    pair(NUMBER, json!([1]), json!(1), Truth::Unknown);
    let check = |op, attribute, operand, expected: bool| {
        assert_eq!(truth(op, attribute, operand), expected.into(), "{op}");
    };
    check("< (number)", json!("-Infinity"), json!(-1e300), true);
    check("<= (number)", json!(2), json!(2), true);
    check("> (number)", json!("+Infinity"), json!(1e300), true);
    check(">= (number)", json!("NaN"), json!(0), false);
    check("> (number)", json!(2), json!(2), false);
    check(
        "BEFORE",
        json!(" 1680307199.999 "),
        json!(1_680_307_200),
        true,
    );
    check("BEFORE", json!(1_680_307_200), json!(1_680_307_200), false);
    check("AFTER", json!(1_680_307_200.5), json!(1_680_307_200), true);
    check("AFTER", json!("NaN"), json!(0), false);
}

#[test]
fn versions_are_strict_and_one_invalid_item_spoils_a_list() {
    pair(
        VERSION,
        json!(" 1.0.0+build "),
        json!(["", " ", " 1.0.0 "]),
        Truth::Yes,
    );
    pair(VERSION, json!("1.0.0-rc"), json!(["1.0.0"]), Truth::No);
    pair(VERSION, json!("1.0"), json!(["1.0.0"]), Truth::Unknown);
    pair(VERSION, json!(1), json!(["1.0.0"]), Truth::Unknown);
    for op in [VERSION.0, VERSION.1] {
        assert_eq!(
            truth(op, json!("1.0.0"), json!(["1.0.0", "1."])),
            Truth::No,
            "{op}"
        );
    }
    let check = |op, attribute, operand, expected: bool| {
        assert_eq!(
            truth(op, json!(attribute), json!(operand)),
            expected.into(),
            "{op}"
        );
    };
    check("< (semver)", "1.9.1-2", " 1.9.1-10 ", true);
    check("< (semver)", "1.9.1-10a", "1.9.1-10", false);
    check("<= (semver)", "1.0.0+a", "1.0.0+b", true);
    check("> (semver)", "1.0.0", "1.0.0-rc", true);
    check(">= (semver)", "1.0.0", "soon", false);
    check("< (semver)", "1.0.0", "soon", false);
    assert_eq!(
        truth("< (semver)", json!("soon"), json!("soon")),
        Truth::Unknown
    );
}

#[test]
fn lists_may_be_written_as_json() {
    pair(ARRAY, json!(["x", "y"]), json!(["y", "z"]), Truth::Yes);
    pair(ARRAY, json!("[\"x\", \"y\"]"), json!(["y"]), Truth::Yes);
    pair(ARRAY, json!([" y"]), json!(["y"]), Truth::No);
    pair(ARRAY, json!([]), json!(["y"]), Truth::No);
    for none in [
        json!("x, y"),
        json!("{}"),
        json!([1]),
        json!("[1]"),
        json!(7),
    ] {
        pair(ARRAY, none, json!(["y"]), Truth::Unknown);
    }
}

/// Hashes worked out with Python's `hashlib`: SHA-256 of value, `pepper` and `flag`.
#[test]
fn secret_comparands_are_compared_by_hash() {
    const ANA: &str = "58cd0c315e584775a78bf5b016ba1220e33c8c68ecc97dbf3bca89bfda36413c";
    const ONE: &str = "5b414c4196a588f70242075b54697a3f61da41eb9d3869d27f6af15be1c224e6";
    const START: &str = "4_d81b342a32e39e3e8bdc36807dbc597dec1b80259715c68073ed406f53d88257";
    const CUT: &str = "2_f38a1e1ce0309a5c0d7b3d378fb2c54a959b71d43cbaf18c0df5b3ea8939164d";
    const END: &str = "6_7947d1ec68b85771fa89652ee6faeccfe859211b20fc154b6385cdaed7dd1ddc";
    let operand = |hashes: &[&str]| json!({"salt": "pepperflag", "hashes": hashes});
    let equals = ("EQUALS (hashed)", "NOT EQUALS (hashed)");
    let one_of = ("IS ONE OF (hashed)", "IS NOT ONE OF (hashed)");
    let array = (
        "ARRAY CONTAINS ANY OF (hashed)",
        "ARRAY NOT CONTAINS ANY OF (hashed)",
    );
    let starts = (
        "STARTS WITH ANY OF (hashed)",
        "NOT STARTS WITH ANY OF (hashed)",
    );
    let ends = ("ENDS WITH ANY OF (hashed)", "NOT ENDS WITH ANY OF (hashed)");
    pair(equals, json!("ana"), operand(&[ANA]), Truth::Yes);
    pair(equals, json!("ana "), operand(&[ANA]), Truth::No);
    pair(one_of, json!(1.0), operand(&[ANA, ONE]), Truth::Yes);
    let shouted = ANA.to_ascii_uppercase();
    pair(
        one_of,
        json!("ana"),
        operand(&[&shouted, "ana", &format!(" {ANA}")]),
        Truth::No,
    );
    pair(array, json!(["bob", "ana"]), operand(&[ANA]), Truth::Yes);
    pair(array, json!("[\"bob\"]"), operand(&[ANA]), Truth::No);
    pair(array, json!("ana"), operand(&[ANA]), Truth::Unknown);
    pair(
        starts,
        json!("aña@x.org"),
        operand(&[END, START]),
        Truth::Yes,
    );
    // A part may end inside a character.
    pair(starts, json!("aña@x.org"), operand(&[CUT]), Truth::Yes);
    pair(starts, json!("añ"), operand(&[START]), Truth::No);
    pair(
        starts,
        json!("aña@x.org"),
        operand(&[&format!(" {START}")]),
        Truth::Yes,
    );
    pair(
        starts,
        json!("aña@x.org"),
        operand(&[&format!("{START} ")]),
        Truth::No,
    );
    pair(ends, json!("aña@x.org"), operand(&[END]), Truth::Yes);
    pair(ends, json!("@x.org."), operand(&[END]), Truth::No);
    pair(ends, json!(""), operand(&[END]), Truth::Unknown);
}

#[test]
fn what_makes_no_sense_fails_where_it_is_looked_at() {
    let holds = |attribute, context: &EvaluationContext| {
        let test = test(&source("fails", attribute, json!("why"))).unwrap();
        let view = View {
            context,
            at: UnixMillis(0),
            draw: 0,
        };
        test.holds(&view).map_err(|failure| failure.detail)
    };
    let nobody = EvaluationContext::new();
    let somebody = EvaluationContext::new().with("a", "x");
    assert_eq!(holds(None, &nobody), Err("why".into()));
    assert_eq!(holds(Some("a"), &nobody), Ok(Truth::Unknown));
    assert_eq!(holds(Some("a"), &somebody), Err("why".into()));
}

#[test]
fn faulty_conditions_are_refused() {
    let refused = |op: &str, operand| test(&source(op, Some("a"), operand)).is_err();
    assert!(refused("IS", json!("x")));
    assert!(refused("~ (number)", json!(1)));
    assert!(refused("<", json!(1)));
    assert!(refused("EQUALS", json!(1)));
    assert!(refused("IS ONE OF", json!("x")));
    assert!(refused("IS ONE OF (semver)", json!([1])));
    assert!(refused("> (number)", json!("1")));
    assert!(refused("EQUALS (hashed)", json!(["x"])));
    assert!(refused(
        "ENDS WITH ANY OF (hashed)",
        json!({"salt": "s", "hashes": ["x"]})
    ));
    assert!(refused(
        "ENDS WITH ANY OF (hashed)",
        json!({"salt": "s", "hashes": ["x_y"]})
    ));
    assert!(refused("fails", json!(1)));
    assert!(test(&source("EQUALS", None, json!("x"))).is_err());
    assert!(refused("IS ONE OF", json!(vec!["x"; 10_001])));
    assert!(!refused("IS ONE OF", json!(vec!["x"; 10_000])));
}

/// Worked out with Python's `hashlib`: seven digits of SHA-1 modulo 100.
#[test]
fn percentages_are_drawn_as_published() {
    let bucketing = Bucketing {
        method: Method::ConfigCat,
        scale: 100,
        by: [Attribute::named("a")].into(),
        on_missing: OnMissing::Misses,
        ..Bucketing::by_targeting_key("flag")
    };
    let check = |attribute: Json, expected: Option<u64>| {
        let mut context = EvaluationContext::new();
        context.set("a", value(attribute));
        let bucket = bucketing.bucket(&context, 0).ok();
        assert_eq!(bucket.map(crate::bucketing::Bucket::index), expected);
    };
    check(json!("ana"), Some(6));
    check(json!(""), Some(41));
    check(json!("aña"), Some(27));
    check(json!(["a", "b"]), Some(98));
    check(json!(12.5), Some(82));
    check(json!(true), Some(14));
    check(json!(null), None);
}
