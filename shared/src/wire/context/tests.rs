use super::*;

#[test]
fn a_context_is_any_object_with_a_text_key() {
    let context = read_context(r#"{"targetingKey":"ana","n":[1,{"x":null}]}"#).unwrap();
    assert_eq!(context.targeting_key(), Some("ana"));
    let pointer = read_context(r#"{"targetingKey":7}"#).unwrap_err().pointer;
    assert_eq!(pointer, "/targetingKey");
    assert!(read_context("[]").is_err());
}

/// The pointer of the fault, where there is one; its message must say what to do.
#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let refused = read_context(text).err();
    assert_eq!(refused.as_ref().map(|fault| &*fault.pointer), expected);
    let Some(fault) = refused else { return };
    let (what, fix) = fault.message.split_once(": ").expect("a fix");
    assert!(what.contains("allowed") && !fix.is_empty(), "{fault:?}");
}

#[test]
fn attributes_members_and_elements_are_bounded() {
    let members = |n: usize| {
        let members: Vec<String> = (0..n).map(|i| format!(r#""a{i}":1"#)).collect();
        format!("{{{}}}", members.join(","))
    };
    check(&members(ATTRIBUTES_MAX), None);
    check(&members(ATTRIBUTES_MAX + 1), Some(""));
    let inside = |n| format!(r#"{{"a/b":[{}]}}"#, members(n));
    check(&inside(ATTRIBUTES_MAX), None);
    check(&inside(ATTRIBUTES_MAX + 1), Some("/a~1b/0"));
    let elements = |n: usize| format!(r#"{{"a":[{}]}}"#, vec!["1"; n].join(","));
    check(&elements(ATTRIBUTES_MAX), None);
    check(&elements(ATTRIBUTES_MAX + 1), Some("/a"));
}

#[test]
fn depth_is_bounded_however_deep() {
    let nested = |levels: usize| {
        format!(
            r#"{}{{"x":1}}{}"#,
            r#"{"a":"#.repeat(levels - 1),
            "}".repeat(levels - 1)
        )
    };
    check(&nested(DEPTH_MAX), None);
    check(&nested(DEPTH_MAX + 1), Some(&*"/a".repeat(DEPTH_MAX)));
    let lists = |levels: usize| {
        format!(
            r#"{{"a":{}{}}}"#,
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    check(&lists(DEPTH_MAX), None);
    check(
        &lists(DEPTH_MAX + 1),
        Some(&*format!("/a{}", "/0".repeat(DEPTH_MAX - 1))),
    );
    check(&nested(100_000), Some(""));
    check(&lists(100_000), Some(""));
}

#[test]
fn texts_and_names_are_bounded() {
    let text = |bytes: usize| format!(r#"{{"a":{{"b":"{}"}}}}"#, "x".repeat(bytes));
    check(&text(TEXT_BYTES_MAX), None);
    check(&text(TEXT_BYTES_MAX + 1), Some("/a/b"));
    let name = |bytes: usize| format!(r#"{{"{}":1}}"#, "ñ".repeat(bytes / 2));
    check(&name(TEXT_BYTES_MAX), None);
    check(
        &name(TEXT_BYTES_MAX + 2),
        Some(&*format!("/{}", "ñ".repeat(100))),
    );
}

#[test]
fn the_whole_is_bounded() {
    // Three full texts, one that takes what is left, and the names of all four.
    let whole = |more: usize| {
        let last = CONTEXT_BYTES_MAX - 3 * TEXT_BYTES_MAX - 4 + more;
        let text = |bytes| "x".repeat(bytes);
        let full = text(TEXT_BYTES_MAX);
        format!(
            r#"{{"a":"{full}","b":"{full}","c":"{full}","d":"{}"}}"#,
            text(last)
        )
    };
    check(&whole(0), None);
    check(&whole(1), Some("/d"));
    let lists: Vec<String> = (b'a'..=b'h')
        .map(|name| format!(r#""{}":[{}]"#, name as char, vec!["1"; 1_000].join(",")))
        .collect();
    check(&format!("{{{}}}", lists.join(",")), None);
    check(
        &format!(
            r#"{{{},"i":[{}]}}"#,
            lists.join(","),
            vec!["1"; 200].join(",")
        ),
        Some("/i/190"),
    );
}
