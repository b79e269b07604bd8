use super::*;
use bandera_shared::Value;
use bandera_shared::value::Number;
use js::number_of;

#[test]
fn a_draw_covers_all_bits_and_saturates() {
    let check = |draw: f64, bits: u64| assert_eq!(bits_of(draw), bits);
    check(0.0, 0);
    check(0.5, 1 << 63);
    check(1.0, u64::MAX);
    check(-1.0, 0);
    check(f64::NAN, 0);
}

/// Numbers of scripts are those that their JSON is read as.
#[test]
fn numbers_are_read_as_from_json() {
    let whole = |number: i64| Value::Number(Number::Integer(number));
    let check = |number: f64, expected: Value| assert_eq!(number_of(number), expected, "{number}");
    check(0.0, whole(0));
    check(-0.0, whole(0));
    check(-7.0, whole(-7));
    check(0.1, Value::Number(Number::Float(0.1)));
    check(9_007_199_254_740_991.0, whole(9_007_199_254_740_991));
    check(9_007_199_254_740_992.0, whole(9_007_199_254_740_992));
    check(123_456_789_012_345_677.0, whole(123_456_789_012_345_680));
    check(-123_456_789_012_345_677.0, whole(-123_456_789_012_345_680));
    let unsigned = Value::Number(Number::Unsigned(9_223_372_036_854_776_000));
    check(9_223_372_036_854_775_808.0, unsigned);
    check(1e20, Value::Number(Number::Float(1e20)));
    check(1e21, Value::Number(Number::Float(1e21)));
    check(f64::NAN, Value::Null);
    check(f64::INFINITY, Value::Null);
}

/// What an engine that knows bandits says of `tests/bandits.json`; the page's engine says the same
/// in `tests/page.rs`.
#[test]
fn bandits_that_have_not_learned_choose_as_at_the_edge() {
    let compiled = bandera_shared::compile(include_bytes!("../tests/bandits.json")).unwrap();
    assert_eq!(compiled.diagnostics, []);
    let read = Ruleset::from_compact(bandera_shared::compact::encode(&compiled.ruleset)).unwrap();
    let answers = |flag: &str| -> String {
        let subjects =
            (0..20).map(|n| EvaluationContext::new().with_targeting_key(&format!("subject-{n}")));
        let answer = |context: &EvaluationContext| {
            let evaluator = Evaluator {
                ruleset: &read,
                context,
                at: UnixMillis(0),
                draw: bits_of(0.4),
                policies: &Policies::default(),
                sticky: &StickyDecisions::default(),
                participation: Participation::Full,
            };
            let variant = evaluator
                .evaluate(flag)
                .variant()
                .map(|v| v.key.to_string());
            variant.unwrap()
        };
        subjects.map(|context| answer(&context)).collect()
    };
    let found = ["kept", "by_revision", "by_request"].map(answers);
    let by_request = "b".repeat(20);
    assert_eq!(
        found,
        ["cbbccacaabccacccbcab", "acacabcbabcaccaabaac", &by_request]
    );
}
