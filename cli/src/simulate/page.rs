//! What the edge says in a page: the script element with answers and receipts.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The id of the element.
const ELEMENT: &str = "id=\"bandera-state\"";

/// Answers and receipts of one page view.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageState {
    pub(super) flags: BTreeMap<String, Answer>,
    receipts: Vec<Receipt>,
}

/// An answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) variant: Option<String>,
    pub(super) reason: String,
}

/// Proof of a decision.
#[derive(Debug, Deserialize)]
struct Receipt {
    flag: String,
    receipt: String,
}

impl PageState {
    /// The state in a document; `None` where there is none, or it is rubbish.
    pub(super) fn find(html: &str) -> Option<Self> {
        let (_, rest) = html.split_once(ELEMENT)?;
        let (_, rest) = rest.split_once('>')?;
        let (json, _) = rest.split_once("</script>")?;
        serde_json::from_str(json).ok()
    }

    /// The receipt of the flag's decision.
    pub(super) fn receipt(&self, flag: &str) -> Option<&str> {
        let found = self.receipts.iter().find(|receipt| receipt.flag == flag)?;
        Some(&found.receipt)
    }

    /// The variant served for the flag.
    pub(super) fn variant(&self, flag: &str) -> Option<&str> {
        self.flags.get(flag)?.variant.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_element_and_nothing_else() {
        let html = concat!(
            "<html><head><script type=\"application/json\" id=\"bandera-state\">",
            r#"{"publication":3,"flags":{"hero":{"variant":"a","reason":"SPLIT","value":1}},"#,
            r#""receipts":[{"flag":"hero","bandit":"h","metric":"m","receipt":"AQ.x"}]}"#,
            "</script></head></html>"
        );
        let state = PageState::find(html).unwrap();
        assert_eq!(state.variant("hero"), Some("a"));
        assert_eq!(state.receipt("hero"), Some("AQ.x"));
        assert_eq!(state.receipt("other"), None);
        assert!(PageState::find("<html></html>").is_none());
        assert!(PageState::find(&html.replace("{\"publication", "{publication")).is_none());
    }
}
