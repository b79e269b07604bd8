use super::*;
use crate::bucketing::BUCKETS;
use proptest::prelude::*;

/// A draft with one experiment of these weights and one rule with a split.
fn draft(weights: &[(&str, f64)], more: &str) -> Vec<u8> {
    let weights: Vec<String> = weights
        .iter()
        .map(|(name, weight)| format!(r#""{name}":{weight}"#))
        .collect();
    format!(
        r#"{{"schemaVersion":1,"salt":"s","flags":{{"f":{{"type":"string","status":"ab_test",
            "variants":{{"a":{{"value":"a"}},"b":{{"value":"b"}},"c":{{"value":"c"}}}},
            "experiment":{{"weights":{{{}}}}}{more}}}}}}}"#,
        weights.join(",")
    )
    .into_bytes()
}

/// Ranges of the experiment of `f`: (from, to, variant).
fn ranges(published: &Published) -> Vec<(u64, u64, String)> {
    let document = document::parse(&published.bytes).expect("published bytes are a ruleset");
    let sites = document::split_sites(&document);
    let site = sites
        .get("f\u{1f}experiment")
        .expect("the experiment's split");
    let ranges = site.ranges.clone().expect("published splits have ranges");
    ranges
        .into_iter()
        .map(|range| (range.from, range.to, range.variant))
        .collect()
}

/// Buckets that had an owner before and have another one after.
fn moved(before: &[(u64, u64, String)], after: &[(u64, u64, String)]) -> u64 {
    let pairs = before
        .iter()
        .flat_map(|a| after.iter().map(move |b| (a, b)));
    pairs
        .filter(|(a, b)| a.2 != b.2)
        .map(|(a, b)| a.1.min(b.1).saturating_sub(a.0.max(b.0)))
        .sum()
}

#[test]
fn weights_become_ranges_and_bytes_are_canonical() {
    let published = publish(None, &draft(&[("a", 1.0), ("b", 3.0)], "")).unwrap();
    let expected = [(0, 250_000, "a"), (250_000, 1_000_000, "b")];
    assert_eq!(
        ranges(&published),
        expected.map(|(from, to, name)| (from, to, name.to_owned()))
    );
    assert_eq!(published.hash, content_hash(&published.bundle));
    let again = publish(Some(&published.bytes), &published.bytes).unwrap();
    assert_eq!(
        again.bytes, published.bytes,
        "publishing what is published changes nothing"
    );
    let reordered = br#"{"flags":{}, "salt":"s","schemaVersion":1}"#;
    let canonical = publish(None, reordered).unwrap().bytes;
    assert_eq!(
        canonical,
        b"{\"flags\":{},\"salt\":\"s\",\"schemaVersion\":1}\n"
    );
}

#[test]
fn a_new_variant_takes_its_share_and_nobody_else_moves() {
    let first = publish(None, &draft(&[("a", 1.0), ("b", 1.0)], "")).unwrap();
    let second = publish(
        Some(&first.bytes),
        &draft(&[("a", 1.0), ("b", 1.0), ("c", 2.0)], ""),
    )
    .unwrap();
    assert_eq!(moved(&ranges(&first), &ranges(&second)), BUCKETS / 2);
    let gone = publish(Some(&second.bytes), &draft(&[("a", 1.0), ("b", 1.0)], "")).unwrap();
    assert_eq!(moved(&ranges(&second), &ranges(&gone)), BUCKETS / 2);
}

#[test]
fn another_bucketing_starts_afresh() {
    let first = publish(None, &draft(&[("a", 1.0), ("b", 3.0)], "")).unwrap();
    let swapped = String::from_utf8(draft(&[("a", 3.0), ("b", 1.0)], "")).unwrap();
    let salted = swapped.replace(r#""weights""#, r#""bucketing":{"salt":"new"},"weights""#);
    let fresh = publish(Some(&first.bytes), salted.as_bytes()).unwrap();
    assert_eq!(ranges(&fresh).len(), 2, "{:?}", ranges(&fresh));
    let kept = publish(Some(&first.bytes), swapped.as_bytes()).unwrap();
    assert_eq!(ranges(&kept).len(), 3, "{:?}", ranges(&kept));
}

#[test]
fn rules_are_recognised_by_their_names_and_not_their_positions() {
    let rule = |id: &str, weights: &str| {
        format!(r#"{{"id":"{id}","serve":{{"split":{{"weights":{weights}}}}}}}"#)
    };
    let with =
        |rules: &[String]| draft(&[("a", 1.0)], &format!(r#","rules":[{}]"#, rules.join(",")));
    let kept = rule("kept", r#"{"a":1,"b":1}"#);
    let first = publish(None, &with(std::slice::from_ref(&kept))).unwrap();
    let second = publish(
        Some(&first.bytes),
        &with(&[rule("new", r#"{"c":1}"#), kept]),
    )
    .unwrap();
    let of = |published: &Published| {
        let document = document::parse(&published.bytes).unwrap();
        let sites = document::split_sites(&document);
        format!("{:?}", sites.get("f\u{1f}rule\u{1f}kept").unwrap().ranges)
    };
    assert_eq!(of(&first), of(&second));
}

#[test]
fn what_has_errors_is_refused_with_all_of_them() {
    let twice = r#","offVariant":"x","defaultVariant":"y""#;
    let refused = publish(None, &draft(&[("a", 1.0)], twice));
    let Err(PublishError::Refused(diagnostics)) = refused else {
        panic!("{refused:?}")
    };
    let pointers: Vec<&str> = diagnostics.iter().map(|d| d.pointer.as_str()).collect();
    assert_eq!(pointers, ["/flags/f/offVariant", "/flags/f/defaultVariant"]);
    assert!(matches!(
        publish(None, b"{"),
        Err(PublishError::Unreadable(_))
    ));
    let previous = publish(Some(b"{"), &draft(&[("a", 1.0)], ""));
    assert!(matches!(previous, Err(PublishError::PreviousUnreadable(_))));
}

#[test]
fn browsers_get_client_flags_and_what_those_need() {
    let flag = |visibility: &str, more: &str| {
        format!(
            r#"{{"type":"boolean","status":"enabled","visibility":"{visibility}",
                "description":"d","owner":"o@acme.test","tags":["t"],
                "variants":{{"on":{{"value":true}}}}{more}}}"#
        )
    };
    let when = |segment: &str| {
        format!(
            r#","rules":[{{"when":{{"not":{{"segment":"{segment}"}}}},
                "serve":{{"variant":"on"}}}}]"#
        )
    };
    let document = format!(
        r#"{{"schemaVersion":1,"privateAttributes":["shoeSize"],
            "segments":{{"outer":{{"when":{{"segment":"inner"}}}},"inner":{{}},"secret":{{}}}},
            "bandits":{{"b":{{"actions":["on"],"reward":{{"metric":"m","kind":"binary"}}}}}},
            "flags":{{"client":{},"needed":{},"hidden":{}}}}}"#,
        flag(
            "client",
            &format!(
                r#"{},"requires":[{{"flag":"needed","variants":["on"]}}]"#,
                when("outer")
            )
        ),
        flag("server", ""),
        flag("server", &when("secret")),
    );
    let redacted = String::from_utf8(redact(document.as_bytes()).unwrap()).unwrap();
    for gone in [
        "hidden",
        "secret",
        "acme",
        "description",
        "tags",
        "\"b\"",
        "shoeSize",
    ] {
        assert!(!redacted.contains(gone), "{gone} in {redacted}");
    }
    for kept in ["client", "needed", "outer", "inner"] {
        assert!(redacted.contains(kept), "{kept} not in {redacted}");
    }
    assert!(compile(redacted.as_bytes()).unwrap().diagnostics.is_empty());
}

#[test]
fn browsers_get_the_lists_and_holdouts_that_their_flags_name() {
    let flag = |visibility: &str, more: &str| {
        format!(
            r#"{{"type":"json","status":"enabled","visibility":"{visibility}",
                "variants":{{"on":{{"value":{{"list":"unnamed-a","holdout":"unnamed-b"}}}}}},
                "overrides":{{"list":"on"}},{more}}}"#
        )
    };
    let when =
        |condition: &str| format!(r#""rules":[{{"when":{condition},"serve":{{"variant":"on"}}}}]"#);
    let document = format!(
        r#"{{"schemaVersion":1,
            "lists":{{"europe":{{"description":"secret","values":["ES"],"lists":["dach"]}},
                "dach":{{"values":["DE"]}},"by-segment":{{"values":["FR"]}},"on":{{}},"inside":{{}},
                "hidden-list":{{"values":["secret"],"lists":["dach"]}},"unnamed-a":{{}}}},
            "holdouts":{{"q4":{{"percentage":5,"description":"secret"}},
                "hidden-q3":{{"percentage":5}},"unnamed-b":{{"percentage":5}}}},
            "segments":{{"s":{{"when":{{"attribute":"a","op":"in","list":"by-segment"}}}}}},
            "flags":{{"client":{},"hidden":{}}}}}"#,
        flag(
            "client",
            &when(
                r#"{"any":[{"attribute":"a","op":"in","list":"europe"},{"holdout":"q4"},
                    {"not":{"segment":"s"}},
                    {"attribute":"a","op":"anyElement","value":{"op":"in","list":"inside"}},
                    {"attribute":"a","op":"anyElement","value":[{"op":"exists"},
                        {"op":"equals","value":{"list":"unnamed-a"}}]},
                    {"dialect":"growthbook","op":"condition","value":{"list":"unnamed-a"}}]}"#
            )
        ),
        flag(
            "server",
            &when(
                r#"{"any":[{"attribute":"a","op":"in","list":"hidden-list"},
                {"holdout":"hidden-q3"}]}"#
            )
        ),
    );
    let redacted = redact(document.as_bytes()).unwrap();
    let compiled = compile(&redacted).unwrap();
    assert_eq!((compiled.diagnostics, compiled.n_lists), (Vec::new(), 4));
    let left: serde_json::Value = serde_json::from_slice(&redacted).unwrap();
    let keys =
        |kind: &str| -> Vec<String> { left[kind].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys("lists"), ["by-segment", "dach", "europe", "inside"]);
    assert_eq!(keys("holdouts"), ["q4"]);
    assert!(!String::from_utf8_lossy(&redacted).contains("secret"));
}

#[test]
fn a_required_server_flag_keeps_its_values_to_itself() {
    let document = br#"{"schemaVersion":1,"flags":{
        "shown":{"type":"boolean","status":"enabled","visibility":"client","defaultVariant":"on",
            "variants":{"on":{"value":true}},
            "requires":[{"flag":"secret","variants":["a"]}]},
        "secret":{"type":"string","status":"enabled","defaultVariant":"a","config":{"k":"private"},
            "variants":{"a":{"value":"private","config":{"k":"private"},
                "metadata":{"m":"private"},"page":{"rewrite":"/private"}}}}}}"#;
    let redacted = redact(document).unwrap();
    assert!(!String::from_utf8_lossy(&redacted).contains("private"));
    let compiled = compile(&redacted).unwrap();
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    let (policies, sticky) = Default::default();
    let context = crate::EvaluationContext::new();
    let evaluator = crate::Evaluator {
        ruleset: &compiled.ruleset,
        context: &context,
        at: crate::UnixMillis(0),
        draw: 0,
        policies: &policies,
        sticky: &sticky,
        participation: crate::Participation::Full,
    };
    assert_eq!(
        evaluator.evaluate("shown").variant().map(|v| &*v.key),
        Some("on")
    );
}

#[test]
fn flags_that_conditions_ask_come_along() {
    let flag = |rest: &str| {
        format!(
            r#"{{"type":"string","status":"enabled","defaultVariant":"a","variants":{{
            "a":{{"value":"secret a","name":"A","metadata":{{"m":"private"}},
                "config":{{"k":"private"}},"page":{{"rewrite":"/private"}}}},
            "b":{{"value":"secret b"}}}}{rest}}}"#
        )
    };
    let shown = |condition: &str| {
        format!(
            r#"{{"type":"boolean","status":"enabled","visibility":"client","defaultVariant":"off",
            "variants":{{"on":{{"value":true,"config":{{"flag":"idle"}}}},"off":{{"value":false}}}},
            "rules":[{{"when":{condition},"serve":{{"variant":"on"}}}}]}}"#
        )
    };
    let document = format!(
        r#"{{"schemaVersion":1,"segments":{{"s":{{"when":{{"flag":"by-segment","on":true}}}}}},
        "flags":{{"by-name":{0},"by-value":{0},"by-segment":{0},"idle":{0},
        "f":{1},"g":{2},"h":{3}}}}}"#,
        flag(""),
        shown(r#"{"all":[{"flag":"by-name","variants":["A"]}]}"#),
        shown(r#"{"not":{"flag":"by-value","equals":"secret b"}}"#),
        shown(r#"{"segment":"s"}"#),
    );
    let redacted = redact(document.as_bytes()).unwrap();
    let text = String::from_utf8_lossy(&redacted);
    let members: serde_json::Value = serde_json::from_slice(&redacted).unwrap();
    assert!(members["flags"].get("idle").is_none(), "{text}");
    // Only what is compared with is told.
    assert!(!text.contains("private"), "{text}");
    assert_eq!(members["flags"]["by-name"]["variants"]["a"]["value"], "");
    assert_eq!(
        members["flags"]["by-value"]["variants"]["a"]["value"],
        "secret a"
    );
    let compiled = compile(&redacted).unwrap();
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    let (policies, sticky) = Default::default();
    let evaluator = crate::Evaluator {
        ruleset: &compiled.ruleset,
        context: &crate::EvaluationContext::new(),
        at: crate::UnixMillis(0),
        draw: 0,
        policies: &policies,
        sticky: &sticky,
        participation: crate::Participation::Full,
    };
    for key in ["f", "g", "h"] {
        let evaluation = evaluator.evaluate(key);
        assert_eq!(
            evaluation.variant().map(|v| &*v.key),
            Some("on"),
            "{key}: {text}"
        );
    }
}

#[test]
fn browsers_see_no_names_and_give_the_same_answers() {
    let document = br#"{"schemaVersion":1,"salt":"s",
        "segments":{"team":{"included":["bo@acme.test"],"excluded":["eve@acme.test"]}},
        "flags":{"f":{"type":"boolean","status":"canary","visibility":"client","offVariant":"off",
            "variants":{"on":{"value":true},"off":{"value":false}},
            "overrides":{"ana@acme.test":"on"},
            "canary":{"variant":"on","subjects":["cy@acme.test"],"segments":["team"]}}}}"#;
    let redacted = redact(document).unwrap();
    assert!(!String::from_utf8_lossy(&redacted).contains("acme"));
    assert_eq!(
        redact(&redacted).unwrap(),
        redacted,
        "hashing twice would change the names"
    );
    let answers = |bytes: &[u8]| {
        let compiled = compile(bytes).unwrap();
        assert!(
            compiled.diagnostics.is_empty(),
            "{:?}",
            compiled.diagnostics
        );
        ["ana", "bo", "cy", "dee", "eve"].map(|name| {
            let key = format!("{name}@acme.test");
            let context = crate::EvaluationContext::new().with_targeting_key(&key);
            let (policies, sticky) = Default::default();
            let evaluation = crate::Evaluator {
                ruleset: &compiled.ruleset,
                context: &context,
                at: crate::UnixMillis(0),
                draw: 0,
                policies: &policies,
                sticky: &sticky,
                participation: crate::Participation::Full,
            }
            .evaluate("f");
            evaluation
                .variant()
                .is_some_and(|variant| &*variant.key == "on")
        })
    };
    assert_eq!(answers(document), [true, true, true, false, false]);
    assert_eq!(answers(&redacted), [true, true, true, false, false]);
}

proptest! {
    #[test]
    fn a_change_of_split_moves_the_fewest_subjects(
        before in proptest::collection::vec(1_u64..1_000, 3),
        after in proptest::collection::vec(1_u64..1_000, 3),
    ) {
        let names = ["a", "b", "c"];
        let weights = |shares: &[u64]| -> Vec<(&str, f64)> {
            names.iter().copied().zip(shares.iter().map(|s| *s as f64)).collect()
        };
        let first = publish(None, &draft(&weights(&before), "")).unwrap();
        let second = publish(Some(&first.bytes), &draft(&weights(&after), "")).unwrap();
        let widths = |published: &Published| {
            names.map(|name| {
                let own = ranges(published).into_iter().filter(|range| range.2 == name);
                own.map(|range| range.1 - range.0).sum::<u64>()
            })
        };
        let least: u64 =
            widths(&first).iter().zip(widths(&second)).map(|(a, b)| a.saturating_sub(b)).sum();
        prop_assert_eq!(moved(&ranges(&first), &ranges(&second)), least);
        prop_assert_eq!(widths(&second).iter().sum::<u64>(), BUCKETS);
    }
}
