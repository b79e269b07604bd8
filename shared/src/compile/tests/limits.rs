//! Every bound of a ruleset, at and one past.

use super::{errors, flag, with};
use crate::compile::{compile, limits};

#[test]
fn limits_hold_at_and_one_past() {
    let nested = |depth: usize| {
        let open = r#"{"not":"#.repeat(depth - 1);
        let leaf = r#"{"attribute":"a","op":"exists"}"#;
        let when = format!("{open}{leaf}{}", "}".repeat(depth - 1));
        flag(&format!(
            r#""status":"enabled","rules":[{{"when":{when},"serve":{{"variant":"on"}}}}]"#
        ))
    };
    assert!(errors(&nested(limits::CONDITION_DEPTH_MAX)).is_empty());
    let past = errors(&nested(limits::CONDITION_DEPTH_MAX + 1));
    assert!(
        past.first()
            .is_some_and(|e| e.starts_with("limit-exceeded")),
        "{past:?}"
    );

    let listed = |length: usize| {
        let list = vec!["1"; length].join(",");
        flag(&format!(
            r#""status":"enabled","rules":[{{"when":{{"attribute":"a","op":"in","value":[{list}]}},
                "serve":{{"variant":"on"}}}}]"#
        ))
    };
    assert!(errors(&listed(limits::LIST_LENGTH_MAX)).is_empty());
    let past = errors(&listed(limits::LIST_LENGTH_MAX + 1));
    assert_eq!(past, ["limit-exceeded /flags/f/rules/0/when/value"]);
}

#[test]
fn the_number_of_flags_is_bounded() {
    let flags = |n: usize| {
        let member = |i: usize| {
            format!(
                r#""f{i}":{{"type":"boolean","status":"disabled",
                    "variants":{{"a":{{"value":true}}}}}}"#
            )
        };
        let members: Vec<String> = (0..n).map(member).collect();
        let text = format!(r#"{{"schemaVersion":1,"flags":{{{}}}}}"#, members.join(","));
        let compiled = compile(text.as_bytes()).expect("a ruleset");
        assert_eq!(compiled.ruleset.len(), n, "none is lost");
        errors(&text)
    };
    assert!(flags(limits::FLAGS_MAX).is_empty());
    assert_eq!(flags(limits::FLAGS_MAX + 1), ["limit-exceeded /flags"]);
}

/// `in` with that many numbers is one condition and as many comparisons.
fn numbers(n: usize) -> String {
    let list = vec!["1"; n].join(",");
    format!(r#"{{"attribute":"a","op":"in","value":[{list}]}}"#)
}

#[test]
fn comparisons_of_a_flag_are_bounded() {
    // One for the condition around ten others, which take 9,998 each and one of them more.
    let rules = |more: usize| {
        let full = vec![numbers(9_998); 10].join(",");
        let rest = numbers(8 + more);
        format!(r#""rules":[{{"when":{{"any":[{full},{rest}]}},"serve":{{"variant":"on"}}}}]"#)
    };
    let max = usize::try_from(limits::COMPARISONS_MAX).expect("a small number");
    assert_eq!(1 + 10 * 9_999 + 9, max);
    let of_flag = |more| flag(&format!(r#""status":"enabled",{}"#, rules(more)));
    assert!(errors(&of_flag(0)).is_empty());
    assert_eq!(errors(&of_flag(1)), ["limit-exceeded /flags/f/rules"]);
}

#[test]
fn comparisons_are_counted_along_every_path() {
    // The segment takes one for itself and 5,000 for its condition; each use of it is a condition.
    let using = |n_uses: usize| {
        let uses = vec![r#"{"segment":"s"}"#; n_uses].join(",");
        let rule = format!(r#"{{"when":{{"any":[{uses}]}},"serve":{{"variant":"on"}}}}"#);
        let flag = flag(&format!(r#""status":"enabled","rules":[{rule}]"#));
        let segment = format!(r#""segments":{{"s":{{"when":{}}}}}"#, numbers(4_998));
        flag.replacen('{', &format!("{{{segment},"), 1)
    };
    // 1 + 19 * 5,001 = 95,020; once more is 100,021.
    assert!(errors(&using(19)).is_empty());
    assert_eq!(errors(&using(20)), ["limit-exceeded /flags/f/rules"]);
    let heavy = vec![numbers(9_998); 11].join(",");
    let of_segment =
        format!(r#"{{"schemaVersion":1,"segments":{{"s":{{"when":{{"any":[{heavy}]}}}}}}}}"#);
    assert_eq!(errors(&of_segment), ["limit-exceeded /segments/s"]);
    let patterns = |n: usize| {
        let one = r#"{"attribute":"a","op":"matches","value":"a"}"#;
        let when = vec![one; n].join(",");
        flag(&format!(
            r#""status":"enabled",
                "rules":[{{"when":{{"any":[{when}]}},"serve":{{"variant":"on"}}}}]"#
        ))
    };
    // 1 + 4,761 * 21 = 99,982.
    assert!(errors(&patterns(4_761)).is_empty());
    assert_eq!(errors(&patterns(4_762)), ["limit-exceeded /flags/f/rules"]);
}

/// Conditions on one rule of a flag.
fn conditions(parts: &[String]) -> Vec<String> {
    let when = parts.join(",");
    errors(&flag(&format!(
        r#""status":"enabled","rules":[{{"when":{{"any":[{when}]}},"serve":{{"variant":"on"}}}}]"#
    )))
}

#[test]
fn expressions_count_whatever_system_they_are_of() {
    let pattern = "a".repeat(999);
    let check = |dialect: &str, op: &str, value: &str, around: u64| {
        // As many as fit; `around` are the condition and the values that are no expression.
        let cost = 20 * 999 + around;
        let n = usize::try_from((limits::COMPARISONS_MAX - 1) / cost).expect("few");
        let rest = limits::COMPARISONS_MAX - 1 - n as u64 * cost;
        let value = value.replace("PATTERN", &pattern);
        let one =
            format!(r#"{{"dialect":"{dialect}","op":"{op}","attribute":"a","value":{value}}}"#);
        let mut parts = vec![one; n];
        // A list of numbers fills up what is left, to the last one.
        parts.push(numbers(usize::try_from(rest).expect("few") - 1));
        assert_eq!(conditions(&parts), Vec::<String>::new(), "{dialect} {op}");
        parts.pop();
        parts.push(numbers(usize::try_from(rest).expect("few")));
        let one_past = ["limit-exceeded /flags/f/rules"];
        assert_eq!(conditions(&parts), one_past, "{dialect} {op}");
    };
    check("launchdarkly", "matches", r#"["PATTERN"]"#, 3);
    check("launchdarkly", "not matches", r#"["PATTERN"]"#, 3);
    check("unleash", "REGEX", r#""PATTERN""#, 2);
    check("unleash", "REGEX/i", r#""PATTERN""#, 2);
    check("flagsmith", "REGEX", r#""PATTERN""#, 2);
    check("posthog", "regex", r#""PATTERN""#, 2);
    check("posthog", "not_regex", r#""PATTERN""#, 2);
    check("eppo", "MATCHES", r#""PATTERN""#, 2);
    check("eppo", "NOT_MATCHES", r#""PATTERN""#, 2);
    check("split", "MATCHES_STRING", r#""PATTERN""#, 2);
    check("growthbook", "$regex", r#""PATTERN""#, 2);
    check("growthbook", "$elemMatch", r#"{"$regexi":"PATTERN"}"#, 3);
    check(
        "bandera",
        "anyElement",
        r#"{"op":"matches","value":"PATTERN"}"#,
        4,
    );
    check(
        "growthbook",
        "urls",
        r#"[{"type":"regex","pattern":"PATTERN"}]"#,
        5,
    );
}

/// What stands behind a `*` is held against every character of an address, as a step is.
#[test]
fn patterns_of_addresses_count_what_stands_behind_a_star() {
    let behind = 900;
    let star = format!("/*{}", "a".repeat(behind));
    let urls = |patterns: &[String]| {
        let value = serde_json::to_string(patterns).expect("texts");
        format!(r#"{{"attribute":"a","op":"urlMatches","value":{value}}}"#)
    };
    let simple = |pattern: &str| {
        format!(
            r#"{{"dialect":"growthbook","op":"urls","attribute":"a",
                "value":[{{"type":"simple","pattern":"{pattern}"}}]}}"#
        )
    };
    let n = usize::try_from(limits::COMPARISONS_MAX).expect("few") / (behind * 20 + 1);
    let one_past = ["limit-exceeded /flags/f/rules"];
    assert_eq!(
        conditions(&[urls(&vec![star.clone(); n])]),
        Vec::<String>::new()
    );
    assert_eq!(conditions(&[urls(&vec![star.clone(); n + 1])]), one_past);
    assert_eq!(conditions(&vec![simple(&star); n]), Vec::<String>::new());
    assert_eq!(conditions(&vec![simple(&star); n + 1]), one_past);
    let parameters = format!("/?{}", "a&".repeat(behind));
    assert_eq!(conditions(&vec![simple(&parameters); n + 1]), one_past);
    // Without one, or at the end, it is a comparison like any other.
    let plain = format!("/{}*", "a".repeat(behind));
    assert_eq!(conditions(&[urls(&vec![plain; 900])]), Vec::<String>::new());
}

#[test]
fn steps_of_an_expression_are_bounded() {
    let matching = |expression: &str| {
        let when = format!(r#"{{"attribute":"a","op":"matches","value":"{expression}"}}"#);
        errors(&flag(&format!(
            r#""status":"enabled","rules":[{{"when":{when},"serve":{{"variant":"on"}}}}]"#
        )))
    };
    let max = usize::try_from(limits::PATTERN_STEPS_MAX).expect("a small number");
    let repeated = |more: usize| format!("a{{{}}}{}", max / 2 - 3, "b".repeat(6 + more));
    assert_eq!(crate::pattern::steps(&repeated(0)), max as u64);
    assert!(matching(&repeated(0)).is_empty());
    assert_eq!(
        matching(&repeated(1)),
        ["limit-exceeded /flags/f/rules/0/when/value"]
    );
    let long = |n: usize| "a".repeat(n);
    assert!(matching(&long(limits::PATTERN_BYTES_MAX)).is_empty());
    assert_eq!(
        matching(&long(limits::PATTERN_BYTES_MAX + 1)),
        ["limit-exceeded /flags/f/rules/0/when/value"]
    );
}

#[test]
fn following_prerequisites_is_bounded() {
    // Each level requires the one below twice: evaluating level n costs 2^(n+1) - 1.
    let levels = |count: usize| {
        let member = |level: usize| {
            let below = format!(
                r#"{{"flag":"l{:02}","variants":["on"]}}"#,
                level.wrapping_sub(1)
            );
            let requires = if level == 0 {
                String::new()
            } else {
                format!("{below},{below}")
            };
            format!(
                r#","l{level:02}":{{"type":"boolean","status":"enabled","defaultVariant":"on",
                    "variants":{{"on":{{"value":true}}}},"requires":[{requires}]}}"#
            )
        };
        let members: String = (0..count).map(member).collect();
        with(&format!("{members}}}}}"))
    };
    assert!(errors(&levels(8)).is_empty());
    assert_eq!(errors(&levels(9)), ["limit-exceeded /flags/l08/requires"]);
}

#[test]
fn keys_variants_and_rules_are_bounded() {
    let named = |bytes: usize| {
        let key = "k".repeat(bytes);
        with(&format!(
            r#","{key}":{{"type":"boolean","status":"disabled",
                "variants":{{"{key}":{{"value":true}}}}}}}}}}"#
        ))
    };
    assert!(errors(&named(limits::KEY_BYTES_MAX)).is_empty());
    let key = "k".repeat(limits::KEY_BYTES_MAX + 1);
    assert_eq!(
        errors(&named(limits::KEY_BYTES_MAX + 1)),
        [
            format!("limit-exceeded /flags/{key}"),
            format!("limit-exceeded /flags/{key}/variants/{key}"),
        ]
    );
    let variants = |n: usize| {
        let variants: Vec<String> = (0..n)
            .map(|i| format!(r#""v{i}":{{"value":{i}}}"#))
            .collect();
        with(&format!(
            r#","f":{{"type":"number","status":"disabled","variants":{{{}}}}}}}}}"#,
            variants.join(",")
        ))
    };
    assert!(errors(&variants(limits::VARIANTS_MAX)).is_empty());
    let past = errors(&variants(limits::VARIANTS_MAX + 1));
    assert_eq!(past, ["limit-exceeded /flags/f/variants"]);
    let rules = |n: usize| {
        let rules = vec![r#"{"serve":{"variant":"on"}}"#; n].join(",");
        flag(&format!(r#""status":"enabled","rules":[{rules}]"#))
    };
    assert!(errors(&rules(limits::RULES_MAX)).is_empty());
    let past = errors(&rules(limits::RULES_MAX + 1));
    assert_eq!(past, ["limit-exceeded /flags/f/rules"]);
}

#[test]
fn a_scale_has_a_bound() {
    let scaled = |scale: u64| {
        let bucketing = format!(r#"{{"kind":"eppo","salt":"s","scale":{scale}}}"#);
        let ranges = r#"[{"variant":"on","from":0,"to":1}]"#;
        let split = format!(r#"{{"ranges":{ranges},"bucketing":{bucketing}}}"#);
        errors(&flag(&format!(
            r#""status":"enabled","rules":[{{"serve":{{"split":{split}}}}}]"#
        )))
    };
    assert!(scaled(1).is_empty());
    assert!(scaled(limits::SCALE_MAX).is_empty());
    let place = "/flags/f/rules/0/serve/split/bucketing/scale";
    for past in [0, limits::SCALE_MAX + 1] {
        assert_eq!(scaled(past), [format!("invalid-split {place}")]);
    }
}
