use super::*;
use crate::value::Value;
use std::fmt::Debug;

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sample<'a> {
    #[serde(borrow)]
    text: crate::wire::text::Text<'a>,
    list: Option<Vec<(u64, f64)>>,
    choice: Option<Choice>,
    is: Option<bool>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    One,
}

/// What is plain reads as the library reads it; whether it is plain is as expected.
#[track_caller]
fn check<'t, T: Deserialize<'t> + PartialEq + Debug>(text: &'t str, is_plain: bool) {
    let plain: Option<T> = from_str(text).ok();
    assert_eq!(plain.is_some(), is_plain, "{text}");
    if plain.is_some() {
        assert_eq!(plain, serde_json::from_str(text).ok(), "{text}");
    }
}

#[test]
fn plain_structures_read_as_the_library_reads_them() {
    for text in [
        r#"{"text":"a"}"#,
        " {\n\t\"text\" : \"\" , \"list\" : [ [ 1 , 2.5 ] , [ 0 , -1e3 ] ] }\r\n",
        r#"{"text":"a\u00e9\n\ud83d\ude00\"","choice":"one","is":true,"list":null}"#,
        r#"{"te\u0078t":"é","is":false,"list":[]}"#,
    ] {
        check::<Sample<'_>>(text, true);
    }
}

#[test]
fn what_needs_a_message_or_is_rare_is_left_to_the_library() {
    for text in [
        "",
        "{",
        "[]",
        r#"["a"]"#,
        r#"{"text":"a"} x"#,
        r#"{"text":"a",}"#,
        r#"{,"text":"a"}"#,
        r#"{"text":"a" "is":true}"#,
        r#"{"text":"a","other":1}"#,
        r#"{"text":"a","text":"b"}"#,
        r#"{"text":1}"#,
        r#"{"text":"a","is":tru}"#,
        r#"{"text":"a","choice":"two"}"#,
        r#"{"text":"a","choice":{"one":null}}"#,
        r#"{"text":"a","list":[[1]]}"#,
        r#"{"text":"a","list":[[1,2,3]]}"#,
        r#"{"text":"a","list":[[-1,2]]}"#,
        r#"{"text":"a","list":[[1,2],]}"#,
        r#"{"text":"a","list":[[01,2]]}"#,
        r#"{"text":"\x"}"#,
        r#"{"text":"\ud800"}"#,
        "{\"text\":\"\u{1}\"}",
        "{\"text\":\"a",
        "{\"text\":\"\\",
    ] {
        check::<Sample<'_>>(text, false);
    }
}

#[test]
fn numbers_are_the_librarys_to_the_last_bit() {
    for text in [
        "0",
        "-1",
        "7",
        "999999999999999999",
        "-999999999999999999",
        "1000000000000000000",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-0",
        "-0.0",
        "0.1",
        "1E400",
        "2.2250738585072014e-308",
        "1e5",
        "123456789012345678901234567890",
    ] {
        let number = |text| {
            from_str::<Value>(text)
                .map(|value| format!("{value:?}"))
                .ok()
        };
        let library: Option<Value> = serde_json::from_str(text).ok();
        assert_eq!(
            number(text),
            library.map(|value| format!("{value:?}")),
            "{text}"
        );
    }
    for text in [
        "-", "00", "01", "-01", "1.", ".5", "1e", "1.2.3", "+1", "1-2", "NaN",
    ] {
        check::<Value>(text, false);
    }
}

/// Deeper than here, the library decides; it goes a little deeper than that.
#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check::<Value>(&nested(DEPTH_MAX as usize), true);
    check::<Value>(&nested(DEPTH_MAX as usize + 1), false);
    assert!(from_str::<Value>(&nested(1_000_000)).is_err());
}

/// Objects that are left as text, and read afterwards.
fn read_later(text: &str) -> Option<Vec<(String, Value)>> {
    use crate::wire::ruleset::FlagText;
    use crate::wire::text::{ByName, Text};
    let ByName(members) = from_str::<ByName<'_, FlagText<'_>>>(text).ok()?;
    let read = |(name, object): (Text<'_>, FlagText<'_>)| {
        Some((name.into(), from_str(object.plain()?).ok()?))
    };
    members.into_iter().map(read).collect()
}

#[test]
fn objects_read_later_are_those_read_at_once() {
    #[track_caller]
    fn check(text: &str, expected: Option<&[(&str, &str)]>) {
        let expected = expected.map(|members| {
            let read = |(name, json): &(&str, &str)| {
                let value: Value = serde_json::from_str(json).unwrap();
                ((*name).to_owned(), value)
            };
            members.iter().map(read).collect::<Vec<_>>()
        });
        let shown = |members: Option<Vec<(String, Value)>>| format!("{members:?}");
        assert_eq!(shown(read_later(text)), shown(expected), "{text}");
    }
    check("{}", Some(&[]));
    check(r#"{"a": {}, "b":{ } }"#, Some(&[("a", "{}"), ("b", "{}")]));
    let marks = r#"{"x":"}]{[\\","y\\\"}":[{"z":"\""}]}"#;
    check(&format!(r#"{{"a":{marks}}}"#), Some(&[("a", marks)]));
    check(r#"{"a":{"é":"é"}}"#, Some(&[("a", r#"{"é":"é"}"#)]));
    for text in [
        r#"{"a":{}"#,
        r#"{"a":{"#,
        r#"{"a":{"b"#,
        r#"{"a":{"b\"#,
        r#"{"a":{]}"#,
        r#"{"a":{"b":[}]}"#,
        r#"{"a":{"b":1]}"#,
        r#"{"a":1}"#,
        r#"{"a":null}"#,
        r#"{"a":[]}"#,
        r#"{"a":{}}}"#,
        r#"{"a":{},}"#,
    ] {
        check(text, None);
    }
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the bytes: what is plain is what the library reads, too.
        #[test]
        fn nothing_is_plain_that_the_library_refuses(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":", "\\", "\\u00e9", "1",
                    "-", "0", ".5", "e3", "true", "null", " ", "\n", "é", "12345678901234567890",
                ]),
                0..24,
            ),
        ) {
            let text = pieces.concat();
            let later = format!("{{\"a\":{{{text}}}}}");
            if let Some(members) = read_later(&later) {
                let library: Value = serde_json::from_str(&later).unwrap();
                let members = members.into_iter().map(|(name, value)| (name.into(), value));
                prop_assert_eq!(
                    format!("{:?}", Value::Object(members.collect())),
                    format!("{library:?}")
                );
            }
            if let Ok(value) = from_str::<Value>(&text) {
                let library: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(format!("{value:?}"), format!("{library:?}"));
            }
        }
    }
}

/// The careful reader says so; a plain one would lose the first.
#[test]
fn an_object_with_a_name_twice_is_not_plain() {
    let read = |text: &str| super::from_str::<crate::Value>(text).is_ok();
    assert!(read(r#"{"b":1,"a":2}"#));
    assert!(!read(r#"{"b":1,"a":2,"b":3}"#));
    assert!(!read(r#"{"a":{"x":1,"x":1}}"#));
    assert!(read(r#"{"a":1,"\u0062":2}"#));
    assert!(!read(r#"{"a":1,"\u0061":2}"#) && !read(r#"{"\u0061":1,"a":2}"#));
    assert!(!read(r#"{"\u0061":1,"\u0061":2}"#));
    for n in [FEW - 1, FEW, FEW + 1, 3 * FEW] {
        let names: Vec<String> = (0..n).rev().map(|n| format!(r#""k{n}":0"#)).collect();
        let distinct = names.join(",");
        assert!(read(&format!("{{{distinct}}}")), "{n}");
        for again in [0, n / 2, n - 1] {
            assert!(
                !read(&format!("{{{distinct},{}}}", names[again])),
                "{n} {again}"
            );
        }
    }
    // Structures see it themselves.
    let twice = r#"{"attribute":"a","op":"exists","attribute":"b"}"#;
    assert!(super::from_str::<crate::wire::condition::ConditionWire>(twice).is_err());
    let twice = r#"{"schemaVersion":1,"flags":{"f":{"type":"json","status":"enabled",
        "variants":{"a":{"value":{"x":1,"x":2}}},"defaultVariant":"a"}}}"#;
    let compiled = crate::compile(twice.as_bytes()).unwrap();
    let found = &compiled.diagnostics[0];
    assert_eq!(found.pointer, "/flags/f/variants/a/value");
    assert!(found.message.contains("stands twice"), "{}", found.message);
}
