use super::*;
use crate::context::EvaluationContext;
use crate::time::UnixMillis;
use crate::truth::Truth;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[track_caller]
fn check(op: &str, operand: &str, value: &str, expected: bool) {
    let source = Source {
        dialect: "split".into(),
        op: op.into(),
        attribute: Some(Attribute::named("v")),
        value: json(operand),
    };
    let context = EvaluationContext::new().with("v", json(value));
    let view = View {
        context: &context,
        at: UnixMillis(0),
        draw: 0,
    };
    let answer = test(&source).expect("a matcher").holds(&view);
    assert_eq!(answer, Ok(Truth::from(expected)), "{value} {op} {operand}");
}

#[test]
fn texts() {
    check("ALL_KEYS", "null", r#""x""#, true);
    check("ALL_KEYS", "null", r#""""#, false);
    check("WHITELIST", r#"["b","a"]"#, r#""a""#, true);
    check("WHITELIST", r#"["b","a"]"#, r#""A""#, false);
    check("WHITELIST", r#"["7","true"]"#, "7", true);
    check("WHITELIST", r#"["7","true"]"#, "true", true);
    check("WHITELIST", r#"["", "a"]"#, r#""""#, false);
    check("WHITELIST", r#"["a"]"#, "null", false);
    check("STARTS_WITH", r#"["x","ab"]"#, r#""abc""#, true);
    check("ENDS_WITH", r#"["bc"]"#, r#""abc""#, true);
    check("CONTAINS_STRING", r#"["z","b"]"#, r#""abc""#, true);
    check("CONTAINS_STRING", r#"["z"]"#, r#""abc""#, false);
    check("MATCHES_STRING", r#""b+""#, r#""abbc""#, true);
    check("MATCHES_STRING", r#""^b+""#, r#""abbc""#, false);
    check("MATCHES_STRING", r#""*""#, r#""abbc""#, false);
    check("WHITELIST", r#"["1,x"]"#, r#"[1,"x"]"#, true);
    check("EQUAL_TO_BOOLEAN", "true", r#""TRUE""#, true);
    check("EQUAL_TO_BOOLEAN", "false", "false", true);
    check("EQUAL_TO_BOOLEAN", "false", "0", false);
}

#[test]
fn numbers() {
    let five = r#"{"dataType":"NUMBER","value":5}"#;
    check("EQUAL_TO", five, "5", true);
    check("EQUAL_TO", five, r#"" 5.0 ""#, true);
    check("EQUAL_TO", five, r#""five""#, false);
    check("EQUAL_TO", five, "5.5", false);
    check("GREATER_THAN_OR_EQUAL_TO", five, "5", true);
    check("GREATER_THAN_OR_EQUAL_TO", five, "4.9", false);
    check("LESS_THAN_OR_EQUAL_TO", five, "5", true);
    check("LESS_THAN_OR_EQUAL_TO", five, "5.1", false);
    let between = r#"{"start":-1,"end":1}"#;
    check("BETWEEN", between, "-1", true);
    check("BETWEEN", between, "true", true);
    check("BETWEEN", between, "1.5", false);
    check("BETWEEN", between, r#""""#, true);
    check("BETWEEN", between, "null", false);
    check("BETWEEN", between, "{}", false);
}

/// 1,463,000,000,000 ms is 2016-05-11T20:53:20Z.
#[test]
fn moments_are_cut_off() {
    let at = r#"{"dataType":"DATETIME","value":1463000000000}"#;
    // The day has 86,400,000 ms and began at 1,462,924,800,000.
    check("EQUAL_TO", at, "1462924800000", true);
    check("EQUAL_TO", at, "1462924799999", false);
    check("EQUAL_TO", at, "1463011199999", true);
    check("EQUAL_TO", at, "1463011200000", false);
    // The minute began at 1,462,999,980,000.
    check("GREATER_THAN_OR_EQUAL_TO", at, "1462999980000", true);
    check("GREATER_THAN_OR_EQUAL_TO", at, "1462999979999", false);
    check("LESS_THAN_OR_EQUAL_TO", at, "1463000039999", true);
    check("LESS_THAN_OR_EQUAL_TO", at, "1463000040000", false);
    let between = r#"{"dataType":"DATETIME","start":0,"end":60000}"#;
    check("BETWEEN", between, "119999", true);
    check("BETWEEN", between, "120000", false);
    let from = r#"{"dataType":"DATETIME","value":0}"#;
    let greater = "GREATER_THAN_OR_EQUAL_TO";
    check(greater, from, "8640000000000000", true);
    check(greater, from, "8640000000000001", false);
    check(greater, from, r#""Infinity""#, false);
    let from = r#"{"dataType":"NUMBER","value":0}"#;
    check(greater, from, r#""Infinity""#, true);
    check("BETWEEN", between, "-1", false);
}

#[test]
fn lists() {
    let ab = r#"["a","b"]"#;
    check("EQUAL_TO_SET", ab, r#"["b","a","a"]"#, true);
    check("EQUAL_TO_SET", ab, r#"["a"]"#, false);
    check("CONTAINS_ANY_OF_SET", ab, r#"["x","b"]"#, true);
    check("CONTAINS_ANY_OF_SET", ab, r#"["x"]"#, false);
    check("CONTAINS_ALL_OF_SET", ab, r#"["x","b","a"]"#, true);
    check("CONTAINS_ALL_OF_SET", ab, r#"["x","b"]"#, false);
    check("PART_OF_SET", ab, r#"["b"]"#, true);
    check("PART_OF_SET", ab, r#"["b","x"]"#, false);
    check("PART_OF_SET", ab, "[]", false);
    check("PART_OF_SET", r#"["1"]"#, "[1]", true);
    check("CONTAINS_ANY_OF_SET", ab, r#""a""#, false);
}

#[test]
fn versions() {
    check("EQUAL_TO_SEMVER", r#""1.2.3""#, r#""01.2.3""#, true);
    check("EQUAL_TO_SEMVER", r#""1.2.3""#, r#""1.2.3+x""#, false);
    check(
        "GREATER_THAN_OR_EQUAL_TO_SEMVER",
        r#""1.2.3""#,
        r#""1.2.3+x""#,
        true,
    );
    check(
        "GREATER_THAN_OR_EQUAL_TO_SEMVER",
        r#""1.2.3""#,
        r#""1.2.3-x""#,
        false,
    );
    check(
        "LESS_THAN_OR_EQUAL_TO_SEMVER",
        r#""1.2.3""#,
        r#""1.2.3-x""#,
        true,
    );
    check(
        "LESS_THAN_OR_EQUAL_TO_SEMVER",
        r#""1.2.3""#,
        r#""1.2""#,
        false,
    );
    let between = r#"{"start":"1.0.0","end":"2.0.0"}"#;
    check("BETWEEN_SEMVER", between, r#""2.0.0""#, true);
    check("BETWEEN_SEMVER", between, r#""1.0.0-x""#, false);
    check(
        "BETWEEN_SEMVER",
        r#"{"start":"1.0.0"}"#,
        r#""2.0.0""#,
        false,
    );
    check("IN_LIST_SEMVER", r#"["1.0.0","2.0.0"]"#, r#""2.0.0""#, true);
    check("IN_LIST_SEMVER", r#"["x","2.0.0"]"#, r#""2.0.0""#, false);
    check("EQUAL_TO_SEMVER", r#""x""#, r#""x""#, false);
}

#[test]
fn what_is_no_matcher_says_so() {
    let check = |op: &str, operand: &str, expected: &str| {
        let error = Matcher::new(op, &json(operand)).expect_err("no matcher");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check("IN_SEGMENT", "null", "no matcher");
    check("WHITELIST", "null", "a list");
    check("MATCHES_STRING", "1", "text");
    check("MATCHES_STRING", r#""(?=a)""#, "looks around");
    check("EQUAL_TO_BOOLEAN", "1", "true or false");
    check("BETWEEN", r#"{"start":1}"#, "\"end\"");
}
