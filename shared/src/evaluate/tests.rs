mod lists;
mod private;
mod references;

use super::*;
use crate::compile::compile;
use crate::evaluation::KeptOut;
use crate::flag::FlagType;
use proptest::prelude::*;

/// Members beside the flag under test: another flag, a segment, a layer, a holdout, a bandit.
const MEMBERS: &str = r#"
    "base": {"type":"boolean","status":"enabled","offVariant":"off","defaultVariant":"on",
             "variants":{"on":{"value":true},"off":{"value":false}},
             "rules":[{"when":{"attribute":"base","op":"equals","value":"off"},
                       "serve":{"variant":"off"}}]}},
  "segments": {"staff":{"included":["ana"],"excluded":["eve"],
                        "when":{"attribute":"email","op":"endsWith","value":"@acme.test"}},
               "friends":{"when":{"any":[{"segment":"staff"},
                          {"attribute":"friend","op":"equals","value":true}]}}},
  "layers": {"page":{}},
  "holdouts": {"q4":{"percentage":10}, "none":{"percentage":0}, "all":{"percentage":100}},
  "bandits": {"hero":{"actions":["on","off"],"reward":{"metric":"m","kind":"binary"}}}}"#;

fn ruleset(flag: &str) -> Ruleset {
    let document = format!(
        r#"{{"schemaVersion":1,"salt":"t","flags":{{"f":{{"type":"boolean",
        "offVariant":"off","variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
        {flag}}},{MEMBERS}"#
    );
    let compiled = compile(document.as_bytes()).expect("a ruleset");
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    compiled.ruleset
}

/// Inputs that a test varies.
struct Given<'a> {
    ruleset: &'a Ruleset,
    at: i64,
    draw: u64,
    participation: Participation,
}

impl<'a> Given<'a> {
    fn new(ruleset: &'a Ruleset) -> Self {
        Self {
            ruleset,
            at: 0,
            draw: 0,
            participation: Participation::Full,
        }
    }

    /// `variant REASON` of the flag `f`, `-` for the caller's default, or the error code.
    fn answer(&self, context: &EvaluationContext) -> String {
        self.with(context, |evaluator| {
            let evaluation = evaluator.evaluate("f");
            let explained = evaluator.explain("f");
            assert_eq!(
                evaluation, explained.evaluation,
                "the explanation is the same answer"
            );
            match &evaluation.outcome {
                Outcome::Resolved {
                    variant, reason, ..
                } => {
                    format!("{} {}", variant.key, reason.as_str())
                }
                Outcome::CallerDefault { reason } => format!("- {}", reason.as_str()),
                Outcome::Failed { code, .. } => code.as_str().to_owned(),
            }
        })
    }

    fn with<R>(&self, context: &EvaluationContext, look: impl FnOnce(&Evaluator<'_>) -> R) -> R {
        let (policies, sticky) = (Policies::default(), StickyDecisions::default());
        look(&Evaluator {
            ruleset: self.ruleset,
            context,
            at: UnixMillis(self.at),
            draw: self.draw,
            policies: &policies,
            sticky: &sticky,
            participation: self.participation,
        })
    }
}

fn subject(key: &str) -> EvaluationContext {
    EvaluationContext::new().with_targeting_key(key)
}

fn subjects() -> impl Iterator<Item = EvaluationContext> {
    (0..2_000).map(|i| subject(&format!("subject-{i}")))
}

/// How many of 2,000 subjects get `on`.
fn share(ruleset: &Ruleset) -> usize {
    let given = Given::new(ruleset);
    subjects()
        .filter(|context| given.answer(context).starts_with("on "))
        .count()
}

#[track_caller]
fn check(flag: &str, context: &EvaluationContext, expected: &str) {
    let ruleset = ruleset(flag);
    assert_eq!(Given::new(&ruleset).answer(context), expected, "{flag}");
}

#[test]
fn statuses_mean_what_they_say() {
    let ana = subject("ana");
    check(
        r#""status":"disabled","defaultVariant":"on""#,
        &ana,
        "off DISABLED",
    );
    check(
        r#""status":"enabled","defaultVariant":"on""#,
        &ana,
        "on STATIC",
    );
    check(r#""status":"enabled""#, &ana, "- STATIC");
    let rollout = |percentage: f64| {
        let body = format!(r#"{{"variant":"on","percentage":{percentage}}}"#);
        format!(r#""status":"gradual_rollout","rollout":{body}"#)
    };
    check(&rollout(0.0), &ana, "off DEFAULT");
    check(&rollout(100.0), &ana, "on SPLIT");
    check(&rollout(100.0), &EvaluationContext::new(), "on SPLIT");
    check(
        &rollout(50.0),
        &EvaluationContext::new(),
        "TARGETING_KEY_MISSING",
    );
    let quarter = share(&ruleset(&rollout(25.0)));
    assert!((425..575).contains(&quarter), "{quarter} of 2000");
    let test =
        r#""status":"ab_test","experiment":{"control":"off","traffic":0,"weights":{"on":1}}"#;
    check(test, &ana, "off DEFAULT");
    check(
        &test.replace("\"traffic\":0", "\"traffic\":100"),
        &ana,
        "on SPLIT",
    );
    let half = share(&ruleset(&test.replace("\"traffic\":0", "\"traffic\":50")));
    assert!((900..1_100).contains(&half), "{half} of 2000");
}

#[test]
fn a_canary_serves_the_named_and_a_small_share_of_the_others() {
    let canary = |percentage| {
        format!(
            r#""status":"canary","canary":{{"variant":"on","subjects":["bo"],
                "segments":["friends"],"percentage":{percentage}}}"#
        )
    };
    check(&canary(0), &subject("bo"), "on TARGETING_MATCH");
    check(&canary(0), &subject("ana"), "on TARGETING_MATCH");
    check(
        &canary(0),
        &subject("eve").with("email", "eve@acme.test"),
        "off DEFAULT",
    );
    check(
        &canary(0),
        &subject("eve").with("friend", true),
        "on TARGETING_MATCH",
    );
    check(&canary(0), &subject("zoe"), "off DEFAULT");
    let one_in_twenty = share(&ruleset(&canary(5)));
    assert!(
        (60..145).contains(&one_in_twenty),
        "{one_in_twenty} of 2000"
    );
}

#[test]
fn rules_are_tried_in_order_and_misses_fall_through_or_end() {
    let rules = |on_miss| {
        format!(
            r#""status":"enabled","defaultVariant":"off","rules":[
                {{"when":{{"attribute":"n","op":"greaterThan","value":1}},
                  "gates":[{{"percentage":0}}],"serve":{{"variant":"off"}},"onMiss":"{on_miss}"}},
                {{"when":{{"attribute":"n","op":"exists"}},"serve":{{"variant":"on"}}}}]"#
        )
    };
    check(
        &rules("next"),
        &subject("ana").with("n", 2),
        "on TARGETING_MATCH",
    );
    check(&rules("end"), &subject("ana").with("n", 2), "off DEFAULT");
    check(
        &rules("end"),
        &subject("ana").with("n", 1),
        "on TARGETING_MATCH",
    );
    check(&rules("end"), &subject("ana"), "off DEFAULT");
}

#[test]
fn several_gates_must_all_open() {
    let gate = |salt: &str, from: u32, to: u32| {
        format!(r#"{{"ranges":[[{from},{to}]],"bucketing":{{"salt":"{salt}"}}}}"#)
    };
    let flag = |gates: &[String]| {
        format!(
            r#""status":"enabled","rules":[{{"gates":[{}],"serve":{{"variant":"on"}}}}]"#,
            gates.join(",")
        )
    };
    let (low, high) = (gate("a", 0, 500_000), gate("a", 500_000, 1_000_000));
    assert_eq!(share(&ruleset(&flag(&[low.clone(), high]))), 0);
    let independent = share(&ruleset(&flag(&[low, gate("b", 0, 500_000)])));
    assert!((425..575).contains(&independent), "{independent} of 2000");
}

#[test]
fn prerequisites_turn_the_flag_off() {
    let flag = r#""status":"enabled","defaultVariant":"on",
        "requires":[{"flag":"base","variants":["on"]}]"#;
    check(flag, &subject("ana"), "on STATIC");
    check(flag, &subject("ana").with("base", "off"), "off DISABLED");
    let ruleset = ruleset(flag);
    let unmet = subject("ana").with("base", "off");
    Given::new(&ruleset).with(&unmet, |evaluator| {
        assert_eq!(evaluator.evaluate("f").details.unmet, Some("base"));
    });
}

#[test]
fn named_subjects_come_before_rules_and_after_prerequisites() {
    let flag = r#""status":"enabled","defaultVariant":"off","overrides":{"ana":"on"},
        "requires":[{"flag":"base","variants":["on"]}],"rules":[{"serve":{"variant":"off"}}]"#;
    check(flag, &subject("ana"), "on TARGETING_MATCH");
    check(flag, &subject("bo"), "off STATIC");
    check(flag, &subject("ana").with("base", "off"), "off DISABLED");
}

#[test]
fn schedules_and_expiry_follow_the_given_time() {
    let scheduled = ruleset(
        r#""status":"enabled","defaultVariant":"on","schedule":
            {"startAt":"1970-01-01T00:00:01Z","endAt":"1970-01-01T00:00:02Z"}"#,
    );
    let answer = |ruleset: &Ruleset, at| {
        Given {
            at,
            ..Given::new(ruleset)
        }
        .answer(&subject("a"))
    };
    let answers = [999, 1_000, 1_999, 2_000].map(|at| answer(&scheduled, at));
    assert_eq!(
        answers,
        ["off DISABLED", "on STATIC", "on STATIC", "off DISABLED"]
    );
    let expiring = |action| {
        ruleset(&format!(
            r#""status":"enabled","defaultVariant":"on",
                "expiry":{{"at":"1970-01-01T00:00:01Z","action":"{action}"}}"#
        ))
    };
    assert_eq!(answer(&expiring("serveOff"), 999), "on STATIC");
    assert_eq!(answer(&expiring("serveOff"), 1_000), "off DISABLED");
    assert_eq!(answer(&expiring("keepServing"), 1_000), "on STATIC");
}

#[test]
fn a_ramp_lets_in_more_and_more() {
    let ruleset = ruleset(
        r#""status":"gradual_rollout","rollout":{"variant":"on","ramp":{"interpolation":"linear",
            "steps":[{"at":"1970-01-01T00:00:00Z","percentage":0},
                     {"at":"1970-01-01T00:00:10Z","percentage":100}]}}"#,
    );
    let inside = |at: i64| -> Vec<bool> {
        let given = Given {
            at,
            ..Given::new(&ruleset)
        };
        subjects()
            .map(|context| given.answer(&context).starts_with("on "))
            .collect()
    };
    let mut before = inside(0);
    for at in [1_000, 2_500, 5_000, 10_000] {
        let now = inside(at);
        assert!(
            before
                .iter()
                .zip(&now)
                .all(|(before, now)| *now || !*before)
        );
        before = now;
    }
    assert!(before.iter().all(|inside| *inside));
}

#[test]
fn experiments_leave_out_bots_holdouts_and_other_flags_of_the_layer() {
    let experiment = |more: &str| {
        format!(
            r#""status":"ab_test",{more}
                "experiment":{{"control":"off","weights":{{"on":1}}}}"#
        )
    };
    let plain = ruleset(&experiment(""));
    let bot = Given {
        participation: Participation::Excluded,
        ..Given::new(&plain)
    };
    assert_eq!(bot.answer(&EvaluationContext::new()), "off DEFAULT");
    check(
        &experiment(r#""holdouts":["none"],"#),
        &subject("ana"),
        "on SPLIT",
    );
    check(
        &experiment(r#""holdouts":["all"],"#),
        &subject("ana"),
        "off DEFAULT",
    );
    let tenth = 2_000 - share(&ruleset(&experiment(r#""holdouts":["q4"],"#)));
    assert!((150..250).contains(&tenth), "{tenth} of 2000");
    let layer = |from: u32, to: u32| {
        ruleset(&experiment(&format!(
            r#""layer":{{"key":"page","ranges":[[{from},{to}]]}},"#
        )))
    };
    let (first, second) = (layer(0, 300_000), layer(300_000, 1_000_000));
    for context in subjects() {
        let served = [&first, &second].map(|ruleset| Given::new(ruleset).answer(&context));
        let on = served
            .iter()
            .filter(|answer| answer.starts_with("on "))
            .count();
        assert_eq!(
            on, 1,
            "each subject belongs to exactly one flag of the layer"
        );
    }
}

#[test]
fn a_bandit_decides_with_a_propensity_and_takes_no_bots() {
    let ruleset = ruleset(r#""status":"ab_test","experiment":{"control":"off","bandit":"hero"}"#);
    let given = Given::new(&ruleset);
    given.with(&subject("ana"), |evaluator| {
        let evaluation = evaluator.evaluate("f");
        let decision = evaluation
            .details
            .decision
            .as_ref()
            .expect("a bandit decides");
        assert_eq!(decision.propensity.parts(), 500_000);
        assert_eq!(
            evaluation.variant().map(|v| &*v.key),
            Some(&*decision.action)
        );
        assert!(evaluation.details.tracked);
    });
    assert_eq!(
        given.answer(&EvaluationContext::new()),
        "TARGETING_KEY_MISSING"
    );
    let bot = Given {
        participation: Participation::Excluded,
        ..Given::new(&ruleset)
    };
    bot.with(&subject("ana"), |evaluator| {
        assert_eq!(evaluator.evaluate("f").details.decision, None);
        assert_eq!(
            evaluator.evaluate("f").details.kept_out,
            Some(KeptOut::NotParticipating)
        );
    });
}

#[test]
fn a_split_may_be_drawn_for_each_request() {
    let ruleset = ruleset(
        r#""status":"enabled","rules":[{"serve":{"split":{"weights":{"on":1,"off":1},
            "bucketing":{"draw":"request"}}}}]"#,
    );
    let answer = |draw| {
        Given {
            draw,
            ..Given::new(&ruleset)
        }
        .answer(&EvaluationContext::new())
    };
    let on = (0..2_000)
        .filter(|draw| answer(*draw).starts_with("on "))
        .count();
    assert!((900..1_100).contains(&on), "{on} of 2000");
    assert_eq!(answer(7), answer(7));
}

#[test]
fn another_attribute_may_be_the_unit() {
    let flag = r#""status":"ab_test","experiment":{"weights":{"on":1,"off":1},
        "bucketing":{"by":"org"}}"#;
    check(flag, &subject("ana"), "INVALID_CONTEXT");
    let ruleset = ruleset(flag);
    let given = Given::new(&ruleset);
    let of = |person: &str| given.answer(&subject(person).with("org", "acme"));
    assert_eq!(of("ana"), of("bo"));
}

#[test]
fn unknown_flags_and_wrong_types_are_errors() {
    let ruleset = ruleset(r#""status":"enabled","defaultVariant":"on""#);
    Given::new(&ruleset).with(&subject("ana"), |evaluator| {
        let code = |evaluation: Evaluation<'_>| match evaluation.outcome {
            Outcome::Failed { code, .. } => Some(code),
            _ => None,
        };
        assert_eq!(
            code(evaluator.evaluate("nowhere")),
            Some(ErrorCode::FlagNotFound)
        );
        let typed = |wanted| code(evaluator.evaluate("f").expect_type(wanted));
        assert_eq!(typed(FlagType::Number), Some(ErrorCode::TypeMismatch));
        assert_eq!(typed(FlagType::Boolean), None);
    });
}

#[test]
fn explanations_say_why_and_what_would_have_to_change() {
    let ruleset = ruleset(
        r#""status":"enabled","defaultVariant":"off","rules":[{"id":"adults",
            "when":{"all":[{"attribute":"age","op":"greaterOrEqual","value":18},
                           {"not":{"segment":"staff"}}]},"serve":{"variant":"on"}}]"#,
    );
    let context = subject("ana").with("age", 17);
    Given::new(&ruleset).with(&context, |evaluator| {
        let explanation = evaluator.explain("f");
        let first = explanation.steps.first().expect("a step");
        assert_eq!(first.rule.as_deref(), Some("adults"));
        let change = [
            r#"age is 17; "age >= 18" must hold"#,
            r#"the subject must not be in the segment "staff""#,
        ];
        assert_eq!(first.change, change);
        let last = explanation.steps.last().expect("a step");
        assert_eq!(last.what, r#"no rule serves: "off""#);
    });
}

proptest! {
    #[test]
    fn raising_a_rollout_never_moves_anybody_out(
        low in 0.0_f64..100.0,
        more in 0.0_f64..100.0,
        key in "[a-z0-9-]{1,40}",
    ) {
        let high = (low + more).min(100.0);
        let inside = |percentage: f64| {
            let ruleset = ruleset(&format!(r#""status":"gradual_rollout",
                "rollout":{{"variant":"on","percentage":{percentage}}}"#));
            Given::new(&ruleset).answer(&subject(&key)).starts_with("on ")
        };
        prop_assert!(!inside(low) || inside(high));
    }
}

#[test]
fn a_preview_is_seen_by_flags_that_ask() {
    let document = r#"{"schemaVersion":1,"flags":{
        "base":{"type":"boolean","status":"disabled","offVariant":"off",
            "variants":{"on":{"value":true},"off":{"value":false}}},
        "asks":{"type":"boolean","status":"enabled","offVariant":"off","defaultVariant":"off",
            "variants":{"on":{"value":true},"off":{"value":false}},
            "rules":[{"when":{"flag":"base","variants":["on"]},"serve":{"variant":"on"}}]},
        "requires":{"type":"boolean","status":"enabled","offVariant":"off","defaultVariant":"on",
            "variants":{"on":{"value":true},"off":{"value":false}},
            "requires":[{"flag":"base","variants":["on"]}]}}}"#;
    let ruleset = compile(document.as_bytes()).expect("a ruleset").ruleset;
    let context = EvaluationContext::new();
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    let evaluator = Evaluator {
        ruleset: &ruleset,
        context: &context,
        at: UnixMillis(0),
        draw: 0,
        policies: &policies,
        sticky: &sticky,
        participation: Participation::Excluded,
    };
    let shown = |base: Option<&str>| {
        let variants = base.map(|variant| ("base", variant));
        let preview = Preview::new(variants, UnixMillis(1)).ok();
        let sweep = evaluator.sweep().previewing(preview.as_ref());
        let served = ruleset.flags().map(|flag| {
            let evaluation = sweep.evaluate_flag(flag);
            evaluation
                .variant()
                .map_or("-", |variant| variant.name())
                .to_owned()
        });
        served.collect::<Vec<_>>()
    };
    assert_eq!(shown(None), ["off", "off", "off"]);
    // asks, base, requires
    assert_eq!(shown(Some("on")), ["on", "on", "on"]);
    assert_eq!(shown(Some("no variant")), ["off", "off", "off"]);
}

#[test]
fn gates_are_explained_by_their_share() {
    let check = |gate: &str, expected: &str| {
        let served = r#""serve":{"variant":"on"}"#;
        let flag = format!(r#""status":"enabled","rules":[{{"gates":[{gate}],{served}}}]"#);
        let ruleset = ruleset(&flag);
        let context = EvaluationContext::new().with_targeting_key("ana");
        Given::new(&ruleset).with(&context, |evaluator| {
            let explanation = evaluator.explain("f");
            let what = &explanation.steps[0].what;
            assert!(what.ends_with(expected), "{what}");
        });
    };
    check(
        r#"{"percentage":12.345}"#,
        " of 1000000 does not pass the gate of 0..123450 (12.34 %)",
    );
    check(
        r#"{"ranges":[[0,2500],[5000,10000]],"bucketing":{"kind":"eppo","scale":10000}}"#,
        " the gate of 0..2500, 5000..10000 (75.00 %)",
    );
    check(r#"{"ranges":[]}"#, "the gate of no buckets");
}
