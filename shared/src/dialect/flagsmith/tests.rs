use super::*;
use crate::context::EvaluationContext;
use crate::time::UnixMillis;

fn holds(op: &str, value: Value, context: &EvaluationContext, name: Option<&str>) -> bool {
    let source = Source {
        dialect: "flagsmith".into(),
        op: op.into(),
        attribute: name.map(Attribute::named),
        value,
    };
    let view = View {
        context,
        at: UnixMillis(0),
        draw: 0,
    };
    let test = test(&source).expect("a known operator");
    test.holds(&view).expect("it never fails") == Truth::Yes
}

#[track_caller]
fn check(op: &str, found: impl Into<Value>, value: impl Into<Value>, expected: bool) {
    let context = EvaluationContext::new().with("a", found);
    assert_eq!(holds(op, value.into(), &context, Some("a")), expected);
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter();
    Value::Object(members.map(|(name, value)| (name.into(), value)).collect())
}

#[test]
fn operands_take_the_type_of_what_is_found() {
    check("EQUAL", "bar", "bar", true);
    check("EQUAL", 1, "1", true);
    check("EQUAL", 1, "1.0", false);
    check("EQUAL", 1.0, "1", true);
    check("EQUAL", "1.50", "1.5", true);
    check("EQUAL", "12", " 12 ", true);
    check("EQUAL", "0x1", "0x1", true);
    check("EQUAL", true, "yes", true);
    check("EQUAL", false, "false", true);
    check("EQUAL", false, "0", false);
    check("EQUAL", 1, "True", false);
    check("EQUAL", Value::Null, "None", false);
    check("EQUAL", Value::List([1.into()].into()), "[1]", false);
    check("NOT_EQUAL", "a", "b", true);
    check("NOT_EQUAL", 5, "x", false);
    check("NOT_EQUAL", 5, "6", true);
    check("NOT_EQUAL", 5.0, "nan", true);
    check("EQUAL", 5.0, "nan", false);
}

#[test]
fn orders() {
    check("GREATER_THAN", 3, "2", true);
    check("GREATER_THAN", 2.1, "2.1", false);
    check("GREATER_THAN_INCLUSIVE", "21", "21", true);
    check("LESS_THAN", 2.0, "2.1", true);
    check("LESS_THAN", 2, "2.1", false);
    check("LESS_THAN_INCLUSIVE", "a", "b", true);
    check("GREATER_THAN", true, "false", true);
    check("LESS_THAN", "10", "9", false);
    let huge = Value::Number(Number::Unsigned(u64::MAX));
    check("GREATER_THAN", huge, "18446744073709551614", true);
}

#[test]
fn versions_need_to_be_marked() {
    check("EQUAL", "1.0.0", "1.0.0:semver", true);
    check("EQUAL", "1.0.0+b", "1.0.0:semver", true);
    check("NOT_EQUAL", "1.0.1", "1.0.0:semver", true);
    check("NOT_EQUAL", "v1", "1.0.0:semver", false);
    check("GREATER_THAN", "1.10.0", "1.9.0:semver", true);
    check("GREATER_THAN", "1.10.0", "1.9.0", false);
    check("LESS_THAN_INCLUSIVE", "1.0.0-rc.1", "1.0.0:semver", true);
    check("LESS_THAN", "1.0.0", "2:semver", false);
    check("LESS_THAN", 1, "2.0.0:semver", false);
}

#[test]
fn texts() {
    check("CONTAINS", "abc", "b", true);
    check("CONTAINS", 123, "2", false);
    check("CONTAINS", "123", "2", false);
    check("NOT_CONTAINS", "abc", "x", true);
    check("NOT_CONTAINS", 123, "x", false);
    check("NOT_CONTAINS", Value::Null, "x", false);
    check("REGEX", "foo", "[a-z]+", true);
    check("REGEX", "FOO", "[a-z]+", false);
    check("REGEX", "1foo", "[a-z]+", false);
    check("REGEX", "foo1", "[a-z]+", true);
    check("REGEX", 123, r"\d*[13579]$", true);
    check("REGEX", 1.0, r"1\.0$", true);
    check("REGEX", true, "True|x", true);
    check("REGEX", "x", "(?=x)", false);
    check("REGEX", "ba", "a|b", true);
}

#[test]
fn lists() {
    let list = |items: &[&str]| Value::List(items.iter().map(|item| (*item).into()).collect());
    check("IN", "b", list(&["a", "b"]), true);
    check("IN", "b", list(&["ab"]), false);
    check("IN", 1, list(&["1"]), true);
    check("IN", "01", list(&["01"]), false);
    check("IN", 1.5, list(&["1.5"]), false);
    check("IN", true, list(&["True", "true", "1"]), false);
    check("IN", Value::Null, list(&["None"]), false);
}

#[test]
fn modulo_rounds_down() {
    check("MODULO", 35.0, "4|3", true);
    check("MODULO", 34.2, "4|3", false);
    check("MODULO", "2", "2|0", true);
    check("MODULO", -1, "4|3", true);
    check("MODULO", 1, "-4|-3", true);
    check("MODULO", true, "2|1", true);
    check("MODULO", "x", "2|0", false);
    check("MODULO", 1, "", false);
    check("MODULO", 1, "invalid|value", false);
    check("MODULO", 1, "0|0", false);
    check("MODULO", 1, "1|0|0", false);
}

#[test]
fn presence() {
    check("IS_SET", "", "", true);
    check("IS_SET", Value::Null, "", false);
    check("IS_SET", object([]), "", false);
    check("IS_NOT_SET", Value::Null, "", true);
    check("IS_NOT_SET", 0, "", false);
}

#[test]
fn a_place_is_a_trait_then_a_path_then_what_is_put_together_or_constant() {
    let ana = EvaluationContext::new()
        .with_targeting_key("ana")
        .with("identity", object([("key", "k".into())]))
        .with("$.x", "named");
    let at = |op: &str, name: &str, value| holds(op, value, &ana, Some(name));
    let path = |names: &[&str]| Value::List(names.iter().map(|name| (*name).into()).collect());
    let key = |wanted: &str, name: &str| {
        object([
            ("value", wanted.into()),
            ("path", path(&["identity", name])),
            ("joined", "env_".into()),
        ])
    };
    assert!(at("EQUAL", "$.x", key("named", "key")));
    assert!(at("EQUAL", "$.identity.key", key("k", "key")));
    assert!(at("EQUAL", "$.identity.key", key("env_ana", "other")));
    let name = object([("value", "QA".into()), ("constant", "QA".into())]);
    assert!(at("EQUAL", "$.environment.name", name));
    let nowhere = object([("value", "".into())]);
    assert!(at("IS_NOT_SET", "$.nowhere", nowhere));
}

/// MD5 of `seg,ana` modulo 9,999 is 9,904, of `seg,7` 7,154, by `hashlib` in Python.
#[test]
fn shares_draw_the_published_numbers() {
    let split =
        |percentage: &str| object([("value", percentage.into()), ("segment", "seg".into())]);
    check("PERCENTAGE_SPLIT", "ana", split("99.05981196239247"), true);
    check("PERCENTAGE_SPLIT", "ana", split("99.05981196239246"), false);
    check("PERCENTAGE_SPLIT", 7, split("71.55431086217243"), true);
    check("PERCENTAGE_SPLIT", "007", split("71.55431086217243"), true);
    check("PERCENTAGE_SPLIT", "007", split("71.55431086217241"), false);
    check("PERCENTAGE_SPLIT", "ana", split("x"), false);
    check("PERCENTAGE_SPLIT", "ana", split("100"), true);
    check("PERCENTAGE_SPLIT", Value::Null, split("100"), false);
    check("PERCENTAGE_SPLIT", "ana", "100", false);
}

#[test]
fn percentages_become_numbers() {
    assert_eq!(numbers_up_to(100.0), FLAGSMITH_SCALE);
    assert_eq!(numbers_below(100.0), FLAGSMITH_SCALE);
    assert_eq!(numbers_up_to(0.0), 1);
    assert_eq!(numbers_below(0.0), 0);
    assert_eq!((numbers_up_to(50.0), numbers_below(50.0)), (5_000, 4_999));
    assert_eq!(numbers_below(f64::INFINITY), FLAGSMITH_SCALE);
}
