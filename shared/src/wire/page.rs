//! Page changes as they are written.

use serde::Deserialize;

/// What a variant changes about pages.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageWire {
    /// Paths concerned; a trailing `*` stands for any rest. Empty: every path.
    pub paths: Vec<String>,
    /// In order.
    pub edits: Vec<EditWire>,
    /// Where to send the browser instead.
    pub redirect: Option<RedirectWire>,
    /// The path to ask the origin for instead.
    pub rewrite: Option<String>,
}

/// One edit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditWire {
    /// A CSS selector.
    pub selector: String,
    /// What is done.
    pub action: EditActionWire,
    /// The attribute's name.
    pub name: Option<String>,
    /// Text, markup, or the attribute's value.
    pub value: Option<String>,
    /// Whether `value` is markup; false when absent.
    #[serde(default)]
    pub html: bool,
}

/// What is done to the elements found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum EditActionWire {
    SetText,
    SetAttribute,
    RemoveAttribute,
    InsertBefore,
    InsertAfter,
    Prepend,
    Append,
    Replace,
    Remove,
}

/// Sends the browser elsewhere.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedirectWire {
    /// An absolute `http(s)` URL, or a path that begins with one `/`.
    pub to: String,
    /// 302 when absent.
    pub status: Option<u16>,
}
