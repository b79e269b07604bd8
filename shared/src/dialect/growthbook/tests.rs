use super::test;
use super::version::padded;
use crate::context::{Attribute, EvaluationContext};
use crate::dialect::{Source, View};
use crate::time::UnixMillis;
use crate::value::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn value(json: &Json) -> Value {
    serde_json::from_value(json.clone()).expect("any JSON is a value")
}

fn source(op: &str, attribute: Option<&str>, operand: &Json) -> Source {
    Source {
        dialect: "growthbook".into(),
        op: op.into(),
        attribute: attribute.map(Attribute::named),
        value: value(operand),
    }
}

fn holds(source: &Source, attributes: &Json) -> bool {
    let members = attributes.as_object().expect("attributes are an object");
    let context = members
        .iter()
        .fold(EvaluationContext::new(), |context, (name, json)| {
            context.with(name, value(json))
        });
    let view = View {
        context: &context,
        at: UnixMillis(0),
        draw: 0,
    };
    let test = test(source).expect("a known operator");
    test.holds(&view).expect("nothing fails").is_yes()
}

/// One operator over the attribute `a`; a null is a missing one.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "tables read better")]
fn check(op: &str, actual: Json, operand: Json, expected: bool) {
    let source = source(op, Some("a"), &operand);
    let found = holds(&source, &json!({ "a": actual }));
    assert_eq!(found, expected, "{actual} {source}");
    // A whole condition means the same.
    let operand = if op == "is" {
        operand
    } else {
        json!({ op: operand })
    };
    whole(json!({ "a": operand }), json!({ "a": actual }), expected);
}

#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "tables read better")]
fn whole(condition: Json, attributes: Json, expected: bool) {
    let source = source("condition", None, &condition);
    assert_eq!(
        holds(&source, &attributes),
        expected,
        "{condition} of {attributes}"
    );
}

#[test]
fn bare_values_are_compared_as_javascript_converts_them() {
    check("is", json!("x"), json!("x"), true);
    check("is", json!(1), json!("1"), true);
    check("is", json!(["x", null, 2]), json!("x,,2"), true);
    check("is", json!({}), json!("[object Object]"), true);
    check("is", json!(null), json!("null"), true);
    check("is", json!("10"), json!(10), true);
    check("is", json!(null), json!(0), true);
    check("is", json!("x"), json!(0), false);
    check("is", json!("false"), json!(true), true);
    check("is", json!(""), json!(false), true);
    check("is", json!(null), json!(false), false);
    check("is", json!(0), json!(false), true);
    check("is", json!([]), json!(true), true);
    check("is", json!(null), json!(null), true);
    check("is", json!(0), json!(null), false);
    check("is", json!([1, "2"]), json!([1, "2"]), true);
    check("is", json!([2, 1]), json!([1, 2]), false);
    check("is", json!({"b": [1]}), json!({"b": [1.0]}), true);
    check("is", json!({}), json!({}), true);
    check("is", json!({"b": 1, "c": 2}), json!({"b": 1}), false);
}

#[test]
fn operators_of_equality_and_order() {
    check("$eq", json!(1), json!(1.0), true);
    check("$eq", json!("1"), json!(1), false);
    check("$eq", json!(null), json!(null), true);
    check("$eq", json!([1]), json!([1]), false);
    check("$ne", json!([1]), json!([1]), true);
    check("$ne", json!(null), json!(1), true);
    check("$gt", json!("8"), json!(5), true);
    check("$gt", json!("10"), json!("9"), false);
    check("$gt", json!("x"), json!(5), false);
    check("$lte", json!("x"), json!(5), false);
    check("$lt", json!(null), json!(1), true);
    check("$gte", json!(null), json!(0), true);
    check("$lte", json!(true), json!(1), true);
    check("$lt", json!("Z"), json!("a"), true);
    check("$lt", json!("\u{ffff}"), json!("😀"), false);
    check("$exists", json!(0), json!(true), true);
    check("$exists", json!(null), json!(1), false);
    check("$exists", json!(null), json!(false), true);
    check("$exists", json!(""), json!(""), false);
    check("$type", json!(null), json!("null"), true);
    check("$type", json!({}), json!("object"), true);
    check("$type", json!([]), json!("object"), false);
    check("$type", json!(1), json!(1), false);
    check("$regx", json!("a"), json!("a"), false);
    check("$not", json!("a"), json!({"$regx": "a"}), true);
}

#[test]
fn operators_of_lists() {
    check("$in", json!(1), json!([1.0, "2"]), true);
    check("$in", json!("1"), json!([1]), false);
    check("$in", json!(null), json!([null]), true);
    check("$in", json!(true), json!([true]), true);
    check("$in", json!(-0.0), json!([0]), true);
    check("$in", json!(["x", 3]), json!([3]), true);
    check("$in", json!([[3]]), json!([[3]]), false);
    check("$in", json!("a"), json!("a"), false);
    check("$nin", json!("a"), json!("b"), false);
    check("$nin", json!(null), json!(["a"]), true);
    check("$nin", json!(["a", "b"]), json!(["b"]), false);
    check("$ini", json!("STRAßE"), json!(["straße"]), true);
    check("$ini", json!(["x", "B"]), json!(["b", 1]), true);
    check("$nini", json!("B"), json!(["b"]), false);
    check("$nini", json!(1), json!(["1"]), true);
    check("$nini", json!("b"), json!(1), false);
    check("$inGroup", json!(2), json!([1, 2]), true);
    check("$inGroup", json!(2), json!("unknown"), false);
    check("$notInGroup", json!(null), json!([1]), true);
    check("$notInGroup", json!(1), json!([1]), false);
    check("$all", json!(["a", "b"]), json!(["b"]), true);
    check("$all", json!(["a", "b"]), json!(["b", "c"]), false);
    check("$all", json!([1, 5]), json!([{"$gt": 3}, "1"]), true);
    check("$all", json!([]), json!([]), true);
    check("$all", json!("a"), json!(["a"]), false);
    check("$alli", json!(["A"]), json!(["a"]), true);
    check("$alli", json!(["A"]), json!("a"), false);
    check("$size", json!([1, 2]), json!(2), true);
    check("$size", json!([1, 2]), json!({"$gt": 2}), false);
    check("$size", json!("ab"), json!(2), false);
    check("$elemMatch", json!([1, 20]), json!({"$gt": 10}), true);
    check("$elemMatch", json!([0]), json!({"$lt": 10}), false);
    check(
        "$elemMatch",
        json!([{"b": 1}, {"b": 2}]),
        json!({"b": 2}),
        true,
    );
    check(
        "$elemMatch",
        json!([{"b": 1}]),
        json!({"$or": [{"b": 2}, {"c": null}]}),
        false,
    );
    check("$elemMatch", json!({"b": 1}), json!({"b": 1}), false);
}

#[test]
fn operators_of_text_and_versions() {
    check("$regex", json!("an apple"), json!("^AN"), false);
    check("$regexi", json!("an apple"), json!("^AN"), true);
    check("$regex", json!(1234), json!("23"), true);
    check("$regex", json!(null), json!("^null$"), true);
    check("$regex", json!("a/b"), json!("a/b"), true);
    check("$regex", json!("x"), json!("(?=x)"), false);
    check("$regex", json!("x"), json!("["), false);
    check("$regex", json!("1"), json!(1), false);
    check("$vgt", json!("1.10.0"), json!("1.9.9"), true);
    check("$vgte", json!("v2.0.0+7"), json!("2.0.0"), true);
    check("$vlt", json!("2.0.0-rc.1"), json!("2.0.0"), true);
    check("$vlte", json!("2.0.0"), json!("2.0.0-rc.1"), false);
    check("$veq", json!("1.2.3.4"), json!("1.2.3-4"), true);
    check("$veq", json!(null), json!("0"), true);
    check("$vne", json!("1.2"), json!("1.2.0"), true);
    check("$vgt", json!(7), json!("6"), true);
}

#[test]
fn versions_are_padded() {
    let check = |written: Json, expected: &str| assert_eq!(&*padded(&value(&written)), expected);
    check(json!("v1.2.3+build.5"), "    1-    2-    3-~");
    check(json!("1.2.3-rc.1"), "    1-    2-    3-rc-    1");
    check(json!("123456.x"), "123456-x");
    check(json!(1.5), "    1-    5");
    check(json!(["1"]), "    0");
    check(json!("1..2"), "    1--    2-~");
}

#[test]
fn conditions_join_paths_of_any_depth() {
    whole(json!({}), json!({}), true);
    whole(json!({"$or": []}), json!({}), true);
    whole(json!({"$nor": []}), json!({}), false);
    whole(json!({"$and": []}), json!({}), true);
    whole(
        json!({"$or": [{"a": 1}, {"b": 1}], "c": 2}),
        json!({"b": 1, "c": 2}),
        true,
    );
    whole(
        json!({"$nor": [{"a": 1}, {"b": 1}]}),
        json!({"b": 1}),
        false,
    );
    whole(
        json!({"$not": {"a": 1, "b": 2}}),
        json!({"a": 1, "b": 3}),
        true,
    );
    whole(json!({"a.b.c": 1}), json!({"a": {"b": {"c": 1}}}), true);
    whole(
        json!({"a.1.b": 2}),
        json!({"a": [{"b": 1}, {"b": 2}]}),
        true,
    );
    whole(
        json!({"a.01.b": 2}),
        json!({"a": [{"b": 1}, {"b": 2}]}),
        false,
    );
    whole(json!({"a.length": {"$gt": 1}}), json!({"a": [1, 2]}), true);
    whole(json!({"a.length.x": null}), json!({"a": [1, 2]}), true);
    whole(json!({"a.b": null}), json!({"a": "text"}), true);
    whole(
        json!({"$groups": {"$elemMatch": {"$eq": "x"}}}),
        json!({"$groups": ["x"]}),
        true,
    );
    whole(json!(7), json!({}), false);
}

#[test]
fn the_targeting_key_stands_in_for_a_missing_id() {
    whole(json!({"id": "ana"}), json!({"targetingKey": "ana"}), true);
    whole(
        json!({"id": "ana"}),
        json!({"targetingKey": "ana", "id": null}),
        false,
    );
    whole(
        json!({"id.x": "ana"}),
        json!({"targetingKey": "ana"}),
        false,
    );
}

fn page(pattern: &str, kind: &str) -> Json {
    json!([{ "type": kind, "pattern": pattern }])
}

#[track_caller]
fn on_page(patterns: &Json, url: &str, expected: bool) {
    let source = source("urls", Some("url"), patterns);
    assert_eq!(
        holds(&source, &json!({ "url": url })),
        expected,
        "{source} on {url}"
    );
}

#[test]
fn simple_patterns_of_addresses() {
    let check = |pattern, url, expected| on_page(&page(pattern, "simple"), url, expected);
    let shop = "https://www.shop.example:8443/Cart/?a=1&b=x+y#top";
    check("*", shop, true);
    check("/cart", shop, true);
    check("/cart/", shop, true);
    check("/car", shop, false);
    check("/c*t", shop, true);
    check("www.shop.example:8443/cart", shop, true);
    check("*.shop.example:*/cart", shop, false);
    check("https://www.shop.example/cart", shop, false);
    check("ftp://www.shop.example:8443/cart", shop, true);
    check("/cart?b=x%20y", shop, true);
    check("/cart?b=x*", shop, true);
    check("/cart?c=", shop, true);
    check("/cart?c=1", shop, false);
    check("/cart#top", shop, true);
    check("/cart#bottom", shop, false);
    check("https://a.example:443/", "https://A.example", true);
    check("http://a.example/b", "http://user@a.example/x/../b", true);
    check("/é", "https://a.example/%C3%A9", true);
    check("https://a b/", "https://a.example/", false);
    check("/a*b*c", "/a/x/b/c", true);
    check("/a*b*c", "/a/x/c", false);
}

#[test]
fn pages_are_included_and_excluded() {
    on_page(&json!([]), "https://a.example/", false);
    on_page(&json!("x"), "https://a.example/", false);
    let patterns = json!([
        { "type": "simple", "pattern": "/shop/*" },
        { "type": "regex", "pattern": "[?&]beta=1" , "include": true },
        { "type": "simple", "pattern": "/shop/admin", "include": false },
    ]);
    on_page(&patterns, "https://a.example/shop/cart", true);
    on_page(&patterns, "https://a.example/?beta=1", true);
    on_page(&patterns, "https://a.example/shop/admin?beta=1", false);
    on_page(&patterns, "https://a.example/", false);
    let all_but = json!([{ "type": "simple", "pattern": "/admin", "include": false }]);
    on_page(&all_but, "https://a.example/", true);
    on_page(&page("^/home$", "regex"), "https://a.example/home", true);
    on_page(
        &page("^https://a\\.example/$", "regex"),
        "https://a.example",
        true,
    );
    on_page(&page("/home", "glob"), "https://a.example/home", false);
    let source = source("urls", Some("url"), &page("/", "simple"));
    assert!(holds(&source, &json!({})));
}

#[test]
fn sources_that_mean_nothing_are_refused() {
    let refused = |op, attribute| test(&source(op, attribute, &json!(1))).is_err();
    assert!(refused("$eq", None));
    assert!(refused("equals", Some("a")));
    assert!(refused("condition", Some("a")));
}

fn any_json() -> impl Strategy<Value = Json> {
    let names = prop::sample::select(vec![
        "a",
        "a.b",
        "$and",
        "$or",
        "$not",
        "$nor",
        "$in",
        "$size",
        "$elemMatch",
        "$all",
        "$alli",
        "$regex",
        "$vgt",
        "$lt",
        "$ini",
        "$type",
        "$exists",
        "type",
        "pattern",
    ]);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[ -~é😀]{0,12}".prop_map(Json::from),
        Just(json!("simple")),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((names.clone(), inner), 0..4).prop_map(|members| {
                Json::Object(
                    members
                        .into_iter()
                        .map(|(k, v)| (k.to_owned(), v))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(operand in any_json(), actual in any_json(), url in "\\PC{0,30}") {
        for op in ["is", "urls", "$not", "$elemMatch", "$regexi", "$veq", "$all"] {
            holds(&source(op, Some("a"), &operand), &json!({ "a": actual }));
            holds(&source(op, Some("a"), &operand), &json!({ "a": url }));
        }
        holds(&source("condition", None, &operand), &json!({ "a": actual }));
        holds(&source("urls", Some("a"), &page(&url, "simple")), &json!({ "a": url }));
        let _ = crate::dialect::ecma_pattern::compile(
            &url,
            crate::dialect::ecma_pattern::Letters::AnyCase,
        );
    }

    /// A condition and its contrary never agree.
    #[test]
    fn the_contrary_is_the_contrary(operand in any_json(), actual in any_json()) {
        let attributes = json!({ "a": actual });
        let plain = holds(&source("condition", None, &json!({ "a": operand })), &attributes);
        let contrary = json!({ "$not": { "a": operand } });
        prop_assert_ne!(plain, holds(&source("condition", None, &contrary), &attributes));
    }
}
