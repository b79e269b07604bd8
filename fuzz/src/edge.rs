//! What reaches the edge Worker: heads of requests, bodies, settings.

use bandera_edge::fuzzing;
use sfv::{BareItem, Dictionary, ListEntry, Parser};

pub(crate) fn ofrep_body(data: &[u8]) {
    let answers = fuzzing::ofrep(data);
    let _: serde_json::Value = serde_json::from_str(&answers).expect("answers are JSON");
}

/// The head of a request, as the platform describes it: whatever is in it, nothing that is sent on
/// breaks out of its header or its element.
pub(crate) fn request(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(told) = fuzzing::request(text) else {
        return;
    };
    for header in told.headers.iter().chain(&told.cookie_lines) {
        let visible = header.bytes().all(|byte| (0x20..0x7F).contains(&byte));
        assert!(visible, "{header:?}");
    }
    for line in &told.cookie_lines {
        let value = line.split(';').next().and_then(|pair| pair.split_once('='));
        let (_, value) = value.expect("a name and a value");
        let octets =
            |byte: u8| matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E);
        assert!(value.bytes().all(octets), "{line:?}");
    }
    for header in &told.dictionaries {
        let read: Result<Dictionary, _> = Parser::new(header).parse();
        assert!(read.is_ok(), "{header:?}");
    }
    if let Some(query) = &told.query {
        assert_eq!(fuzzing::preview_parameter(query), None, "{query:?}");
    }
    let markup = told
        .element
        .strip_suffix("</script>")
        .expect("the element's end");
    let (_, json) = markup.split_once('>').expect("the element's start");
    assert!(!json.contains('<'), "{json}");
    let _: serde_json::Value = serde_json::from_str(json).expect("the state is JSON");
}

/// A list of flags and variants: what a dictionary says is what was put in.
pub(crate) fn variants_header(data: &[u8]) {
    let members: Vec<(String, String)> = serde_json::from_slice(data).unwrap_or_default();
    let Some(header) = fuzzing::dictionary(&members) else {
        return;
    };
    let read: Dictionary = Parser::new(&header).parse().expect("RFC 9651");
    let keys: std::collections::BTreeSet<&str> = members.iter().map(|(key, _)| &**key).collect();
    for (key, entry) in &read {
        let ListEntry::Item(item) = entry else {
            panic!("{header}: {key} is no item");
        };
        let text = match &item.bare_item {
            BareItem::String(text) => text.as_str().to_owned(),
            BareItem::DisplayString(text) => text.clone(),
            other => panic!("{header}: {key} is {other:?}"),
        };
        let flag = percent_decoded(&key.as_str().replace('*', "%"));
        assert!(keys.contains(&*flag), "{header}: {flag}");
        assert!(members.contains(&(flag, text)), "{header}");
    }
    for (_, text) in &members {
        let text = fuzzing::header_text(text);
        assert!(
            text.bytes().all(|byte| (0x20..0x7F).contains(&byte)),
            "{text:?}"
        );
    }
    let cookie = fuzzing::cookie_value(&members);
    assert!(
        cookie.is_ascii() && !cookie.contains([' ', ';', ',', '"', '\\']),
        "{cookie:?}"
    );
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// A name, a line's end, and a `Cookie` header.
pub(crate) fn cookies(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (name, header) = text.split_once('\n').unwrap_or(("a", &text));
    if let Some(value) = fuzzing::cookie(header, name) {
        assert!(header.contains(value) && !value.contains(';'));
    }
    fuzzing::words_of(header);
}

pub(crate) fn settings(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        fuzzing::settings(text);
    }
}
