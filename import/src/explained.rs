//! For tests: what an explanation of each system's flags says, word for word.

use crate::{Peer, import};
use bandera_shared::wire::read_context;
use bandera_shared::{
    Evaluator, Participation, Policies, UnixMillis, compile, sticky::StickyDecisions,
};
use serde_json::{Value as Json, json};

/// Why the flag `f` serves what it does: each step, and what would change it.
fn explained(peer: Peer, export: &Json, context: &Json) -> Vec<String> {
    let imported = import(peer, export.to_string().as_bytes()).expect("it is an export");
    let compiled = compile(imported.ruleset.to_string().as_bytes()).expect("it is a ruleset");
    assert_eq!(compiled.diagnostics, []);
    let context = read_context(&context.to_string()).expect("it is a context");
    let evaluator = Evaluator {
        ruleset: &compiled.ruleset,
        context: &context,
        at: UnixMillis(1_767_225_600_000),
        draw: 7,
        policies: &Policies::default(),
        sticky: &StickyDecisions::default(),
        participation: Participation::Full,
    };
    let steps = evaluator.explain("f").steps.into_iter();
    let lines = steps.flat_map(|step| {
        let rule = step
            .rule
            .map(|rule| format!("{rule}: "))
            .unwrap_or_default();
        let change = step.change.into_iter().map(|change| format!("- {change}"));
        std::iter::once(rule + &step.what).chain(change)
    });
    lines.collect()
}

#[track_caller]
fn check(peer: Peer, export: &Json, context: &Json, expected: &[&str]) {
    let found = explained(peer, export, context);
    assert_eq!(found, expected, "{found:#?}");
}

#[test]
fn configcat() {
    let rule = |u: Json| json!({"c": [{"u": u}], "s": {"v": {"b": true}}});
    let export = json!({"p": {"s": "salt"}, "f": {"f": {"t": 0, "v": {"b": false}, "r": [
        rule(json!({"a": "Country", "c": 0, "l": ["DE", "AT"]})),
        rule(json!({"a": "Email", "c": 29, "s": "ana@acme.test"})),
        rule(json!({"a": "Email", "c": 22, "l": ["3_00"]})),
        rule(json!({"a": "Since", "c": 18, "d": 1_700_000_000})),
    ]}}});
    let context = json!({"Country": "FR", "Since": 1_800_000_000});
    check(
        Peer::ConfigCat,
        &export,
        &context,
        &[
            "rule 1: its condition does not hold",
            r#"- Country is "FR"; "Country is "DE" or "AT"" must hold"#,
            "rule 2: nobody can tell whether its condition holds",
            r#"- Email is missing; "Email is there and is not "ana@acme.test"" must hold"#,
            "rule 3: nobody can tell whether its condition holds",
            r#"- Email is missing; "Email starts with one of the secret texts" must hold"#,
            "rule 4: its condition does not hold",
            r#"- Since is 1800000000; "Since is a time before 2023-11-14T22:13:20Z" must hold"#,
            r#"no rule serves: "false""#,
        ],
    );
}

#[test]
fn eppo() {
    let allocation = |key: &str, condition: Json| {
        json!({"key": key, "doLog": true, "rules": [{"conditions": [condition]}],
            "splits": [{"variationKey": "on", "shards": []}]})
    };
    let is = |operator: &str, value: Json| {
        let attribute = "plan";
        json!({"attribute": attribute, "operator": operator, "value": value})
    };
    let export = json!({"flags": {"f": {
        "enabled": true, "variationType": "BOOLEAN", "totalShards": 10_000,
        "variations": {"on": {"key": "on", "value": true}},
        "allocations": [
            allocation("paid", is("ONE_OF", json!(["gold", "silver"]))),
            allocation("large", is("GTE", json!(5))),
            allocation("unpaid", is("NOT_ONE_OF", json!(["free", "trial"]))),
            allocation("without", is("IS_NULL", json!(true))),
        ],
    }}});
    check(
        Peer::Eppo,
        &export,
        &json!({"plan": "free"}),
        &[
            "paid: its condition does not hold",
            r#"- plan is "free"; "plan is "gold" or "silver"" must hold"#,
            "large: its condition does not hold",
            r#"- plan is "free"; "plan is 5 or more" must hold"#,
            "unpaid: its condition does not hold",
            r#"- plan is "free"; "plan is there and is not "free" or "trial"" must hold"#,
            "without: its condition does not hold",
            r#"- plan is "free"; "plan is missing" must hold"#,
            "no rule serves: the caller's default",
        ],
    );
}

#[test]
fn flagd() {
    let export = json!({"flags": {"f": {
        "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
        "targeting": {"if": [{"==": [{"var": "country"}, "DE"]}, "on"]},
    }}});
    check(
        Peer::Flagd,
        &export,
        &json!({"country": "FR"}),
        &[
            "targeting: its expression names no variant",
            r#"- its expression must name one: {"if":[{"==":[{"var":"country"},"DE"]},"on"]}"#,
            r#"no rule serves: "off""#,
        ],
    );
    let german = json!({"country": "DE"});
    check(
        Peer::Flagd,
        &export,
        &german,
        &[r#"targeting: serves "on""#],
    );
}

#[test]
fn flagship() {
    let rule = |priority: u8, attribute: &str, operator: &str, value: Json| {
        json!({"priority": priority, "serve_variation": "on", "conditions": [
            {"attribute": attribute, "operator": operator, "value": value}]})
    };
    let export = json!({"account_id": "acc", "flags": [{
        "key": "f", "enabled": true, "default_variation": "off",
        "variations": {"on": true, "off": false},
        "rules": [
            rule(1, "company.size", "greater_than", json!(50)),
            rule(2, "roles", "not_has", json!("guest")),
        ],
    }]});
    let context = json!({"company": {"size": 9}, "roles": ["guest"]});
    check(
        Peer::Flagship,
        &export,
        &context,
        &[
            "priority 1: its condition does not hold",
            r#"- company › size is 9; "company › size is more than 50" must hold"#,
            "priority 2: its condition does not hold",
            "- roles is a list of 1; \
             \"roles is there and does not have \"guest\" as an element\" must hold",
            r#"no rule serves: "off""#,
        ],
    );
}

#[test]
fn flagsmith() {
    let condition = |property: &str, operator: &str, value: &str| {
        let (place, op) = (property, operator);
        json!({"property": place, "operator": op, "value": value})
    };
    let export = json!({
        "environment": {"key": "env", "name": "QA"},
        "features": {"f": {"key": "1", "name": "f", "enabled": true, "value": "a"}},
        "segments": {"1": {
            "key": "1", "name": "large", "overrides": [
                {"key": "1", "name": "f", "enabled": true, "value": "b", "priority": 1}],
            "rules": [{"type": "ALL", "conditions": [
                condition("size", "GREATER_THAN_INCLUSIVE", "50"),
                condition("$.identity.identifier", "NOT_EQUAL", "ana"),
                condition("$.environment.name", "EQUAL", "Production"),
            ]}],
        }},
    });
    check(
        Peer::Flagsmith,
        &export,
        &json!({"targetingKey": "ana", "size": 9}),
        &[
            "large: its condition does not hold",
            r#"- the subject must be in the segment "large""#,
            r#"- for that segment: size is 9; "size is "50" or more" must hold"#,
            "- for that segment: targetingKey is \"ana\"; \
             \"targetingKey is there and is not \"ana\"\" must hold",
            "- for that segment: $.environment.name is \"QA\" for everybody; \
             \"$.environment.name is \"Production\"\" must hold",
            r#"no rule serves: "default""#,
        ],
    );
}

#[test]
fn flipt() {
    let constraint = |kind: &str, property: &str, operator: &str, value: &str| {
        json!({"type": format!("{kind}_CONSTRAINT_COMPARISON_TYPE"), "property": property,
            "operator": operator, "value": value})
    };
    let export = json!({"flags": [{
        "key": "f", "enabled": false, "type": "BOOLEAN_FLAG_TYPE",
        "rollouts": [
            {"segment": {"value": true, "segments": [{"key": "early", "constraints": [
                constraint("STRING", "plan", "neq", "free"),
                constraint("NUMBER", "age", "gte", "18"),
                constraint("DATETIME", "since", "lt", "2026-01-01T00:00:00Z"),
            ]}]}},
            {"threshold": {"percentage": 10, "value": true}},
        ],
    }]});
    let context = json!({"targetingKey": "ana", "plan": "free", "age": 17});
    check(
        Peer::Flipt,
        &export,
        &context,
        &[
            "early: its condition does not hold",
            r#"- the subject must be in the segment "early""#,
            r#"- for that segment: plan is "free"; "plan is there and is not "free"" must hold"#,
            r#"- for that segment: age is 17; "age is a number of at least "18"" must hold"#,
            "- for that segment: since is missing; \
             \"since is a time before \"2026-01-01T00:00:00Z\"\" must hold",
            "threshold of 10 %: bucket 55 of 100 does not pass the gate of 0..10 (10.00 %)",
            "- widen the share, or name the subject",
            r#"no rule serves: "off""#,
        ],
    );
}

#[test]
fn go_feature_flag() {
    let rollout = json!({
        "initial": {"variation": "off", "percentage": 0, "date": "2025-01-01T00:00:00Z"},
        "end": {"variation": "on", "percentage": 1, "date": "2027-01-01T00:00:00Z"},
    });
    let export = json!({"f": {
        "variations": {"on": true, "off": false},
        "targeting": [{"name": "adults", "query": "age ge 18", "variation": "on"},
            {"name": "slowly", "progressiveRollout": rollout}],
        "defaultRule": {"variation": "off"},
    }});
    check(
        Peer::GoFeatureFlag,
        &export,
        &json!({"targetingKey": "ana", "age": 17}),
        &[
            "bucketing key: its condition does not hold",
            r#"- targetingKey is "ana"; "targetingKey is a text that is not empty" must not hold"#,
            "adults: its condition does not hold",
            r#"- the query "age ge 18" must hold"#,
            "slowly: its condition does not hold",
            "- targetingKey is \"ana\"; \
             \"targetingKey is in the share that goes from 0 percent at \
             2025-01-01T00:00:00Z to 1 percent at 2027-01-01T00:00:00Z\" must hold",
            r#"slowly (not yet): serves "off""#,
        ],
    );
}

#[test]
fn growthbook() {
    let rule = |id: &str, when: Json| json!({"id": id, "force": true, "condition": when});
    let export = json!({"features": {
        "base": {"defaultValue": "r"},
        "f": {"defaultValue": false, "rules": [
            rule("paid", json!({"company.plan": {"$in": ["gold", "silver"]}})),
            rule("tagged", json!({"tags": {"$all": ["a", "b"]}})),
            rule("named", json!({"id": {"$regex": "^b"}, "email": {"$exists": true}})),
            {"id": "after", "force": true,
                "parentConditions": [{"id": "base", "condition": {"value": "g"}}]},
        ]},
    }});
    let context = json!({"targetingKey": "ana", "company": {"plan": "free"}, "tags": ["a"]});
    check(
        Peer::GrowthBook,
        &export,
        &context,
        &[
            "paid: its condition does not hold",
            r#"- company › plan is "free"; "company › plan is "gold" or "silver"" must hold"#,
            "tagged: its condition does not hold",
            r#"- tags is a list of 1; "tags has the elements "a" and "b"" must hold"#,
            "named: its condition does not hold",
            r#"- email is missing; "email is there" must hold"#,
            r#"- targetingKey is "ana"; "targetingKey matches the expression "^b"" must hold"#,
            "after: its condition does not hold",
            r#"- the flag "base" must have a value for which the condition {"value":"g"} holds"#,
            r#"no rule serves: "false""#,
        ],
    );
}

#[test]
fn launchdarkly() {
    let clause = |op: &str, values: Json| {
        json!({"contextKind": "user", "attribute": "a", "op": op,
        "values": values})
    };
    let mut negated = clause("in", json!(["x"]));
    negated["negate"] = json!(true);
    let rule = |id: &str, when: Json| json!({"id": id, "variation": 1, "clauses": [when]});
    let export = json!({"flags": {"f": {
        "on": true, "variations": [false, true], "fallthrough": {"variation": 0},
        "targets": [{"variation": 1, "values": ["bo", "cy"]}],
        "rules": [
            rule("more", clause("greaterThan", json!([5]))),
            rule("later", clause("semVerGreaterThan", json!(["1.2.0"]))),
            rule("other", negated),
        ],
    }}});
    check(
        Peer::LaunchDarkly,
        &export,
        &json!({"targetingKey": "ana", "a": "x"}),
        &[
            "targets of user for 1: its condition does not hold",
            r#"- user: targetingKey is "ana"; "user: targetingKey is "bo" or "cy"" must hold"#,
            "more: its condition does not hold",
            r#"- user: a is "x"; "user: a is more than 5" must hold"#,
            "later: its condition does not hold",
            r#"- user: a is "x"; "user: a is a version after "1.2.0"" must hold"#,
            "other: its condition does not hold",
            r#"- user: a is "x"; "user: a is there and is not "x"" must hold"#,
            r#"no rule serves: "0""#,
        ],
    );
}

#[test]
fn posthog() {
    let condition = |key: &str, operator: &str, value: Json| {
        json!({"properties": [{"key": key, "operator": operator, "value": value,
            "type": "person"}]})
    };
    let export = json!({"flags": [{"key": "f", "active": true, "filters": {"groups": [
        condition("email", "icontains", json!("@acme.test")),
        condition("email", "not_regex", json!("test$")),
        condition("since", "is_date_after", json!("2026-01-01")),
    ]}}]});
    let context = json!({"targetingKey": "ana", "email": "ana@x.test"});
    check(
        Peer::PostHog,
        &export,
        &context,
        &[
            "condition 1: its condition does not hold",
            r#"- email is "ana@x.test"; "email contains "@acme.test", in any case" must hold"#,
            "condition 2: its condition does not hold",
            "- email is \"ana@x.test\"; \
             \"email is there and does not match the expression \"test$\"\" must hold",
            "condition 3: nobody can tell whether its condition holds",
            r#"- since is missing; "since is a time after "2026-01-01"" must hold"#,
            "no condition holds: nobody can tell whether its condition holds",
            r#"- since is missing; "since is a time after "2026-01-01"" must not hold"#,
            "no rule serves: the caller's default",
        ],
    );
}

#[test]
fn split() {
    let condition = |label: &str, matcher: Json| {
        json!({"conditionType": "WHITELIST", "label": label,
            "matcherGroup": {"combiner": "AND", "matchers": [matcher]},
            "partitions": [{"treatment": "on", "size": 100}]})
    };
    let selector = json!({"attribute": "a"});
    let time = json!({"dataType": "DATETIME", "value": 1_700_000_000_000_i64});
    let export = json!({"ff": {"d": [{
        "name": "f", "seed": 1, "status": "ACTIVE", "killed": false, "defaultTreatment": "off",
        "algo": 2, "conditions": [
            condition("named", json!({"matcherType": "WHITELIST", "negate": false,
                "whitelistMatcherData": {"whitelist": ["bo", "cy"]}})),
            condition("between", json!({"matcherType": "BETWEEN", "keySelector": selector,
                "betweenMatcherData": {"dataType": "NUMBER", "start": 5, "end": 9}})),
            condition("later", json!({"matcherType": "GREATER_THAN_OR_EQUAL_TO",
                "keySelector": selector, "unaryNumericMatcherData": time})),
            condition("none of them", json!({"matcherType": "CONTAINS_ANY_OF_SET", "negate": true,
                "keySelector": {"attribute": "tags"},
                "whitelistMatcherData": {"whitelist": ["x", "y"]}})),
        ],
    }]}});
    check(
        Peer::Split,
        &export,
        &json!({"targetingKey": "ana", "a": 4, "tags": ["x"]}),
        &[
            "named: its condition does not hold",
            r#"- targetingKey is "ana"; "targetingKey is "bo" or "cy"" must hold"#,
            "between: its condition does not hold",
            r#"- a is 4; "a is between 5 and 9" must hold"#,
            "later: its condition does not hold",
            r#"- a is 4; "a is 2023-11-14T22:13:20Z or more" must hold"#,
            "none of them: its condition does not hold",
            r#"- tags is a list of 1; "tags has the element "x" or "y"" must not hold"#,
            r#"no rule serves: "off""#,
        ],
    );
}

#[test]
fn unleash() {
    let strategy = |constraint: Json| json!({"name": "default", "constraints": [constraint]});
    let constraint = |name: &str, operator: &str| {
        json!({"contextName": name, "operator": operator, "value": "5", "values": ["x", "y"],
            "caseInsensitive": true})
    };
    let export = json!({"features": [{"name": "f", "enabled": true, "strategies": [
        strategy(constraint("plan", "IN")),
        strategy(constraint("plan", "STR_STARTS_WITH")),
        strategy(constraint("age", "NUM_GTE")),
        strategy(constraint("team", "NOT_IN")),
        {"name": "userWithId", "parameters": {"userIds": "bo, cy"}},
    ]}]});
    let context = json!({"targetingKey": "ana", "plan": "z", "age": 4, "team": "x"});
    check(
        Peer::Unleash,
        &export,
        &context,
        &[
            "default: its condition does not hold",
            r#"- plan is "z"; "plan is "x" or "y"" must hold"#,
            "default (2): its condition does not hold",
            r#"- plan is "z"; "plan starts with "x" or "y", in any case" must hold"#,
            "default (3): its condition does not hold",
            r#"- age is 4; "age is a number of at least "5"" must hold"#,
            "default (4): its condition does not hold",
            r#"- team is "x"; "team is not "x" or "y"" must hold"#,
            "userWithId: its condition does not hold",
            r#"- targetingKey is "ana"; "targetingKey is "bo" or "cy"" must hold"#,
            r#"no rule serves: "off""#,
        ],
    );
}
