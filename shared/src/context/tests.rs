//! Attributes by name, by path and by kind of entity.

use super::*;

#[test]
fn finds_plain_nested_and_oddly_named_attributes() {
    let plan = Value::Object([("plan".into(), "pro".into())].into());
    let context = EvaluationContext::new()
        .with_targeting_key("ana")
        .with("user", plan)
        .with("a.b/c", 1)
        .with("none", Value::Null);
    assert_eq!(context.targeting_key(), Some("ana"));
    let nested = Attribute::nested("user", ["plan"]);
    assert_eq!(context.get(&nested), Some(&"pro".into()));
    assert_eq!(context.get(&Attribute::named("a.b/c")), Some(&1.into()));
    assert_eq!(context.get(&Attribute::named("none")), None);
    assert_eq!(
        context.get(&Attribute::nested("user", ["plan", "deeper"])),
        None
    );
}

#[test]
fn attributes_belong_to_kinds_of_entities() {
    let org = Value::Object([("plan".into(), "pro".into())].into());
    let several = EvaluationContext::new()
        .with("kind", "multi")
        .with("org", org.clone())
        .with("device", "no object")
        .with("plan", "of nobody");
    let single = EvaluationContext::new().with("kind", "org").with("plan", 1);
    let unnamed = EvaluationContext::new().with("plan", 2).with("org", org);
    let check = |context: &EvaluationContext, kind, expected: Option<Value>, kinds: &[&str]| {
        let plan = Attribute::named("plan").of(kind);
        assert_eq!(context.get(&plan), expected.as_ref(), "{plan}");
        assert_eq!(context.kinds().collect::<Vec<_>>(), kinds);
        assert_eq!(context.describes(kind), expected.is_some());
    };
    check(&several, "org", Some("pro".into()), &["org"]);
    check(&several, "device", None, &["org"]);
    check(&several, "user", None, &["org"]);
    check(&several, "multi", None, &["org"]);
    check(&single, "org", Some(1.into()), &["org"]);
    check(&single, "user", None, &["org"]);
    check(&unnamed, "user", Some(2.into()), &["user"]);
    check(&unnamed, "org", None, &["user"]);
    assert!(!Attribute::targeting_key().of("user").is_targeting_key());
    assert_eq!(
        Attribute::nested("a", ["b"]).of("org").to_string(),
        "org: a › b"
    );
}

#[test]
fn the_last_value_of_a_name_counts() {
    let context = EvaluationContext::new().with("x", 1).with("x", 2);
    assert_eq!(context.get(&Attribute::named("x")), Some(&2.into()));
    assert_eq!(context.iter().count(), 1);
}
