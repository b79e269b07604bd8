use super::query::Query;
use super::test;
use crate::context::Attribute;
use crate::dialect::{Source, View};
use crate::time::UnixMillis;
use crate::value::Value;
use crate::wire::{read, read_context};

const CONTEXT: &str = r#"{"targetingKey":"ana","company":"GO","age":29,"share":1.5,"admin":true,
    "version":"1.10.0","empty":"","none":null,"user":{"plan":"Pro","seats":3,"none":null},
    "tags":["a"]}"#;

fn source(op: &str, value: Value) -> Source {
    Source {
        dialect: "goff".into(),
        op: op.into(),
        attribute: None,
        value,
    }
}

fn holds(source: &Source, context: &str, at: i64) -> bool {
    let context = read_context(context).unwrap();
    let view = View {
        context: &context,
        at: UnixMillis(at),
        draw: 0,
    };
    test(source).unwrap().holds(&view).unwrap().is_yes()
}

#[track_caller]
fn check(query: &str, expected: bool) {
    let source = source("query", query.into());
    assert_eq!(holds(&source, CONTEXT, 0), expected, "{query}");
}

#[test]
fn texts_compare_without_case() {
    check(r#"company eq "go""#, true);
    check(r#"company EQ "x""#, false);
    check(r#"company == "GO""#, true);
    check(r#"company ne "x""#, true);
    check(r#"company != "go""#, false);
    check(r#"company gt "ga""#, true);
    check(r#"company lt "gz""#, true);
    check(r#"company >= "go""#, true);
    check(r#"company <= "ga""#, false);
    check(r#"company co "O""#, true);
    check(r#"company sw "g""#, true);
    check(r#"company ew "g""#, false);
    check(r#"empty eq """#, true);
    check(r#"age eq "29""#, false);
    check(r#"age ne "29""#, false);
    check(r#"absent ne "x""#, false);
    check(r#"company in ["x", "GO"]"#, true);
    check(r#"company IN ["go"]"#, false);
    check(r#"company in "GO""#, false);
    check(r#"company eq ["GO"]"#, false);
}

#[test]
fn numbers_compare_as_numbers() {
    check("age eq 29", true);
    check("age > 28", true);
    check("age ge 30", false);
    check("age ne 28", true);
    check("share eq 1", true);
    check("share eq 1.5", true);
    check("share gt 1.49", true);
    check("age lt 29.5", true);
    check("age lt -1", false);
    check("age in [1,29, 3]", true);
    check("share in [1]", false);
    check("share in [0.5, 1.5]", true);
    check("company eq 1", false);
    check("company ne 1", false);
    check("absent lt 1", false);
    check("user.seats le 3", true);
}

#[test]
fn versions_compare_by_precedence() {
    check("version gt 1.9.0", true);
    check("version eq 1.10.0", true);
    check("version lt 1.10.0-rc.1", false);
    check("version ne 1.10.1", true);
    check("company eq 1.10.0", false);
}

#[test]
fn truths_and_absences() {
    check("admin eq true", true);
    check("admin ne true", false);
    check("company eq true", false);
    check("absent eq null", true);
    check("none eq null", true);
    check("company ne null", true);
    check("company pr", true);
    check("none pr", false);
    check("absent pr", false);
    check(r#"user.plan eq "pro""#, true);
    check("user.none eq null", true);
    check("absent.plan eq null", true);
}

/// The subject is known under two names, and is anonymous only where the context says so.
#[test]
fn every_context_has_a_key() {
    check(r#"key eq "ana""#, true);
    check(r#"targetingKey eq "ana""#, true);
    check("anonymous eq false", true);
    let nobody = |query: &str| holds(&source("query", query.into()), "{}", 0);
    assert!(nobody(r#"key eq """#));
    assert!(nobody("key pr"));
    assert!(!nobody("anonymous eq true"));
    let anonymous = source("query", "anonymous eq true".into());
    assert!(holds(&anonymous, r#"{"anonymous":true}"#, 0));
    assert!(!holds(&anonymous, r#"{"anonymous":"true"}"#, 0));
}

#[test]
fn joints_go_from_left_to_right() {
    check("admin eq true and age eq 29", true);
    check("admin eq false or age eq 29", true);
    check("admin eq true or age eq 0 and age eq 1", false);
    check("admin eq true or (age eq 0 and age eq 1)", true);
    check("not (admin eq true)", false);
    check("NOT(admin eq false)", true);
    check("( admin eq true ) AND\n( age eq 29 )", true);
    check("admin eq false Or age eq 29", true);
}

/// It holds for nobody, negated or not, unless it is never come to.
#[test]
fn what_makes_no_sense_ends_the_query() {
    check("admin gt true", false);
    check("not (admin gt true)", false);
    check("admin gt true or age eq 29", false);
    check("age eq 29 or admin gt true", true);
    check("age co 2", false);
    check("not (age eq 99999999999999999999)", false);
    check("not (age eq 1e2)", false);
    check("not (company.name eq 1)", false);
    check("not (none gt null)", false);
    check("not (version in 1.0.0)", false);
    check("not (absent co \"x\")", true);
    check("not (age in 29)", true);
    check("not (tags eq \"a\")", true);
}

#[test]
fn what_is_no_query_is_refused() {
    for broken in [
        "",
        "age",
        "age eq",
        "age eq29",
        "age==29",
        "eq eq 1",
        "age is 1",
        "age eQ 1",
        "(age eq 1",
        "age eq 1)",
        "age eq 01",
        "age eq 1.",
        "age eq [1,\"a\"]",
        "age eq []",
        "age eq \"x",
        "age eq 1 age eq 2",
        "age eq 1 and",
        "(age eq 1)and age eq 2",
        "not age eq 1",
        "a..b eq 1",
        "ñ eq 1",
        "age eq x",
    ] {
        assert!(Query::read(broken).is_err(), "{broken}");
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let nested = |depth: usize| format!("{}a eq 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::read(&nested(64)).is_ok());
    assert!(Query::read(&nested(65)).is_err());
    let long = |bytes: usize| format!("a eq \"{}\"", "x".repeat(bytes - 7));
    assert!(Query::read(&long(100_000)).is_ok());
    assert!(Query::read(&long(100_001)).is_err());
    let chained = vec!["a eq 1"; 5_000].join(" or ");
    check(&chained, false);
}

#[test]
fn queries_in_jsonlogic() {
    let check = |expression: &str, expected: bool| {
        let value = read::<Value>(expression).unwrap().value;
        let found = holds(&source("jsonlogic", value), CONTEXT, 0);
        assert_eq!(found, expected, "{expression}");
    };
    check(r#"{"==":[{"var":"company"},"GO"]}"#, true);
    check(r#"{"==":[{"var":"key"},"ana"]}"#, true);
    check(r#"{"==":[{"var":"anonymous"},false]}"#, true);
    check(r#"{"in":["a",{"var":"tags"}]}"#, true);
    check(r#"{"var":"empty"}"#, false);
    check(r#"{"var":"tags"}"#, true);
}

/// Shares worked out with an independent program.
#[test]
fn a_progressive_rollout_follows_the_time() {
    let value = r#"{"flag":"salt","start":100,"end":200,"initial":0,"last":100}"#;
    let rollout = source("progressive", read::<Value>(value).unwrap().value);
    let at = |second: i64| holds(&rollout, r#"{"targetingKey":"aña"}"#, second * 1_000);
    // 50,395 of 100,000: reached at the 151st second.
    assert!(!at(99));
    assert!(!at(150));
    assert!(at(151));
    assert!(at(200));
    assert!(at(1_000_000));
    assert!(!holds(&rollout, "{}", 1_000_000));
    let by = Source {
        attribute: Some(Attribute::nested("user", ["name"])),
        ..rollout
    };
    assert!(holds(&by, r#"{"user":{"name":"aña"}}"#, 151_000));
    assert!(!holds(&by, r#"{"user":{}}"#, 1_000_000));
}

#[test]
fn texts_tell_subjects_apart() {
    let source = Source {
        attribute: Some(Attribute::named("company")),
        ..source("text", Value::Null)
    };
    assert!(holds(&source, CONTEXT, 0));
    assert!(!holds(&source, r#"{"company":""}"#, 0));
    assert!(!holds(&source, r#"{"company":1}"#, 0));
    assert!(!holds(&source, "{}", 0));
}
