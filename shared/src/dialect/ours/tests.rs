use super::super::{Foreign, Source, View};
use super::{NOW, knows};
use crate::compile::compile;
use crate::context::{Attribute, EvaluationContext};
use crate::dialect;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;

/// Friday, 20 November 2026, 12:00 in UTC.
const AT: UnixMillis = UnixMillis(1_795_176_000_000);

fn value(json: &str) -> Value {
    crate::wire::read(json).expect("JSON").value
}

fn source(op: &str, attribute: &str, operand: &str) -> Source {
    Source {
        dialect: super::NAME.into(),
        op: op.into(),
        attribute: Some(Attribute::named(attribute)),
        value: value(operand),
    }
}

#[track_caller]
fn check(op: &str, operand: &str, attribute: &str, expected: bool) {
    let test = Foreign::new(source(op, "a", operand), dialect::test).expect("a test");
    let context = EvaluationContext::new().with("a", value(attribute));
    let view = View {
        context: &context,
        at: AT,
        draw: 0,
    };
    let truth = test.code().holds(&view);
    assert_eq!(
        truth,
        Ok(Truth::from(expected)),
        "{attribute} {op} {operand}"
    );
}

#[track_caller]
fn refuse(op: &str, operand: &str, part: &str) {
    let error = Foreign::new(source(op, "a", operand), dialect::test).unwrap_err();
    assert!(error.to_string().contains(part), "{op} {operand}: {error}");
}

#[test]
fn types_sizes_and_numbers() {
    check("isNull", "null", "null", true);
    check("isNull", "null", "0", false);
    check("isEmpty", "null", r#""""#, true);
    check("isEmpty", "null", "[]", true);
    check("isEmpty", "null", "{}", true);
    check("isEmpty", "null", "0", false);
    check("hasType", r#""list""#, "[1]", true);
    check("hasType", r#""number""#, r#""1""#, false);
    refuse("hasType", r#""integer""#, "one of null");
    check("between", "[1, 3]", "1", true);
    check("between", "[1, 3]", "3", true);
    check("between", "[1, 3]", "3.1", false);
    refuse("between", "[3, 1]", "lowest");
    check("modulo", r#"{"divisor":10,"remainder":3}"#, "-7", true);
    check("modulo", r#"{"divisor":10,"remainder":3}"#, "14", false);
    refuse("modulo", r#"{"divisor":0,"remainder":0}"#, "divisor");
    check("sizeEquals", "2", r#""añ""#, true);
    check("sizeAtLeast", "2", "[1]", false);
    check("sizeAtMost", "2", r#"{"x":1}"#, true);
    check("sizeAtMost", "2", "1", false);
    refuse("sizeEquals", "-1", "whole number");
}

#[test]
fn lists_as_sets() {
    check("containsAny", "[1, 9]", "[1, 2]", true);
    check("containsAny", "[9]", "[1, 2]", false);
    check("containsAny", "[1]", "1.0", true);
    check("containsAll", "[1, 2]", "[2, 3, 1]", true);
    check("containsAll", "[1, 2]", "[2]", false);
    check("supersetOf", "[1]", "[2, 1]", true);
    check("subsetOf", "[1, 2]", "[1, 1]", true);
    check("subsetOf", "[1, 2]", "[1, 3]", false);
    check("setEquals", "[1, 2]", "[2, 1, 2]", true);
    check("setEquals", "[1, 2]", "[1]", false);
}

#[test]
fn elements_of_lists() {
    let cart = r#"[{"sku":"a","price":5},{"sku":"b","price":20}]"#;
    let dear = r#"{"member":"price","op":"greaterThan","value":10}"#;
    let dear_a = r#"[{"member":"price","op":"greaterThan","value":10},
                     {"member":"sku","op":"equals","value":"a"}]"#;
    check("anyElement", dear, cart, true);
    check("everyElement", dear, cart, false);
    check("anyElement", dear_a, cart, false);
    check(
        "anyElement",
        r#"{"member":"sku","op":"notEquals","value":"a"}"#,
        cart,
        true,
    );
    check(
        "anyElement",
        r#"{"op":"between","value":[2,3]}"#,
        "[1, 2]",
        true,
    );
    let loud = r#"{"op":"in","value":["PRO","Team"],"ignoreCase":true}"#;
    check("anyElement", loud, r#"["free", "pro"]"#, true);
    check("everyElement", loud, r#"["TEAM", "Pro"]"#, true);
    check("everyElement", loud, r#"["TEAM", "prof"]"#, false);
    let not_loud = r#"{"op":"notEquals","value":"PRO","ignoreCase":true}"#;
    check("anyElement", not_loud, r#"["pro"]"#, false);
    let quiet = r#"{"op":"equals","value":"PRO","ignoreCase":false}"#;
    check("anyElement", quiet, r#"["pro"]"#, false);
    let parts = r#"{"op":"contains","value":["x","r"]}"#;
    check("anyElement", parts, r#"["free", "pro"]"#, true);
    check("everyElement", parts, r#"["free", "pro", "a"]"#, false);
    let pattern = r#"{"op":"matches","value":"^P","ignoreCase":true}"#;
    check("anyElement", pattern, r#"["pro"]"#, true);
    for op in ["between", "greaterThan", "anyElement"] {
        let part = format!(r#"{{"op":"{op}","value":[1,2],"ignoreCase":true}}"#);
        let message = format!("\"{op}\" knows no case; texts");
        refuse("anyElement", &part, &message);
    }
    let part = r#"{"op":"equals","value":"a","ignoreCase":"yes"}"#;
    refuse("anyElement", part, "\"ignoreCase\" is true or false");
    let part = r#"{"op":"equals","value":"a","mebmer":"sku"}"#;
    refuse("anyElement", part, "\"mebmer\"");
    check("everyElement", dear, "[]", true);
    check("anyElement", dear, "7", false);
    let deep = |levels: usize| {
        let (open, close) = (r#"{"op":"anyElement","value":"#, "}");
        format!("{}{dear}{}", open.repeat(levels), close.repeat(levels))
    };
    let at_limit = super::elements::DEPTH_MAX - 1;
    let nested = format!("{}[[[[]]]]{}", "[", "]");
    check("anyElement", &deep(at_limit), &nested, false);
    refuse("anyElement", &deep(at_limit + 1), "deeper");
    refuse("anyElement", r#"{"op":"x"}"#, "unknown operator");
}

#[test]
fn addresses_in_networks() {
    check("inNetwork", r#""10.0.0.0/8""#, r#""10.1.2.3""#, true);
    check("inNetwork", r#""10.0.0.0/8""#, r#""11.0.0.1""#, false);
    check("inNetwork", r#"["192.168.1.7"]"#, r#""192.168.1.7""#, true);
    check("inNetwork", r#""0.0.0.0/0""#, r#""255.0.0.1""#, true);
    check("inNetwork", r#""10.0.0.0/8""#, r#""::ffff:10.0.0.1""#, true);
    check(
        "inNetwork",
        r#""2001:db8::/32""#,
        r#""2001:db8:1::1""#,
        true,
    );
    check("inNetwork", r#""2001:db8::/32""#, r#""2001:db9::1""#, false);
    check("inNetwork", r#""::/0""#, r#""::1""#, true);
    refuse("inNetwork", r#""10.0.0.0/33""#, "no network");
    refuse("inNetwork", r#""nowhere""#, "no network");
}

#[test]
fn values_by_their_hash() {
    // Worked out with another implementation: SHA-256 of "s", 0x1F, "ana@acme.test".
    let operand = r#"{"salt":"s","hashes":["HASH"]}"#;
    let hash = crate::named::hash("s", "ana@acme.test");
    let operand = operand.replace("HASH", &hash);
    check("equalsHashed", &operand, r#""ana@acme.test""#, true);
    check("equalsHashed", &operand, r#""eve@acme.test""#, false);
    refuse("equalsHashed", r#"{"salt":"s"}"#, "hashes");
}

#[test]
fn addresses_by_pattern() {
    let check = |pattern: &str, url: &str, expected| {
        check(
            "urlMatches",
            &format!("{pattern:?}"),
            &format!("{url:?}"),
            expected,
        );
    };
    check(
        "https://*.acme.test/p/*",
        "https://Shop.Acme.test/p/7?x=1#top",
        true,
    );
    check(
        "https://*.acme.test/p/*",
        "http://shop.acme.test/p/7",
        false,
    );
    check("acme.test/p", "http://acme.test/p/", true);
    check("acme.test/p", "http://acme.test/p/q", false);
    check("/p/*", "https://acme.test/p/7", true);
    check("/", "https://acme.test", true);
    check("acme.test/*?ref=*", "https://acme.test/a?ref=b", true);
    check("acme.test/*?ref=*", "https://acme.test/a", false);
    check("*a*a*a*b", &"a".repeat(900), false);
    let long = |bytes: usize| format!("\"{}\"", "a".repeat(bytes));
    refuse(
        "urlMatches",
        &long(super::url::PATTERN_BYTES_MAX + 1),
        "at most",
    );
    super::check("urlMatches", &value(&long(super::url::PATTERN_BYTES_MAX))).expect("at the limit");
}

#[test]
fn versions_strict_and_lenient() {
    check(
        "versionIn",
        r#"["1.2.3","2.0.0"]"#,
        r#""2.0.0+build""#,
        true,
    );
    check("versionIn", r#"["1.2.3"]"#, r#""v1.2.3""#, false);
    check(
        "versionIn",
        r#"{"versions":["1.2"],"lenient":true}"#,
        r#""v1.02.0""#,
        true,
    );
    check(
        "versionBetween",
        r#"["1.0.0","2.0.0"]"#,
        r#""2.0.0-rc.1""#,
        true,
    );
    check(
        "versionBetween",
        r#"["1.0.0","2.0.0"]"#,
        r#""2.0.1""#,
        false,
    );
    check(
        "versionBetween",
        r#"{"versions":["1","2"],"lenient":true}"#,
        "1.5",
        true,
    );
    let lenient = r#"{"version":"1.2","lenient":true}"#;
    check("versionGreaterOrEqual", lenient, r#""v1.2""#, true);
    check("versionGreaterThan", lenient, r#""1.2""#, false);
    check("versionLessThan", lenient, "1.1", true);
    check("versionLessOrEqual", lenient, r#"["x", "1.2"]"#, true);
    check("versionEquals", r#"{"version":"1.2.0"}"#, r#""1.2""#, false);
    check(
        "versionMatches",
        r#"{"range":"~1.2","lenient":true}"#,
        r#""1.2""#,
        true,
    );
    refuse("versionEquals", r#"{"lenient":true}"#, "version");
    refuse(
        "versionEquals",
        r#"{"version":"1.2"}"#,
        "no semantic version",
    );
    refuse("versionMatches", r#"{"range":"~x"}"#, "no version range");
    refuse("versionMatches", r#"{"range":1}"#, "range such as");
    refuse("versionIn", r#"["1.2"]"#, "no semantic version");
    refuse("versionBetween", r#"["1.0.0"]"#, "two versions");
}

#[test]
fn moments() {
    let window = r#"{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"}"#;
    check("timeBetween", window, r#""2026-11-01T00:00:00Z""#, true);
    check("timeBetween", window, r#""2026-12-01T00:00:00Z""#, false);
    let seconds = format!(r#"{{"value":{window},"unit":"seconds"}}"#);
    check("timeBetween", &seconds, "1795176000", true);
    check("withinLast", r#""7d""#, r#""2026-11-14T12:00:00Z""#, true);
    check("withinLast", r#""7d""#, r#""2026-11-13T11:59:59Z""#, false);
    check("withinLast", r#""7d""#, r#""2026-11-21T00:00:00Z""#, false);
    check(
        "withinNext",
        r#""1d 12h""#,
        r#""2026-11-21T23:00:00Z""#,
        true,
    );
    check("olderThan", r#""1w""#, r#""2026-11-13T11:59:59Z""#, true);
    check(
        "before",
        r#"{"value":"2026-11-20T12:00:01Z","unit":"seconds"}"#,
        "1795176000",
        true,
    );
    refuse("withinLast", r#""soon""#, "span");
    refuse("withinLast", r#""9999999999999999w""#, "span");
    refuse("timeBetween", r#"{"value":{},"unit":"days"}"#, "unit");
}

#[test]
fn the_clock_in_utc_and_in_a_zone() {
    check("dayOfWeek", r#"["friday"]"#, "1795176000000", true);
    check("dayOfWeek", r#"["saturday"]"#, "1795176000000", false);
    check("dayOfWeek", r#"["wednesday"]"#, "-1", true);
    check(
        "timeOfDay",
        r#"{"from":"12:00","to":"12:01"}"#,
        "1795176000000",
        true,
    );
    check(
        "timeOfDay",
        r#"{"from":"22:00","to":"06:00"}"#,
        r#""2026-11-20T23:00:00Z""#,
        true,
    );
    check(
        "timeOfDay",
        r#"{"from":"22:00","to":"06:00"}"#,
        r#""2026-11-20T07:00:00Z""#,
        false,
    );
    let zoned =
        r#"{"from":"13:00","to":"13:01","timeZone":"X","offsets":[[0,0],[1795000000000,3600000]]}"#;
    check("timeOfDay", zoned, "1795176000000", true);
    refuse("timeOfDay", r#"{"from":"9","to":"17:00"}"#, "from");
    refuse("timeOfDay", r#"{"from":"09:00","to":"25:00"}"#, "to");
    refuse("dayOfWeek", r#"["freitag"]"#, "days");
    refuse(
        "timeOfDay",
        r#"{"from":"09:00","to":"17:00","timeZone":"Europe/Madrid"}"#,
        "laid out",
    );
}

#[test]
fn the_moment_of_evaluation_is_an_attribute() {
    let test = Foreign::new(source("dayOfWeek", NOW, r#"["friday"]"#), dialect::test);
    let context = EvaluationContext::new();
    let view = View {
        context: &context,
        at: AT,
        draw: 0,
    };
    assert_eq!(test.expect("a test").code().holds(&view), Ok(Truth::Yes));
}

/// Compiles a condition and says what there is to say.
fn compiled(condition: &str) -> String {
    let document = format!(
        r#"{{"schemaVersion":1,"flags":{{"f":{{"type":"boolean","status":"enabled",
           "variants":{{"on":{{"value":true}}}},
           "rules":[{{"when":{condition},"serve":{{"variant":"on"}}}}]}}}}}}"#
    );
    let diagnostics = compile(document.as_bytes()).expect("a ruleset").diagnostics;
    diagnostics
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[test]
fn conditions_take_these_operators_and_their_contraries() {
    assert_eq!(
        compiled(r#"{"attribute":"ip","op":"inNetwork","value":"10.0.0.0/8"}"#),
        ""
    );
    assert_eq!(
        compiled(r#"{"attribute":"ip","op":"notInNetwork","value":"10.0.0.0/8"}"#),
        ""
    );
    assert_eq!(
        compiled(
            r#"{"attribute":"t","op":"before",
                "value":{"value":"2026-01-01T00:00:00Z","unit":"seconds"}}"#
        ),
        ""
    );
    let case =
        compiled(r#"{"attribute":"tags","op":"notContainsAny","value":["a"],"ignoreCase":true}"#);
    assert!(
        case.contains("/ignoreCase") && case.contains("knows no case"),
        "{case}"
    );
    let unknown = compiled(r#"{"attribute":"ip","op":"notKnown","value":1}"#);
    assert!(
        unknown.contains("unknown operator") && unknown.contains("inNetwork"),
        "{unknown}"
    );
    assert!(knows("between") && !knows("Between"));
}

#[cfg(feature = "pointers")]
#[test]
fn the_moment_of_evaluation_has_no_unit() {
    for (attribute, expected) in [
        ("\"$now\"", true),
        ("[\"$now\"]", true),
        ("\"seen\"", false),
    ] {
        let value = r#"{"value":"2026-03-01","unit":"seconds"}"#;
        let condition = format!(r#"{{"attribute":{attribute},"op":"before","value":{value}}}"#);
        let refused = compiled(&condition).contains("leave the \"unit\" out");
        assert_eq!(refused, expected, "{attribute}");
    }
}

#[cfg(feature = "pointers")]
#[test]
fn zones_are_laid_out_when_a_document_is_compiled() {
    let condition = |zone: &str| {
        format!(
            r#"{{"attribute":"$now","op":"timeOfDay",
                "value":{{"from":"13:00","to":"13:01","timeZone":"{zone}"}}}}"#
        )
    };
    assert_eq!(compiled(&condition("Europe/Madrid")), "");
    assert!(compiled(&condition("Europe/Nowhere")).contains("unknown time zone"));
}
