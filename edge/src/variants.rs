//! Variants as headers and cookies: what a request carries to the origin and to the browser.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sfv::{DictSerializer, KeyRef, RefBareItem, StringRef};
use std::fmt::Write;

/// Longest value of one header of ours; what does not fit is left out, whole members at a time.
pub(crate) const HEADER_BYTES_MAX: usize = 8_192;
/// Longest variants cookie; browsers keep 4,096 bytes for name, value and attributes.
pub(crate) const COOKIE_BYTES_MAX: usize = 3_072;

/// Cookie octets that also survive `URLSearchParams`.
const COOKIE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'-')
    .remove(b'.')
    .remove(b'~');

/// The flag key as an RFC 9651 key: as it is, or percent-encoded in lower case with `*` for `%`.
///
/// A `*` of the key itself is encoded too, so that decoding never has to guess.
#[must_use]
pub(crate) fn header_key(flag: &str) -> String {
    let mut key = String::with_capacity(flag.len());
    for (index, character) in flag.char_indices() {
        let plain = match character {
            'a'..='z' => true,
            '0'..='9' | '_' | '-' | '.' => index > 0,
            _ => false,
        };
        if plain {
            key.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(key, "*{byte:02x}");
            }
        }
    }
    key
}

/// An RFC 9651 dictionary of texts by flag key, such as `hero="craft", shop.buy="on"`.
///
/// ASCII texts are Strings, others Display Strings; texts with control characters are Display
/// Strings too. Members that would make it longer than [`HEADER_BYTES_MAX`] are left out.
#[must_use]
pub(crate) fn dictionary<'m>(members: impl Iterator<Item = (&'m str, &'m str)>) -> Option<String> {
    let mut serializer = DictSerializer::new();
    let mut length = 0;
    for (flag, text) in members {
        let key = header_key(flag);
        // Quotes, separators, and each byte escaped at worst.
        length += key.len() + text.len() * 3 + 6;
        if length > HEADER_BYTES_MAX {
            break;
        }
        let Ok(key) = KeyRef::from_str(&key) else {
            continue;
        };
        match StringRef::from_str(text) {
            Ok(text) => serializer.bare_item(key, text),
            Err(_) => serializer.bare_item(key, RefBareItem::DisplayString(text)),
        };
    }
    serializer.finish()
}

/// The value of a header that carries one variant: printable ASCII as it is, the rest
/// percent-encoded.
#[must_use]
pub(crate) fn header_text(variant: &str) -> String {
    const TEXT: &AsciiSet = &percent_encoding::CONTROLS.add(b'%');
    utf8_percent_encode(variant, TEXT).to_string()
}

/// A cookie value that `URLSearchParams` reads: `hero=craft&shop.buy=on`.
#[must_use]
pub(crate) fn cookie_value<'m>(members: impl Iterator<Item = (&'m str, &'m str)>) -> String {
    let mut value = String::new();
    for (flag, variant) in members {
        let pair = format!(
            "{}={}",
            utf8_percent_encode(flag, COOKIE),
            utf8_percent_encode(variant, COOKIE)
        );
        if value.len() + pair.len() + 1 > COOKIE_BYTES_MAX {
            break;
        }
        if !value.is_empty() {
            value.push('&');
        }
        value.push_str(&pair);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_only_where_they_must() {
        let check = |flag, key: &str| {
            assert_eq!(header_key(flag), key);
            assert!(KeyRef::from_str(key).is_ok());
        };
        check("shop.buy_button-2", "shop.buy_button-2");
        check("Hero", "*48ero");
        check("2fa", "*32fa");
        check("a/b", "a*2fb");
        check("a*b", "a*2ab");
        check("niño", "ni*c3*b1o");
    }

    #[test]
    fn dictionaries_follow_rfc_9651() {
        let check = |members: &[(&str, &str)], expected: Option<&str>| {
            assert_eq!(dictionary(members.iter().copied()).as_deref(), expected);
        };
        check(&[], None);
        check(
            &[("hero", "craft"), ("Buy", "a \"b\"")],
            Some(r#"hero="craft", *42uy="a \"b\"""#),
        );
        check(&[("hero", "señal")], Some(r#"hero=%"se%c3%b1al""#));
        check(&[("hero", "a\nb")], Some(r#"hero=%"a%0ab""#));
    }

    #[test]
    fn dictionaries_are_bounded() {
        let names: Vec<String> = (0..1_000).map(|n| format!("flag-{n}")).collect();
        let members = names.iter().map(|name| (name.as_str(), "on"));
        let dictionary = dictionary(members).unwrap();
        assert!(dictionary.len() <= HEADER_BYTES_MAX);
        assert!(dictionary.starts_with("flag-0=\"on\", flag-1=\"on\""));
        assert!(dictionary.ends_with('"'));
    }

    #[test]
    fn cookies_hold_cookie_octets_only() {
        let members = [("shop.buy", "on"), ("ñ", "a=b&c; d\"")];
        assert_eq!(
            cookie_value(members.into_iter()),
            "shop.buy=on&%C3%B1=a%3Db%26c%3B%20d%22"
        );
    }

    #[test]
    fn header_texts_are_printable() {
        assert_eq!(header_text("on"), "on");
        assert_eq!(header_text("50%\r\nñ"), "50%25%0D%0A%C3%B1");
    }
}
