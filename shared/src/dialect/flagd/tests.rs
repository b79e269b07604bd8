//! Whole expressions, with what they name.

use super::program;
use crate::context::EvaluationContext;
use crate::dialect::{Source, View};
use crate::time::UnixMillis;
use crate::value::Value;
use crate::wire::{read, read_context};

fn answer(expression: &str, context: &EvaluationContext) -> Result<Option<String>, String> {
    let source = Source {
        dialect: "flagd/2".into(),
        op: "color".into(),
        attribute: None,
        value: read::<Value>(expression).unwrap().value,
    };
    let view = View {
        context,
        at: UnixMillis(1_767_225_600_999),
        draw: 0,
    };
    let named = program(&source)
        .map_err(|unfit| unfit.to_string())?
        .variant(&view);
    named
        .map(|name| name.map(String::from))
        .map_err(|failure| failure.detail.into())
}

#[track_caller]
fn check(expression: &str, expected: Option<&str>) {
    let context = r#"{"targetingKey":"ana","age":29,"zero":0,"none":null,"empty":"",
        "mail":"ana@example.com","subject":{"plan":"pro","tags":["a","b"]},"numbers":[1,2,3],
        "$flagd":{"flagKey":"theirs"}}"#;
    let context = read_context(context).unwrap();
    let found = answer(expression, &context);
    assert_eq!(found, Ok(expected.map(str::to_owned)), "{expression}");
}

#[test]
fn constants_name_variants_by_their_text() {
    check(r#""red""#, Some("red"));
    check("null", None);
    check("true", Some("true"));
    check("1.0", Some("1"));
    check("{}", Some("{}"));
    check(r#"["a",1]"#, Some("[a,1]"));
    check(r#"{"a":1,"b":2}"#, Some("{a:1,b:2}"));
}

#[test]
fn variables() {
    check(r#"{"var":"mail"}"#, Some("ana@example.com"));
    check(r#"{"var":["mail"]}"#, Some("ana@example.com"));
    check(r#"{"var":"subject.plan"}"#, Some("pro"));
    check(r#"{"var":"subject.tags.1"}"#, Some("b"));
    check(r#"{"var":"subject.tags.2"}"#, None);
    check(r#"{"var":"targetingKey"}"#, Some("ana"));
    check(r#"{"var":"absent"}"#, None);
    check(r#"{"var":["absent","red"]}"#, Some("red"));
    check(
        r#"{"var":["absent",{"var":"mail"}]}"#,
        Some("ana@example.com"),
    );
    check(r#"{"var":["none","red"]}"#, None);
    check(r#"{"var":{"cat":["ma","il"]}}"#, Some("ana@example.com"));
    check(r#"{"var":"$flagd.flagKey"}"#, Some("color"));
    check(r#"{"var":"$flagd.timestamp"}"#, Some("1767225600"));
    check(r#"{"var":"$flagd.other"}"#, None);
    check(
        r#"{"var":"$flagd"}"#,
        Some("{flagKey:color,timestamp:1767225600}"),
    );
    check(r#"{"if":[{"var":""},"red"]}"#, Some("red"));
}

#[test]
fn branches() {
    check(r#"{"if":[]}"#, None);
    check(r#"{"if":[true,"a","b"]}"#, Some("a"));
    check(r#"{"if":[false,"a","b"]}"#, Some("b"));
    check(r#"{"if":[false,"a"]}"#, None);
    check(r#"{"if":[false,"a",true,"b","c"]}"#, Some("b"));
    check(r#"{"if":[false,"a",0,"b","c"]}"#, Some("c"));
    check(r#"{"if":[{"var":"numbers"},"a","b"]}"#, Some("a"));
    check(r#"{"if":[[],"a","b"]}"#, Some("b"));
    check(r#"{"?:":[{},"a","b"]}"#, Some("a"));
    check(
        r#"{"or":[0,"",{"var":"mail"},"x"]}"#,
        Some("ana@example.com"),
    );
    check(r#"{"or":[0,""]}"#, Some(""));
    check(r#"{"and":[1,"x",0,"y"]}"#, Some("0"));
    check(r#"{"and":[1,"x"]}"#, Some("x"));
    check(r#"{"!":[0]}"#, Some("true"));
    check(r#"{"!!":["0"]}"#, Some("true"));
}

#[test]
fn comparisons() {
    check(r#"{"==":[{"var":"age"},"29"]}"#, Some("true"));
    check(r#"{"===":[{"var":"age"},"29"]}"#, Some("false"));
    check(r#"{"!=":[{"var":"absent"},0]}"#, Some("true"));
    check(r#"{"!==":[1,1.0]}"#, Some("false"));
    check(r#"{">":[{"var":"age"},18]}"#, Some("true"));
    check(r#"{">=":[{"var":"age"},29]}"#, Some("true"));
    check(r#"{"<":[1,{"var":"age"},30]}"#, Some("true"));
    check(r#"{"<":[1,{"var":"age"},29]}"#, Some("false"));
    check(r#"{"<=":[1,{"var":"age"},29]}"#, Some("true"));
    check(r#"{"<":[{"var":"absent"},1]}"#, Some("true"));
    check(r#"{">":["x",1]}"#, Some("false"));
    check(r#"{"in":["b",{"var":"subject.tags"}]}"#, Some("true"));
    check(r#"{"in":["example",{"var":"mail"}]}"#, Some("true"));
    check(r#"{"in":["1",[1]]}"#, Some("false"));
    check(r#"{"in":["1",null]}"#, Some("false"));
}

#[test]
fn texts_and_numbers() {
    check(
        r#"{"cat":["a",1,true,null,[1,[2,null]]]}"#,
        Some("a1true1,2,"),
    );
    check(r#"{"cat":"a"}"#, Some("a"));
    check(r#"{"substr":[{"var":"mail"},0,3]}"#, Some("ana"));
    check(r#"{"+":[1,2]}"#, Some("3"));
    check(r#"{"log":"a"}"#, Some("a"));
    check(r#"{"starts_with":[{"var":"mail"},"ana@"]}"#, Some("true"));
    check(r#"{"ends_with":[{"var":"mail"},".org"]}"#, Some("false"));
    check(r#"{"starts_with":[{"var":"age"},"2"]}"#, None);
    check(r#"{"ends_with":["a"]}"#, None);
    check(r#"{"ends_with":["a","a","a"]}"#, None);
    check(r#"{"sem_ver":["1.2.3","^","1"]}"#, Some("true"));
    check(r#"{"sem_ver":["1.2.3","^"]}"#, None);
}

#[test]
fn lists() {
    let over =
        |operator: &str, body: &str| format!(r#"{{"{operator}":[{{"var":"numbers"}},{body}]}}"#);
    let odd = r#"{"%":[{"var":""},2]}"#;
    check(&over("map", r#"{"*":[{"var":""},2]}"#), Some("[2,4,6]"));
    check(&over("filter", odd), Some("[1,3]"));
    check(&over("all", odd), Some("false"));
    check(&over("some", odd), Some("true"));
    check(&over("none", odd), Some("false"));
    check(r#"{"all":[[],true]}"#, Some("false"));
    check(r#"{"none":[[],true]}"#, Some("true"));
    let sum = r#"{"+":[{"var":"accumulator"},{"var":"current"}]},0"#;
    check(&over("reduce", sum), Some("6"));
    check(r#"{"merge":[1,[2,[3]]]}"#, Some("[1,2,[3]]"));
    check(
        r#"{"missing":["mail","absent","empty"]}"#,
        Some("[absent,empty]"),
    );
    check(r#"{"missing":[["mail","none"]]}"#, Some("[none]"));
    check(r#"{"missing_some":[1,["mail","absent"]]}"#, Some("[]"));
    check(
        r#"{"missing_some":[2,["mail","absent"]]}"#,
        Some("[absent]"),
    );
}

#[test]
fn shares_may_stand_anywhere() {
    check(
        r#"{"fractional":[{"cat":[{"var":"$flagd.flagKey"},"x"]},["red",1]]}"#,
        Some("red"),
    );
    check(
        r#"{"if":[{"fractional":[[false,0],[true,1]]},"a","b"]}"#,
        Some("a"),
    );
    check(
        r#"{"fractional":[{"var":"mail"},[{"var":"subject.plan"},{"if":[true,9]}],["x",0]]}"#,
        Some("pro"),
    );
    check(r#"{"fractional":[{"var":"absent"},["red",1]]}"#, None);
    // What is worked out to a list is a share, as it is where operands come worked out.
    check(r#"{"fractional":[{"merge":["red",1]}]}"#, Some("red"));
}

#[test]
fn what_is_no_expression_is_refused() {
    let none = EvaluationContext::new();
    let message = answer(r#"{"invalid":["x"]}"#, &none).unwrap_err();
    assert!(message.contains("\"invalid\""), "{message}");
    // Also where no request would come to it.
    assert!(answer(r#"{"if":[true,"a",{"$ref":"x"}]}"#, &none).is_err());
}

#[test]
fn lists_inside_lists_end() {
    let numbers = (0..400).map(Value::from).collect();
    let context = EvaluationContext::new().with("n", Value::List(numbers));
    let once = r#"{"map":[{"var":"n"},{"var":""}]}"#;
    assert!(answer(once, &context).is_ok());
    let twice =
        r#"{"reduce":[{"var":"n"},{"merge":[{"var":"accumulator"},{"var":"accumulator"}]},[1]]}"#;
    let message = answer(twice, &context).unwrap_err();
    assert!(message.contains("steps"), "{message}");
    let text = twice
        .replace("merge", "cat")
        .replace("[1]", "\"0123456789\"");
    assert!(answer(&text, &context).is_err());
}
