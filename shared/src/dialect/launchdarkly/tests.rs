use super::*;
use crate::truth::Truth;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What the clause says of a context with these members.
fn answer(op: &str, attribute: Attribute, operand: &str, members: &str) -> Answer {
    let source = Source {
        dialect: "launchdarkly".into(),
        op: op.into(),
        attribute: Some(attribute),
        value: json(operand),
    };
    let Value::Object(members) = json(members) else {
        panic!("a context is an object");
    };
    let context = members
        .into_iter()
        .fold(EvaluationContext::new(), |context, (name, value)| {
            context.with(&name, value)
        });
    test(&source).expect("a clause").holds(&View {
        context: &context,
        at: UnixMillis(0),
        draw: 0,
    })
}

/// The operator and its contrary on the attribute `a` of a user.
#[track_caller]
fn check(op: &str, operand: &str, value: &str, expected: bool) {
    let members = format!(r#"{{"a":{value}}}"#);
    let attribute = Attribute::named("a").of("user");
    for (prefix, expected) in [("", expected), (NOT, !expected)] {
        let op = format!("{prefix}{op}");
        let answer = answer(&op, attribute.clone(), operand, &members);
        assert_eq!(answer, Ok(Truth::from(expected)), "{value} {op} {operand}");
    }
}

#[test]
fn values_are_compared_within_their_type() {
    check("in", r#"["b","a",1]"#, r#""a""#, true);
    check("in", r#"["b","a",1]"#, "1.0", true);
    check("in", r#"["1"]"#, "1", false);
    check("in", "[1]", "true", false);
    check("in", "[true]", "true", true);
    check("in", "[0]", "-0.0", true);
    check("in", r#"[{"a":1}]"#, r#"{"a":1}"#, false);
    check("in", "[9007199254740993]", "9007199254740992", true);
    check("in", "[]", r#""a""#, false);
    check("none", r#"["a"]"#, r#""a""#, false);
}

#[test]
fn one_element_of_a_list_is_enough() {
    check("in", r#"["c","d"]"#, r#"["b","c"]"#, true);
    check("in", r#"["c"]"#, r#"["b"]"#, false);
    check("in", r#"["c"]"#, "[]", false);
    check("in", r#"["c"]"#, r#"[["c"]]"#, false);
    check("lessThan", "[5]", r#"["4",4]"#, true);
}

#[test]
fn texts() {
    check("startsWith", r#"["x","ab"]"#, r#""abc""#, true);
    check("startsWith", r#"["Ab"]"#, r#""abc""#, false);
    check("endsWith", r#"["bc"]"#, r#""abc""#, true);
    check("contains", r#"["b"]"#, r#""abc""#, true);
    check("contains", r#"["9"]"#, "99", false);
    check("contains", "[9]", r#""99""#, false);
    check("matches", r#"["x","^[a-c]+$"]"#, r#""abc""#, true);
    check("matches", r#"["b"]"#, r#""abc""#, true);
    check("matches", r#"["9"]"#, "99", false);
}

#[test]
fn numbers() {
    check("lessThan", "[1,5]", "4.9", true);
    check("lessThan", "[5]", "5", false);
    check("lessThanOrEqual", "[5]", "5.0", true);
    check("greaterThan", "[5]", "5", false);
    check("greaterThanOrEqual", "[5]", "5", true);
    check("greaterThan", "[5]", r#""6""#, false);
    check("greaterThan", r#"["5"]"#, "6", false);
}

#[test]
fn moments() {
    let second = r#"["1970-01-01T00:00:01Z"]"#;
    check("before", second, "999", true);
    check("before", second, "1000", false);
    check("after", second, "1000", false);
    check("after", second, "1001", true);
    check("after", second, r#""1970-01-01T01:00:01.001+01:00""#, true);
    check("before", "[1000]", r#""1970-01-01t00:00:00z""#, true);
    for no_moment in [
        "1970-01-01",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00:00",
        "0",
        "",
    ] {
        let operand = format!("[{no_moment:?}]");
        check("before", &operand, "-99999999", false);
        check("before", second, &format!("{no_moment:?}"), false);
    }
}

#[test]
fn versions() {
    check("semVerEqual", r#"["2"]"#, r#""2.0.0+build""#, true);
    check("semVerEqual", r#"["2-rc"]"#, r#""2.0.0-rc""#, true);
    check("semVerEqual", r#"["2.0.0"]"#, r#""2.0-rc""#, false);
    check(
        "semVerLessThan",
        r#"["2.0.0-rc.10"]"#,
        r#""2.0.0-rc.2""#,
        true,
    );
    check("semVerGreaterThan", r#"["2.9"]"#, r#""2.10""#, true);
    for no_version in [
        "", "v2.0.0", "02.0.0", "2.0.0.0", "2.", "2.0.0-", "2.0.0-01",
    ] {
        check(
            "semVerEqual",
            &format!("[{no_version:?}]"),
            &format!("{no_version:?}"),
            false,
        );
    }
    check("semVerEqual", "[2]", r#""2""#, false);
    check("semVerEqual", r#"["2"]"#, "2", false);
}

#[test]
fn what_is_missing_fails_negated_clauses_too() {
    let check = |attribute: Attribute, members: &str| {
        for op in ["in", "not in"] {
            let answer = answer(op, attribute.clone(), r#"["x"]"#, members);
            assert_eq!(answer, Ok(Truth::No), "{attribute} {op} in {members}");
        }
    };
    let plan = || Attribute::named("plan");
    check(plan().of("user"), "{}");
    check(plan().of("user"), r#"{"plan":null}"#);
    check(plan().of("org"), r#"{"plan":"y"}"#);
    check(plan().of("user"), r#"{"kind":"org","plan":"y"}"#);
    check(
        plan().of("user"),
        r#"{"kind":"multi","org":{"plan":"y"},"plan":"y"}"#,
    );
    check(
        Attribute::nested("plan", ["0"]).of("user"),
        r#"{"plan":["x"]}"#,
    );
    check(Attribute::named("kind").of("org"), "{}");
    check(Attribute::named("anonymous").of("org"), "{}");
}

#[test]
fn kinds_and_anonymity_are_known_without_an_attribute() {
    let check = |op: &str, attribute: Attribute, operand: &str, members: &str, expected: bool| {
        let answer = answer(op, attribute, operand, members);
        assert_eq!(
            answer,
            Ok(Truth::from(expected)),
            "{op} {operand} {members}"
        );
    };
    let kind = || Attribute::named("kind");
    let several = r#"{"kind":"multi","org":{},"dog":{}}"#;
    check("in", kind(), r#"["user"]"#, "{}", true);
    check("in", kind(), r#"["multi"]"#, several, false);
    check("in", kind(), r#"["dog"]"#, several, true);
    check("not in", kind(), r#"["dog"]"#, several, false);
    check("matches", kind(), r#"["^o"]"#, several, true);
    check("in", kind().of("org"), r#"["org"]"#, several, true);
    let anonymous = || Attribute::named("anonymous").of("user");
    check("in", anonymous(), "[false]", "{}", true);
    check("in", anonymous(), "[true]", r#"{"anonymous":true}"#, true);
    check("in", anonymous(), "[false]", r#"{"anonymous":true}"#, false);
}

#[test]
fn what_is_malformed_fails_the_flag() {
    let answer = answer("malformed", Attribute::named("a"), r#""no name""#, "{}");
    let failure = answer.expect_err("it fails");
    assert_eq!(
        (failure.code, &*failure.detail),
        (ErrorCode::ParseError, "no name")
    );
}

#[test]
fn what_is_no_clause_says_so() {
    let check = |op: &str, operand: &str, expected: &str| {
        let source = Source {
            dialect: "launchdarkly".into(),
            op: op.into(),
            attribute: Some(Attribute::named("a")),
            value: json(operand),
        };
        let error = test(&source).map(|_| ()).expect_err("no clause");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check("segmentMatch", "[]", "no operator");
    check("in", "1", "a list");
    check("malformed", "[]", "reason");
    check("matches", r#"["(?=a)"]"#, "");
}
