//! Matchers one by one, and trees of conditions.

use super::*;
use crate::context::EvaluationContext;
use crate::rare::Known;

/// Belongs nowhere.
struct Nobody;

impl Audience for Nobody {
    fn member(&self, _segment: usize) -> Answer {
        Ok(Truth::Unknown)
    }

    fn is_named(&self, _names: &Names) -> bool {
        false
    }

    fn flag(&self, _condition: &FlagCondition) -> Answer {
        Ok(Truth::No)
    }

    fn chance(&self, _gate: &Gate) -> Answer {
        Ok(Truth::No)
    }

    fn foreign(&self, _test: &dyn ForeignTest) -> Answer {
        Ok(Truth::Unknown)
    }
}

#[track_caller]
fn check(matcher: Matcher, value: impl Into<Value>, expected: bool) {
    let test = Test {
        attribute: Attribute::named("a"),
        matcher,
    };
    let context = EvaluationContext::new().with("a", value);
    assert_eq!(test.holds((&context).into()), expected, "{}", test.matcher);
}

fn text(position: Position, needle: &str, fold_case: bool) -> Matcher {
    Matcher::Text(TextMatcher {
        position,
        needles: [needle].into(),
        fold_case,
    })
}

#[test]
fn matchers() {
    check(Matcher::Exists, 0, true);
    check(Matcher::Exists, Value::Null, false);
    check(Matcher::OneOf([1.into()].into()), 1.0, true);
    check(Matcher::OneOf([1.into()].into()), "1", false);
    check(Matcher::OneOfTexts(["a", "c"].into()), "c", true);
    check(Matcher::OneOfTexts(["a", "c"].into()), "b", false);
    check(text(Position::Start, "ba", false), "bandera", true);
    check(text(Position::End, "RA", false), "bandera", false);
    check(text(Position::End, "ra", true), "BANDERA", true);
    check(Matcher::Number(Comparison::GreaterOrEqual, 18.0), 18, true);
    check(Matcher::Number(Comparison::Less, 18.0), "17", false);
    let noon = Rare::new(Known::here().unwrap(), UnixMillis(43_200_000));
    check(
        Matcher::Time(Comparison::Less, noon.clone()),
        "1970-01-01T11:59:59Z",
        true,
    );
    check(Matcher::Time(Comparison::Less, noon), 43_200_000, false);
    let version = Precedence::parse("1.2.0").unwrap();
    check(
        Matcher::Version(Comparison::Less, version.clone()),
        "1.2.0-rc.1",
        true,
    );
    check(Matcher::Version(Comparison::Equal, version), "1.2", false);
}

#[test]
fn one_element_of_a_list_is_enough() {
    let list = Value::List(["x".into(), "y".into()].into());
    check(Matcher::OneOfTexts(["y"].into()), list.clone(), true);
    check(Matcher::OneOfTexts(["z"].into()), list, false);
}

#[test]
fn a_missing_attribute_fails_the_test_and_satisfies_its_negation() {
    let test = Test {
        attribute: Attribute::named("absent"),
        matcher: Matcher::Exists,
    };
    let negated = Condition::Not(Box::new(Condition::Test(test)));
    assert_eq!(
        negated.holds((&EvaluationContext::new()).into(), &Nobody),
        Ok(Truth::Yes)
    );
}

#[test]
fn empty_trees_have_their_logical_value() {
    let nobody = EvaluationContext::new();
    assert_eq!(
        Condition::always().holds((&nobody).into(), &Nobody),
        Ok(Truth::Yes)
    );
    let never = Condition::Any([].into());
    assert_eq!(never.holds((&nobody).into(), &Nobody), Ok(Truth::No));
}

#[test]
fn what_cannot_be_told_stays_so_until_something_else_decides() {
    let nobody = EvaluationContext::new();
    let unknown = || Condition::Segment(0);
    let check = |condition: Condition, expected| {
        assert_eq!(condition.holds((&nobody).into(), &Nobody), Ok(expected));
    };
    check(Condition::Not(Box::new(unknown())), Truth::Unknown);
    check(
        Condition::All([Condition::always(), unknown()].into()),
        Truth::Unknown,
    );
    check(
        Condition::Any([unknown(), Condition::always()].into()),
        Truth::Yes,
    );
    check(
        Condition::Any([unknown(), Condition::Any([].into())].into()),
        Truth::Unknown,
    );
}

#[test]
fn requirements_read_as_words() {
    let many = (0..7).map(|i| format!("c{i}")).collect();
    let words = Matcher::OneOfTexts(many).to_string();
    let listed = r#"equals "c0" or "c1" or "c2" or "c3" or "c4" or one of 2 more"#;
    assert_eq!(words, listed);
}
