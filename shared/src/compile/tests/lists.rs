//! Faults of named lists and of conditions that name lists and holdouts.

use super::{errors, flag};
use crate::compile::{compile, limits};

/// The flag `f` with that condition, beside these lists.
fn document(lists: &str, condition: &str) -> String {
    let rule = format!(r#"{{"when":{condition},"serve":{{"variant":"on"}}}}"#);
    let flag = flag(&format!(r#""status":"enabled","rules":[{rule}]"#));
    flag.replacen('{', &format!(r#"{{"lists":{{{lists}}},"#), 1)
}

const WHEN: &str = "/flags/f/rules/0/when";

#[track_caller]
fn check(lists: &str, condition: &str, expected: &[&str]) {
    let found = errors(&document(lists, condition));
    let expected: Vec<String> = expected
        .iter()
        .map(|fault| fault.replace("WHEN", WHEN))
        .collect();
    assert_eq!(found, expected, "{lists} {condition}");
}

/// The first message about the flag's condition.
fn message(lists: &str, condition: &str) -> String {
    let compiled = compile(document(lists, condition).as_bytes()).expect("a ruleset");
    let mut found = compiled.diagnostics.into_iter();
    let found = found.find(|diagnostic| diagnostic.pointer.starts_with(WHEN));
    found.expect("a diagnostic").message
}

fn named(op: &str, list: &str) -> String {
    format!(r#"{{"attribute":"a","op":"{op}","list":"{list}"}}"#)
}

#[test]
fn faults_of_lists_have_pointers() {
    let always = r#"{"all":[]}"#;
    check(
        r#""a":{"values":["x",7],"lists":["b"]},"b":{}"#,
        always,
        &[],
    );
    check(
        r#""a":{"values":"x"}"#,
        always,
        &["malformed /lists/a/values"],
    );
    check(
        r#""a":{"values":["x",true,null]}"#,
        always,
        &["malformed /lists/a/values/1", "malformed /lists/a/values/2"],
    );
    check(
        r#""a":{"lists":"b"}"#,
        always,
        &["malformed /lists/a/lists"],
    );
    check(
        r#""a":{"lists":["a","c"]}"#,
        always,
        &["unknown-reference /lists/a/lists/1", "cycle /lists/a"],
    );
    check(
        r#""a":{"lists":["b"]},"b":{"lists":["a"]},"c":{"lists":["a"]}"#,
        &named("in", "c"),
        &[
            "cycle /lists/a",
            "cycle /lists/b",
            "broken-dependency WHEN/list",
        ],
    );
}

#[test]
fn faults_of_conditions_that_name_something_have_pointers() {
    let lists = r#""europe":{"values":["DE"]},"numbers":{"values":[1]}"#;
    check(lists, &named("in", "europe"), &[]);
    check(
        lists,
        &named("in", "europa"),
        &["unknown-reference WHEN/list"],
    );
    assert_eq!(
        message(lists, &named("in", "europa")),
        r#"unknown list "europa"; did you mean "europe"?"#
    );
    check(
        lists,
        &named("near", "europe"),
        &["invalid-condition WHEN/list"],
    );
    for op in ["greaterThan", "between", "matches", "exists", "anyElement"] {
        check(
            lists,
            &named(op, "europe"),
            &["invalid-condition WHEN/list"],
        );
    }
    let said = message(lists, &named("notBetween", "europe"));
    assert!(
        said.starts_with("\"between\" takes no list; these do: equals, in,"),
        "{said}"
    );
    check(
        lists,
        &named("contains", "numbers"),
        &["invalid-condition WHEN/list"],
    );
    check(
        lists,
        &named("inNetwork", "europe"),
        &["invalid-condition WHEN/list"],
    );
    let said = message(lists, &named("inNetwork", "europe"));
    assert!(
        said.starts_with("the list \"europe\" does not fit: \"DE\" is no network"),
        "{said}"
    );
    let both = r#"{"attribute":"a","op":"in","value":["x"],"list":"europe"}"#;
    check(lists, both, &["invalid-condition WHEN/list"]);
    let foreign = r#"{"attribute":"a","dialect":"launchdarkly","op":"in","value":["x"],
                      "list":"europe"}"#;
    check(lists, foreign, &["invalid-condition WHEN/list"]);
    check(
        lists,
        r#"{"holdout":"q4"}"#,
        &["unknown-reference WHEN/holdout"],
    );
    check(
        lists,
        r#"{"holdout":"q4","segment":"s"}"#,
        &["invalid-condition WHEN"],
    );
}

#[test]
fn faults_of_operands_that_name_lists_have_pointers() {
    let lists = r#""europe":{"values":["DE"]},"bad":{"values":[[]]}"#;
    let any = |part: &str| format!(r#"{{"attribute":"a","op":"anyElement","value":{part}}}"#);
    let faults = |part: &str, expected: &str| {
        check(
            lists,
            &any(part),
            &["malformed /lists/bad/values/0", expected],
        );
    };
    faults(
        r#"{"op":"in","list":"europa"}"#,
        "unknown-reference WHEN/value",
    );
    faults(
        r#"[{"op":"exists"},{"op":"in","list":"bad"}]"#,
        "broken-dependency WHEN/value",
    );
    for part in [
        r#"{"op":"in","list":"europe","value":["x"]}"#,
        r#"{"op":"greaterThan","list":"europe"}"#,
        r#"{"list":"europe"}"#,
        r#"{"op":"inNetwork","list":"europe"}"#,
        r#"{"op":"in","list":["europe"]}"#,
    ] {
        faults(part, "invalid-condition WHEN/value");
    }
    let hashed = r#"{"attribute":"a","op":"equalsHashed","value":
        {"salt":"s","hashes":["0d18947857c5c17400c6077e91bca436"],"list":"europe"}}"#;
    check(
        r#""europe":{"values":["DE"]}"#,
        hashed,
        &["invalid-condition WHEN/value"],
    );
}

#[test]
fn lists_named_inside_operands_are_bounded() {
    let list = |n: usize, width: usize| {
        let values: Vec<String> = (0..n).map(|i| format!("\"{i:0width$}\"")).collect();
        format!(r#""long":{{"values":[{}]}}"#, values.join(","))
    };
    let any = r#"{"attribute":"a","op":"anyElement","value":{"op":"in","list":"long"}}"#;
    let max = limits::LIST_LENGTH_MAX;
    check(&list(max, 5), any, &[]);
    check(&list(max + 1, 5), any, &["limit-exceeded WHEN/value"]);
    // A copy takes room, as that of a list which a condition names itself.
    let widest = (limits::LISTED_BYTES_MAX - 500) / max - size_of::<u64>();
    check(&list(max, widest), any, &[]);
    check(&list(max, widest + 1), any, &["limit-exceeded WHEN/value"]);
}

#[test]
fn one_broken_list_leaves_the_others_alone() {
    let lists = r#""bad":{"values":[[]]},"good":{"values":["DE"]},"odd":{"values":["DE"],"x":1}"#;
    check(
        lists,
        &named("in", "good"),
        &["malformed /lists/bad/values/0"],
    );
    check(
        lists,
        &named("in", "odd"),
        &["malformed /lists/bad/values/0"],
    );
    let broken = [
        "malformed /lists/bad/values/0",
        "broken-dependency WHEN/list",
    ];
    check(lists, &named("in", "bad"), &broken);
}

/// That many texts of four bytes.
fn texts(n: usize) -> String {
    let texts: Vec<String> = (0..n).map(|i| format!("\"{i:04x}\"")).collect();
    format!("[{}]", texts.join(","))
}

#[test]
fn values_of_a_list_are_bounded() {
    let half = limits::LIST_VALUES_MAX / 2;
    let lists = |more: usize| {
        format!(
            r#""both":{{"values":{},"lists":["half"]}},"half":{{"values":{}}}"#,
            texts(half + more),
            texts(half)
        )
    };
    check(&lists(0), &named("in", "both"), &[]);
    let past = ["limit-exceeded /lists/both", "broken-dependency WHEN/list"];
    check(&lists(1), &named("in", "both"), &past);
    // What is looked through is bounded as a list in the condition itself.
    for op in ["contains", "containsAny"] {
        let long = |n: usize| format!(r#""long":{{"values":{}}}"#, texts(n));
        check(&long(limits::LIST_LENGTH_MAX), &named(op, "long"), &[]);
        let past = errors(&document(
            &long(limits::LIST_LENGTH_MAX + 1),
            &named(op, "long"),
        ));
        let [past] = &past[..] else {
            panic!("{past:?}")
        };
        assert!(past.ends_with("/flags/f/rules/0/when/list"), "{past}");
    }
}

#[test]
fn copies_of_lists_are_bounded() {
    // Whatever else a copy takes, it takes it once for each attribute.
    let of_attributes = |n: usize| {
        let test = |i: usize| format!(r#"{{"attribute":"a{i}","op":"in","list":"long"}}"#);
        let tests: Vec<String> = (0..n).map(test).collect();
        let long = format!(r#""long":{{"values":{}}}"#, texts(60_000));
        errors(&document(
            &long,
            &format!(r#"{{"any":[{}]}}"#, tests.join(",")),
        ))
    };
    let each = 60_000 * (4 + 8);
    let most = limits::LISTED_BYTES_MAX / (each + 500);
    assert_eq!(
        most,
        limits::LISTED_BYTES_MAX / each,
        "so that one more is one past"
    );
    assert!(of_attributes(most).is_empty());
    let past = format!("limit-exceeded {WHEN}/any/{most}/list");
    assert_eq!(of_attributes(most + 1), [past]);
    // The same test again takes nothing.
    let again = format!(
        r#"{{"any":[{}]}}"#,
        vec![named("in", "long"); 1_000].join(",")
    );
    check(
        &format!(r#""long":{{"values":{}}}"#, texts(60_000)),
        &again,
        &[],
    );
}

#[test]
fn tests_of_a_segment_are_bounded() {
    let of_segment = |n: usize| {
        let test = |i: usize| format!(r#"{{"attribute":"a{i}","op":"in","list":"x"}}"#);
        let tests: Vec<String> = (0..n).map(test).collect();
        let when = format!(r#"{{"any":[{}]}}"#, tests.join(","));
        let document = document(r#""x":{"values":["x"]}"#, r#"{"segment":"s"}"#);
        let segments = format!(r#"{{"segments":{{"s":{{"when":{when}}}}},"#);
        errors(&document.replacen('{', &segments, 1))
    };
    let most = usize::try_from(limits::EVALUATION_COST_MAX).expect("a small number") - 1;
    assert!(of_segment(most).is_empty());
    let past = ["limit-exceeded /segments/s", "broken-dependency /flags/f"];
    assert_eq!(of_segment(most + 1), past);
}
