//! For tests: an export of each system with everything in it that its importer reads.

use serde_json::{Value as Json, json};

pub(super) fn launchdarkly() -> Json {
    let clause = json!({"contextKind": "org", "attribute": "a", "op": "in", "values": ["x"],
        "negate": true});
    let rollout = json!({"kind": "rollout", "contextKind": "org", "bucketBy": "b", "seed": 7,
        "variations": [{"variation": 0, "weight": 60_000}, {"variation": 1, "weight": 40_000}]});
    let flag = json!({
        "key": "f", "on": true, "variations": [1, 2], "offVariation": 1, "salt": "s",
        "deleted": false,
        "prerequisites": [{"key": "g", "variation": 1}],
        "targets": [{"contextKind": "user", "variation": 1, "values": ["ana"]}],
        "rules": [
            {"id": "r", "variation": 1, "clauses": [clause]},
            {"id": "q", "clauses": [clause], "rollout": rollout},
        ],
        "fallthrough": {"rollout": rollout},
    });
    let mut other = flag.clone();
    other["contextTargets"] = json!([{"contextKind": "org", "variation": 1, "values": ["acme"]}]);
    other["prerequisites"] = json!([]);
    other["fallthrough"] = json!({"variation": 1});
    json!({
        "flags": {"f": flag, "g": other},
        "flagValues": {"h": true},
        "segments": {
            "s": {
                "key": "s", "included": ["bo"], "excluded": ["cy"], "salt": "z", "deleted": false,
                "includedContexts": [{"contextKind": "org", "values": ["acme"]}],
                "excludedContexts": [{"contextKind": "org", "values": ["emca"]}],
                "rules": [{"clauses": [clause], "weight": 5, "bucketBy": "a",
                    "rolloutContextKind": "org"}],
            },
            "t": {"unbounded": true, "generation": 1, "unboundedContextKind": "org",
                "rules": [{"clauses": [clause]}]},
        },
    })
}

pub(super) fn configcat() -> Json {
    let is = json!({"u": {"a": "x", "c": 28, "s": "y"}});
    let many = json!({"u": {"a": "x", "c": 0, "l": ["y"]}});
    let older = json!({"u": {"a": "x", "c": 10, "d": 5}});
    let hashed = json!({"u": {"a": "x", "c": 20, "s": "y"}});
    let setting = |kind: u8, key: &str, [a, b]: [Json; 2]| {
        json!({
            "t": kind, "a": "by", "i": "id", "v": a,
            "r": [
                {"c": [is, many, older, hashed], "s": {"i": "other", "v": b}},
                {"c": [{"s": {"s": 0, "c": 0}}], "s": {"v": b}},
                {"c": [{"p": {"f": key, "c": 0, "v": a}}],
                    "p": [{"p": 100, "i": "third", "v": b}]},
            ],
            "p": [{"p": 100, "i": "third", "v": b}],
        })
    };
    json!({
        "p": {"s": "salt"},
        "s": [{"n": "staff", "r": [{"a": "x", "c": 0, "l": ["y"]}, {"a": "x", "c": 28, "s": "y"},
            {"a": "x", "c": 10, "d": 5}]}],
        "f": {
            "on": setting(0, "on", [json!({"b": true}), json!({"b": false})]),
            "text": setting(1, "text", [json!({"s": "a"}), json!({"s": "b"})]),
            "whole": setting(2, "whole", [json!({"i": 1}), json!({"i": 2})]),
            "decimal": setting(3, "decimal", [json!({"d": 1.5}), json!({"d": 2.5})]),
        },
    })
}

pub(super) fn eppo() -> Json {
    let shard = json!({"salt": "s", "ranges": [{"start": 0, "end": 5_000}]});
    json!({
        "format": "SERVER",
        "flags": {"f": {
            "enabled": true, "variationType": "STRING", "totalShards": 10_000,
            "variations": {"a": {"key": "a", "value": "x"}, "b": {"key": "b", "value": "y"}},
            "allocations": [{
                "key": "first", "startAt": "2026-01-01T00:00:00Z", "endAt": "2027-01-01T00:00:00Z",
                "doLog": true,
                "rules": [{"conditions": [
                    {"attribute": "age", "operator": "GT", "value": 5},
                ]}],
                "splits": [{"variationKey": "a", "shards": [shard]}],
            }],
        }},
        "bandits": {},
        "banditReferences": {"model": {"flagVariations": []}},
    })
}

/// With references to bandits in their older place.
pub(super) fn eppo_older() -> Json {
    let mut configuration = eppo();
    configuration["bandits"] = json!({"model": {
        "flagVariations": [{"flagKey": "f", "variationValue": "y"}],
    }});
    let members = configuration.as_object_mut().expect("a configuration");
    members.remove("banditReferences");
    configuration
}

pub(super) fn eppo_older_wire() -> Json {
    let mut wire = eppo_wire();
    wire["config"]["response"] = eppo_older();
    wire
}

/// Bandits need the other form of an export.
pub(super) fn eppo_wire() -> Json {
    let number = json!({"attributeKey": "n", "coefficient": 1.5, "missingValueCoefficient": 0});
    let category = json!({"attributeKey": "c", "missingValueCoefficient": 0,
        "valueCoefficients": {"x": 1}});
    let mut configuration = eppo();
    configuration["banditReferences"] = json!({"model": {
        "flagVariations": [{"flagKey": "f", "variationValue": "y"}],
    }});
    let models = json!({"bandits": {"model": {
        "modelVersion": "v1",
        "modelData": {
            "gamma": 1, "defaultActionScore": 0, "actionProbabilityFloor": 0,
            "coefficients": {"act": {
                "actionKey": "act", "intercept": 1,
                "subjectNumericCoefficients": [number],
                "subjectCategoricalCoefficients": [category],
                "actionNumericCoefficients": [number],
                "actionCategoricalCoefficients": [category],
            }},
        },
    }}});
    json!({"config": {"response": configuration}, "bandits": {"response": models}})
}

pub(super) fn flagd() -> Json {
    json!({
        "$evaluators": {"is": {"==": [{"var": "a"}, 1]}},
        "metadata": {"team": "x"},
        "flags": {"f": {
            "state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off",
            "targeting": {"if": [{"$ref": "is"}, "on"]}, "metadata": {"owner": "y"},
        }},
    })
}

pub(super) fn flagd_listed() -> Json {
    let mut flag = flagd()["flags"]["f"].clone();
    flag["key"] = json!("f");
    json!({"$evaluators": flagd()["$evaluators"], "metadata": {"team": "x"}, "flags": [flag]})
}

pub(super) fn flagship() -> Json {
    let condition = json!({"attribute": "a", "operator": "equals", "value": "x"});
    json!({"account_id": "acc", "flags": [{
        "key": "f", "enabled": true, "default_variation": "off",
        "variations": {"on": true, "off": false},
        "rules": [
            {
                "priority": 1, "serve_variation": "on",
                "conditions": [condition, {"logical_operator": "OR", "clauses": [
                    condition, {"logical_operator": "OR", "clauses": [condition, condition]},
                ]}],
                "rollout": {"percentage": 50, "attribute": "b"},
            },
            {"priority": 2, "serve_variation": "off", "conditions": []},
        ],
    }]})
}

pub(super) fn flagsmith() -> Json {
    let condition = json!({"property": "a", "operator": "EQUAL", "value": "x"});
    let variants = json!([{"key": "v", "value": "b", "weight": 40, "priority": 2},
        {"key": "w", "value": "c", "weight": 30, "priority": 1}]);
    let over = |priority: u64, value: &str| {
        json!({"key": "2", "name": "f", "enabled": true, "value": value, "priority": priority,
            "variants": variants})
    };
    let rule = json!({"type": "ALL", "conditions": [condition]});
    json!({
        "environment": {"key": "env", "name": "QA"},
        "features": {"f": {"key": "1", "name": "f", "enabled": true, "value": "a",
            "variants": variants}},
        "segments": {
            "1": {"key": "1", "name": "s", "overrides": [over(1, "o")], "rules": [
                {"type": "ALL", "rules": [rule], "conditions": [
                    {"property": "a", "operator": "PERCENTAGE_SPLIT", "value": 50},
                ]},
            ]},
            "2": {"key": "2", "name": "t", "overrides": [over(2, "p")], "rules": [rule]},
        },
    })
}

pub(super) fn flipt() -> Json {
    let segment = |key: &str| {
        json!({"key": key, "matchType": "ANY_SEGMENT_MATCH_TYPE", "constraints": [
            {"type": "STRING_CONSTRAINT_COMPARISON_TYPE", "property": "a", "operator": "eq",
                "value": "x"},
            {"type": "STRING_CONSTRAINT_COMPARISON_TYPE", "property": "b", "operator": "eq",
                "value": "x"},
        ]})
    };
    json!({"flags": [
        {
            "key": "f", "description": "words", "enabled": true, "type": "VARIANT_FLAG_TYPE",
            "defaultVariant": {"key": "d", "attachment": "{}"},
            "rules": [{
                "segmentOperator": "AND_SEGMENT_OPERATOR",
                "segments": [segment("s"), segment("t")],
                "distributions": [{"variantKey": "v", "variantAttachment": "{}", "rollout": 100}],
            }],
        },
        {
            "key": "g", "description": "words", "enabled": true, "type": "BOOLEAN_FLAG_TYPE",
            "rollouts": [
                {"segment": {"value": true, "segmentOperator": "OR_SEGMENT_OPERATOR",
                    "segments": [segment("s"), segment("t")]}},
                {"threshold": {"percentage": 50, "value": true}},
            ],
        },
    ]})
}

pub(super) fn goff() -> Json {
    let ends = |from: &str, to: &str| {
        json!({
            "initial": {"variation": "a", "percentage": 10, "date": from},
            "end": {"variation": "b", "percentage": 90, "date": to},
        })
    };
    let window = json!({"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"});
    let rule = json!({"name": "r", "query": "age gt 5", "variation": "a", "disable": false});
    let rollout = ends("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    json!({
        "f": {
            "variations": {"a": 1, "b": 2}, "disable": false, "metadata": {"team": "x"},
            "bucketingKey": "company", "experimentation": window,
            "needs": [{"flag": "g", "value": 1}],
            "targeting": [
                rule,
                {"name": "s", "query": "a eq 1", "progressiveRollout": rollout},
                {"name": "t", "percentage": {"a": 50, "b": 50}},
            ],
            "defaultRule": {"percentage": {"a": 50, "b": 50}},
            "scheduledRollout": [{
                "date": "2026-03-01T00:00:00Z", "variations": {"c": 3}, "disable": false,
                "targeting": [rule, {"name": "u", "percentage": {"a": 50, "b": 50}}],
                "defaultRule": {"percentage": {"a": 40, "b": 60}},
                "experimentation": window,
            }],
        },
        "g": {
            "variations": {"a": 1}, "defaultRule": {"name": "d", "variation": "a"},
            "experimentation": window,
            "scheduledRollout": [{
                "date": "2026-03-01T00:00:00Z", "variations": {"b": 3},
                "defaultRule": {"variation": "b"},
            }],
        },
    })
}

pub(super) fn goff_wrapped() -> Json {
    json!({"flags": goff(), "evaluationContextEnrichment": {"env": "x"}})
}

pub(super) fn growthbook() -> Json {
    let condition = json!({"a": {"$inGroup": "vip"}});
    let parent = json!({"id": "base", "gate": true, "condition": {"value": 1}});
    let filter = json!({"attribute": "b", "seed": "f", "hashVersion": 2, "ranges": [[0, 0.5]]});
    let meta = json!([{"key": "v0"}, {"key": "v1", "passthrough": true}]);
    let split = json!({
        "key": "exp", "condition": condition, "hashVersion": 2, "hashAttribute": "h",
        "fallbackAttribute": "i", "disableStickyBucketing": false, "bucketVersion": 1,
        "minBucketVersion": 1, "seed": "s", "variations": ["a", "b"], "weights": [0.2, 0.8],
        "coverage": 0.9, "meta": meta, "parentConditions": [parent],
    });
    let of = |mut rule: Json, more: Json| {
        let more = more.as_object().cloned().unwrap_or_default();
        rule.as_object_mut().expect("a rule").extend(more);
        rule
    };
    let with = |more: Json| of(split.clone(), more);
    let page = |more: Json| {
        let parent = json!([{"id": "base", "condition": {"value": 1}}]);
        of(with(json!({"parentConditions": parent})), more)
    };
    json!({
        "features": {
            "base": {"defaultValue": 1},
            "f": {"defaultValue": "none", "rules": [
                {"id": "r", "force": "x", "range": [0, 0.5], "condition": condition,
                    "filters": [filter], "parentConditions": [parent]},
                split,
                with(json!({"ranges": [[0, 0.5], [0.5, 1]]})),
                with(json!({"namespace": ["ns", 0, 0.5]})),
                with(json!({"contextualVariations": ["a", "b"], "contextualBanditRef": "cb"})),
            ]},
        },
        "savedGroups": {"vip": ["ana"]},
        "contextualBandits": {"cb": {"contexts": [
            {"leafId": 1, "condition": condition, "weights": [0.6, 0.4]},
        ]}},
        "experiments": [
            page(json!({"key": "page", "status": "running", "active": true,
                "urlPatterns": [{"type": "simple", "pattern": "/home"}],
                "filters": [filter]})),
            page(json!({"key": "page2", "ranges": [[0, 0.5], [0.5, 1]]})),
            page(json!({"key": "page3", "namespace": ["ns", 0, 0.5]})),
            page(json!({"key": "page4", "contextualVariations": ["a", "b"],
                "contextualBanditRef": "cb"})),
            page(json!({"key": "page5", "force": 1})),
            page(json!({"key": "page6", "groups": ["x"]})),
            page(json!({"key": "page7", "url": "x", "minBucketVersion": 0})),
            page(json!({"key": "page8", "include": "x"})),
        ],
        "encryptedFeatures": "", "encryptedExperiments": "", "encryptedSavedGroups": "",
    })
}

pub(super) fn posthog() -> Json {
    let filter = json!({"key": "a", "value": "x", "operator": "exact", "type": "person"});
    let on = json!({"key": "g", "value": true, "operator": "flag_evaluates_to", "type": "flag",
        "dependency_chain": ["g"]});
    let condition = json!({"rollout_percentage": 50, "variant": "v", "description": "words",
        "properties": [filter, on]});
    json!({
        "flags": [
            {
                "key": "f", "active": true, "ensure_experience_continuity": false,
                "bucketing_identifier": "device_id",
                "filters": {
                    "groups": [condition, {"rollout_percentage": 50, "properties": [
                        {"key": "id", "value": 8, "type": "cohort"},
                        {"key": "id", "value": 9, "type": "cohort"},
                    ]}],
                    "multivariate": {"variants": [{"key": "v", "rollout_percentage": 50}]},
                    "payloads": {"v": "1"}, "super_groups": [], "holdout_groups": [],
                    "feature_enrollment": false, "early_exit": true,
                    "holdout": {"id": 3, "exclusion_percentage": 10},
                },
            },
            {
                "key": "g", "active": true,
                "filters": {
                    "groups": [{"aggregation_group_type_index": 0, "properties": []}],
                    "aggregation_group_type_index": null,
                },
            },
        ],
        "group_type_mapping": {"0": "company"},
        "property_matching_version": 1, "propertyMatchingVersion": 1,
        "cohorts": {"8": {"type": "AND", "values": [filter, on]},
            "9": {"type": "OR", "values": [
            {"type": "AND", "values": [filter, {"key": "b", "value": "true", "operator": "exact",
                "type": "person", "negation": true}]},
            {"type": "AND", "values": [on]},
        ]}},
    })
}

/// A matcher of each kind.
fn matchers() -> Vec<Json> {
    let matcher = |kind: &str, member: &str, data: Json| {
        let mut matcher = json!({"matcherType": kind, "negate": false,
            "keySelector": {"attribute": "a"}});
        matcher[member] = data;
        matcher
    };
    vec![
        matcher(
            "IN_SEGMENT",
            "userDefinedSegmentMatcherData",
            json!({"segmentName": "list"}),
        ),
        matcher(
            "IN_RULE_BASED_SEGMENT",
            "userDefinedSegmentMatcherData",
            json!({"segmentName": "rules"}),
        ),
        matcher(
            "IN_LARGE_SEGMENT",
            "userDefinedLargeSegmentMatcherData",
            json!({"largeSegmentName": "list"}),
        ),
        matcher(
            "WHITELIST",
            "whitelistMatcherData",
            json!({"whitelist": ["x"]}),
        ),
        matcher(
            "EQUAL_TO",
            "unaryNumericMatcherData",
            json!({"dataType": "NUMBER", "value": 1}),
        ),
        matcher(
            "BETWEEN",
            "betweenMatcherData",
            json!({"dataType": "NUMBER", "start": 1, "end": 5}),
        ),
        matcher(
            "BETWEEN_SEMVER",
            "betweenStringMatcherData",
            json!({"start": "1.0.0", "end": "2.0.0"}),
        ),
        matcher("EQUAL_TO_BOOLEAN", "booleanMatcherData", json!(true)),
        matcher("MATCHES_STRING", "stringMatcherData", json!("x")),
        matcher(
            "IN_SPLIT_TREATMENT",
            "dependencyMatcherData",
            json!({"split": "g", "treatments": ["on"]}),
        ),
    ]
}

pub(super) fn split() -> Json {
    let matchers = matchers();
    let mut others = matchers.clone();
    others.retain(|matcher| matcher["matcherType"] != "IN_RULE_BASED_SEGMENT");
    let condition = json!({
        "conditionType": "ROLLOUT", "label": "l",
        "matcherGroup": {"combiner": "AND", "matchers": matchers},
        "partitions": [{"treatment": "on", "size": 60}, {"treatment": "off", "size": 40}],
    });
    let flag = |name: &str| {
        json!({
            "name": name, "trafficAllocation": 50, "trafficAllocationSeed": 1, "seed": 2,
            "status": "ACTIVE", "killed": false, "defaultTreatment": "off", "algo": 2,
            "configurations": {"on": "{}"}, "conditions": [condition],
            "prerequisites": [{"n": "g", "ts": ["on"]}],
        })
    };
    json!({
        "ff": {"d": [flag("f"), flag("g")]},
        "rbs": {"d": [{
            "name": "rules", "status": "ACTIVE",
            "conditions": [{"matcherGroup": {"combiner": "AND", "matchers": others}}],
            "excluded": {"keys": ["x"], "segments": [{"name": "list", "type": "standard"}]},
        }]},
        "segments": [{"name": "list", "added": ["ana", "bo"], "removed": ["bo"]}],
    })
}

/// As in older specifications.
pub(super) fn split_older() -> Json {
    json!({"splits": split()["ff"]["d"], "segments": split()["segments"]})
}

pub(super) fn unleash() -> Json {
    let constraint = |operator: &str| {
        json!({"contextName": "a", "operator": operator, "value": "x", "values": ["x"],
            "inverted": true, "caseInsensitive": true})
    };
    let variants = json!([
        {"name": "v", "weight": 600, "stickiness": "userId",
            "payload": {"type": "string", "value": "7"},
            "overrides": [{"contextName": "userId", "values": ["ana"]}]},
        {"name": "w", "weight": 400},
    ]);
    let parameters = json!({"groupId": "g", "stickiness": "userId", "rollout": "50"});
    json!({
        "features": [
            {
                "name": "f", "description": "words", "enabled": true, "variants": variants,
                "dependencies": [{"feature": "g", "enabled": true, "variants": ["v"]}],
                "strategies": [
                    {"name": "flexibleRollout", "disabled": false, "segments": [1],
                        "parameters": parameters, "variants": variants,
                        "constraints": [constraint("REGEX"), constraint("IN")]},
                    {"name": "gradualRolloutUserId", "parameters": {"groupId": "g",
                        "percentage": "50"}},
                    {"name": "userWithId", "parameters": {"userIds": "ana"}},
                    {"name": "remoteAddress", "parameters": {"IPs": "::1"}},
                ],
            },
            {"name": "g", "enabled": true, "strategies": [], "variants": variants},
        ],
        "segments": [{"id": 1, "name": "s", "constraints": [constraint("IN"),
            constraint("REGEX")]}],
    })
}

/// As a sequence of changes.
pub(super) fn unleash_events() -> Json {
    let state = unleash();
    let named = |name: &str, index: usize| {
        let mut feature = state["features"][index].clone();
        feature["name"] = json!(name);
        feature["strategies"][0]["segments"] = json!([2]);
        feature
    };
    let numbered = |id: u64| {
        let mut segment = state["segments"][0].clone();
        segment["id"] = json!(id);
        segment["name"] = json!(id.to_string());
        segment
    };
    json!({"events": [
        {
            "type": "hydration", "segments": [numbered(1), numbered(3)],
            "features": [state["features"][0], state["features"][1], named("z", 0)],
        },
        {"type": "feature-updated", "feature": named("h", 0)},
        {"type": "segment-updated", "segment": numbered(2)},
        {"type": "feature-removed", "featureName": "z"},
        {"type": "segment-removed", "segmentId": 3},
    ]})
}
