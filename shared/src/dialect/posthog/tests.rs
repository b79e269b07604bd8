use super::test;
use crate::context::Attribute;
use crate::dialect::{Source, View};
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
use crate::wire::{read, read_context};
use Truth::{No, Unknown, Yes};

const MAY: &str = "2022-05-01T00:00:00Z";

fn asked(attribute: Attribute, op: &str, value: &str, context: &str) -> Truth {
    let source = Source {
        dialect: "posthog".into(),
        op: op.into(),
        attribute: Some(attribute),
        value: read::<Value>(value).unwrap().value,
    };
    let context = read_context(context).unwrap();
    let view = View {
        context: &context,
        at: UnixMillis::parse(MAY).unwrap(),
        draw: 0,
    };
    test(&source).unwrap().holds(&view).unwrap()
}

#[track_caller]
fn check(found: &str, op: &str, value: &str, expected: Truth) {
    let context = format!(r#"{{"p":{found}}}"#);
    let truth = asked(Attribute::named("p"), op, value, &context);
    assert_eq!(truth, expected, "{found} {op} {value}");
}

/// Filters on true and false of `property_matching_version` 1.
///
/// # Source
/// posthog-node 5.70.0, `matchFeatureFlagProperty`, asked each of these.
#[test]
fn truth_is_compared_as_such() {
    for found in ["true", "\"True\"", "[]", "[true, \"TRUE\"]"] {
        check(found, "truth", "true", Yes);
        check(found, "truth", "[]", Yes);
        check(found, "truth", "[\"true\", true]", Yes);
        check(found, "not_truth", "true", No);
        check(found, "truth", "\"false\"", No);
        check(found, "truth", "[true, false]", No);
        check(found, "not_truth", "false", Yes);
    }
    for found in [
        "false",
        "\"false\"",
        "0",
        "1",
        "\"\"",
        "\"x\"",
        "[false]",
        "{}",
    ] {
        check(found, "truth", "true", No);
        check(found, "not_truth", "\"TRUE\"", Yes);
        check(found, "truth", "false", Yes);
        check(found, "truth", "[true, false]", Yes);
        check(found, "not_truth", "false", No);
    }
    assert_eq!(asked(Attribute::named("p"), "truth", "true", "{}"), Unknown);
    assert_eq!(
        asked(Attribute::named("p"), "not_truth", "true", "{}"),
        Unknown
    );
}

#[test]
fn parts_are_found_whatever_the_case_of_latin_letters() {
    check("\"ABC\"", "icontains", "\"b\"", Yes);
    check("\"É\"", "icontains", "\"é\"", No);
    check("\"É\"", "not_starts_with", "\"é\"", Yes);
    check("\"É\"", "exact", "\"é\"", Yes);
}

#[test]
fn what_is_absent_is_undecided_and_null_fails() {
    let all = [
        "exact",
        "is_not",
        "is_set",
        "icontains",
        "not_icontains",
        "starts_with",
        "not_starts_with",
        "ends_with",
        "not_ends_with",
        "regex",
        "not_regex",
        "gt",
        "gte",
        "lt",
        "lte",
        "is_date_before",
        "is_date_after",
        "semver_eq",
        "semver_neq",
        "semver_wildcard",
    ];
    for op in all {
        let absent = asked(Attribute::named("p"), op, "\"1\"", "{}");
        assert_eq!(absent, Unknown, "{op}");
        let of_null = if matches!(op, "is_not" | "is_set") {
            Yes
        } else {
            No
        };
        check("null", op, "\"1\"", of_null);
    }
    assert_eq!(asked(Attribute::named("p"), "is_not_set", "1", "{}"), Yes);
    check("null", "is_not_set", "1", No);
    check("null", "is_not", "\"null\"", No);
    check("null", "truth", "false", No);
    check("null", "not_truth", "true", Yes);
    check("null", "not_truth", "false", No);
    check("1", "is_like", "1", Unknown);
}

#[test]
fn texts_compare_in_any_case() {
    check("\"Value\"", "exact", "\"vALUE\"", Yes);
    check("true", "exact", "[\"x\", \"True\"]", Yes);
    check("1", "exact", "[1]", Yes);
    check("[true]", "exact", "[\"[TRUE]\"]", Yes);
    check("[\"a\", 1]", "exact", "\"[\\\"A\\\",1]\"", Yes);
    check("\"c\"", "exact", "[\"a\", \"b\"]", No);
    check("\"c\"", "is_not", "[\"a\", \"b\"]", Yes);
    check("\"A\"", "is_not", "[\"a\", \"b\"]", No);
    check("\"\"", "is_set", "null", Yes);
    check("323", "icontains", "\"3\"", Yes);
    check("\"Value\"", "not_icontains", "\"aLu\"", No);
    check("\"Value\"", "starts_with", "\"vA\"", Yes);
    check("\"Value\"", "not_starts_with", "\"vA\"", No);
    check("13", "ends_with", "3", Yes);
    check("13", "not_ends_with", "4", Yes);
}

#[test]
fn patterns_mind_the_case_and_malformed_ones_say_no() {
    check("\"a.com\"", "regex", "\"\\\\.com$\"", Yes);
    check("\"a.COM\"", "regex", "\"\\\\.com$\"", No);
    check("\"a\"", "not_regex", "\"b\"", Yes);
    check("4", "regex", "4", Yes);
    check("\"a\"", "regex", "\"?*\"", No);
    check("\"a\"", "not_regex", "\"?*\"", No);
    let source = Source {
        dialect: "posthog".into(),
        op: "regex".into(),
        attribute: Some(Attribute::named("p")),
        value: "(?=a)".into(),
    };
    assert!(test(&source).is_err());
}

#[test]
fn numbers_come_before_the_order_of_texts() {
    check("3", "gt", "1", Yes);
    check("\"10\"", "gt", "\"9\"", Yes);
    check("\"100\"", "lt", "\"30\"", No);
    check("129", "gt", "\"123aloha\"", Yes);
    check("122", "gt", "\"123aloha\"", No);
    check("1", "lte", "1", Yes);
    check("1", "gte", "1", Yes);
    check("1", "lt", "1", No);
    check("\"abb\"", "lt", "\"abc\"", Yes);
    check("\"x\"", "gt", "5", Yes);
}

#[test]
fn dates_in_the_forms_people_write() {
    let day = "\"2022-05-01\"";
    for earlier in [
        "\"2022-04-30\"",
        "\"2022-04-30T23:59:59.999Z\"",
        "\"2022-05-01T00:30:00+01:00\"",
        "\"2022-04-30 23:59:59 GMT\"",
        "\"2022-05-01 01:00:00 +02:00\"",
        "\"2022-05-01 01:00:00+0200\"",
        "\"2022-04-30T23:59\"",
        "\"2022-04\"",
        "\"2022\"",
        "1651363199999",
    ] {
        check(earlier, "is_date_before", day, Yes);
        check(earlier, "is_date_after", day, No);
    }
    check(day, "is_date_before", day, No);
    check(day, "is_date_after", day, No);
    check("62802180000012344", "is_date_before", day, Unknown);
    check("\"soon\"", "is_date_before", day, Unknown);
    check("true", "is_date_before", day, Unknown);
    check(day, "is_date_before", "\"abcd\"", Unknown);
    check(day, "is_date_before", "true", Unknown);
}

/// Seen from the first of May.
#[test]
fn relative_dates_count_back_from_the_request() {
    let starts = |relative: &str, moment: &str| {
        let relative = format!("{relative:?}");
        check(&format!("{moment:?}"), "is_date_before", &relative, No);
        check(&format!("{moment:?}"), "is_date_after", &relative, No);
    };
    starts("-6h", "2022-04-30T18:00:00Z");
    starts("1d", "2022-04-30T00:00:00Z");
    starts("02w", "2022-04-17T00:00:00Z");
    starts("1m", "2022-04-01T00:00:00Z");
    starts("14m", "2021-03-01T00:00:00Z");
    starts("-1y", "2021-05-01T00:00:00Z");
    check("\"2022\"", "is_date_before", "\"9999h\"", No);
    check("\"2022\"", "is_date_before", "\"10000h\"", Unknown);
    check("\"2022\"", "is_date_before", "\"1s\"", Unknown);
    check("\"2022\"", "is_date_before", "\"d\"", Unknown);
    check("\"2022\"", "is_date_before", "\"\"", Unknown);
}

#[test]
fn a_day_that_a_month_lacks_runs_over() {
    use super::date::{Deadline, Unit};
    let back = |from: &str, deadline: Deadline, expected: &str| {
        let found = deadline.at(UnixMillis::parse(from).unwrap());
        assert_eq!(found.to_rfc3339(), expected);
    };
    let month = Deadline::Ago(1, Unit::Months);
    back("2022-03-31T10:00:00Z", month, "2022-03-03T10:00:00Z");
    back("2024-03-31T10:00:00Z", month, "2024-03-02T10:00:00Z");
    let year = Deadline::Ago(1, Unit::Years);
    back("2024-02-29T10:00:00Z", year, "2023-03-01T10:00:00Z");
}

#[test]
fn versions_have_three_numbers() {
    let v = |found: &str, op: &str, value: &str, expected| {
        check(&format!("{found:?}"), op, &format!("{value:?}"), expected);
    };
    v("1.2.3-alpha", "semver_eq", "v1.2.3+5", Yes);
    v("1.2.3.9", "semver_eq", " 1.2.3 ", Yes);
    v("1.2.4", "semver_neq", "1.2.3", Yes);
    v("1.2.3", "semver_neq", "1.2.3", No);
    v("1.2.4", "semver_gt", "1.2.3", Yes);
    v("1.2.3", "semver_gt", "1.2.3", No);
    v("1.2.3", "semver_gte", "1.2.3", Yes);
    v("1.2.2", "semver_lt", "1.2.3", Yes);
    v("1.2.3", "semver_lte", "1.2.3", Yes);
    v("1.10.0", "semver_lte", "1.2.3", No);
    v("1.2.99", "semver_tilde", "1.2.3", Yes);
    v("1.3.0", "semver_tilde", "1.2.3", No);
    v("1.99.0", "semver_caret", "1.2.3", Yes);
    v("2.0.0", "semver_caret", "1.2.3", No);
    v("0.2.9", "semver_caret", "0.2.3", Yes);
    v("0.3.0", "semver_caret", "0.2.3", No);
    v("0.0.4", "semver_caret", "0.0.3", No);
    v("1.5.5", "semver_wildcard", "1.*", Yes);
    v("1.2.9", "semver_wildcard", "v1.2.*", Yes);
    v("1.3.0", "semver_wildcard", "1.2.*", No);
    v("2", "semver_wildcard", "2", Yes);
    check("1", "semver_eq", "\"1.0.0\"", Yes);
    for broken in ["", "x", "01.2.3", "1.02", ".1", "1.a.3"] {
        v(broken, "semver_eq", "1.2.3", Unknown);
        v("1.2.3", "semver_neq", broken, Unknown);
    }
    for broken in ["*", "", "x.*", "01.*", "1.x"] {
        v("1.2.3", "semver_wildcard", broken, Unknown);
    }
}

#[test]
fn properties_have_an_owner() {
    let several = r#"{"kind":"multi","user":{"targetingKey":"ana","plan":"free"},
        "company":{"targetingKey":"acme","plan":"pro"}}"#;
    let plan = |of: Option<&str>, wanted: &str, context: &str| {
        let plan = Attribute::named("plan");
        let plan = of.map_or(plan.clone(), |of| plan.of(of));
        asked(plan, "exact", &format!("{wanted:?}"), context)
    };
    assert_eq!(plan(None, "free", several), Yes);
    assert_eq!(plan(Some("company"), "pro", several), Yes);
    assert_eq!(plan(Some("team"), "pro", several), Unknown);
    // A property may be called "kind".
    assert_eq!(plan(None, "max", r#"{"kind":"vip","plan":"max"}"#), Yes);
    assert_eq!(
        plan(Some("company"), "max", r#"{"kind":"company","plan":"max"}"#),
        Yes
    );
    let key = |attribute: Attribute, context: &str| asked(attribute, "exact", "\"ana\"", context);
    let id = || Attribute::named("distinct_id");
    assert_eq!(key(id(), r#"{"targetingKey":"ana"}"#), Yes);
    assert_eq!(key(id(), several), Yes);
    assert_eq!(
        key(id(), r#"{"targetingKey":"ana","distinct_id":"eve"}"#),
        No
    );
    let its_key = Attribute::named("$group_key").of("company");
    assert_eq!(asked(its_key, "exact", "\"acme\"", several), Yes);
}

#[test]
fn another_flag_is_on_or_serves_a_variant() {
    let flag = |found: &str, wanted: &str| {
        let context = format!(r#"{{"value":{found}}}"#);
        asked(
            Attribute::named("value"),
            "flag_evaluates_to",
            wanted,
            &context,
        )
    };
    assert_eq!(flag("true", "true"), Yes);
    assert_eq!(flag("\"blue\"", "true"), Yes);
    assert_eq!(flag("false", "true"), No);
    assert_eq!(flag("false", "false"), Yes);
    assert_eq!(flag("\"blue\"", "false"), No);
    assert_eq!(flag("\"blue\"", "\"blue\""), Yes);
    assert_eq!(flag("true", "\"blue\""), No);
    assert_eq!(flag("true", "[true]"), No);
    assert_eq!(flag("false", "null"), Yes);
    assert_eq!(flag("null", "true"), Unknown);
    assert_eq!(flag("null", "null"), Unknown);
}

#[test]
fn something_must_tell_subjects_apart() {
    let device = |context: &str| {
        asked(
            Attribute::named("$device_id"),
            "identifies",
            "null",
            context,
        )
    };
    assert_eq!(device(r#"{"$device_id":"d"}"#), Yes);
    assert_eq!(device(r#"{"$device_id":""}"#), No);
    assert_eq!(device(r#"{"$device_id":null}"#), No);
    assert_eq!(device("{}"), No);
}
