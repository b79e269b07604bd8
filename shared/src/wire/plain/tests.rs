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
            if let Ok(value) = from_str::<Value>(&text) {
                let library: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(format!("{value:?}"), format!("{library:?}"));
            }
        }
    }
}
