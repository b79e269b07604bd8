//! The script element that tells a page what the edge decided for it.
//!
//! `<script type="application/json" id="bandera-state">` is a data block: browsers never run it,
//! and a Content-Security-Policy needs no nonce for it, because the check for inline scripts comes
//! after the check of the type (HTML, "prepare the script element"). Only what browsers may know
//! is in it: client-visible flags, and attributes that are about the reader and not private.

use crate::visit::HandedReceipt;
use bandera_shared::sorted::Sorted;
use bandera_shared::wire::evaluation::EvaluationWire;
use bandera_shared::{Evaluation, EvaluationContext, Private, Value};
use serde::Serialize;
use std::borrow::Cow;

/// The element's id.
pub(crate) const ELEMENT_ID: &str = "bandera-state";

/// Attributes that a page may know; headers, cookies and exact places stay here.
const ATTRIBUTES: [&str; 15] = [
    "targetingKey",
    "host",
    "path",
    "query",
    "device",
    "browser",
    "os",
    "bot",
    "language",
    "languages",
    "country",
    "continent",
    "region",
    "regionCode",
    "timezone",
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StateWire<'s> {
    publication: u64,
    hash: &'s str,
    /// The engine with which the page evaluates by itself, where it is not the ordinary one.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<&'static str>,
    context: Sorted<&'s str, Cow<'s, Value>>,
    flags: Sorted<&'s str, AnswerWire<'s>>,
    receipts: Vec<ReceiptWire<'s>>,
}

#[derive(Serialize)]
struct AnswerWire<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'s Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'s str>,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<&'s Value>,
}

#[derive(Serialize)]
struct ReceiptWire<'s> {
    flag: &'s str,
    bandit: &'s str,
    metric: &'s str,
    receipt: &'s str,
}

/// What the state says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageState<'s> {
    /// The publication that answered.
    pub(crate) publication: u64,
    /// Its content hash.
    pub(crate) hash: &'s str,
    /// Whether evaluating in the page takes the full engine.
    pub(crate) needs_full_engine: bool,
    /// What was evaluated.
    pub(crate) context: &'s EvaluationContext,
    /// What of it is never told.
    pub(crate) private: &'s Private,
    /// Answers of client-visible flags.
    pub(crate) answers: &'s [&'s Evaluation<'s>],
    /// Receipts of client-visible flags.
    pub(crate) receipts: &'s [&'s HandedReceipt<'s>],
}

impl PageState<'_> {
    /// The element's markup.
    #[must_use]
    pub(crate) fn element(&self) -> String {
        let attribute = |name: &&str| ATTRIBUTES.contains(name);
        let wire = StateWire {
            publication: self.publication,
            hash: self.hash,
            engine: self.needs_full_engine.then_some("full"),
            context: self
                .private
                .shown(self.context)
                .filter(|(name, _)| attribute(name))
                .collect(),
            flags: self
                .answers
                .iter()
                .map(|answer| (answer.flag_key, wire_of(answer)))
                .collect(),
            receipts: self
                .receipts
                .iter()
                .map(|handed| ReceiptWire {
                    flag: handed.flag,
                    bandit: handed.bandit,
                    metric: handed.metric,
                    receipt: &handed.token,
                })
                .collect(),
        };
        // Plain data with text keys always has a JSON form.
        let json = serde_json::to_string(&wire).unwrap_or_else(|_| "{}".to_owned());
        format!(
            "<script type=\"application/json\" id=\"{ELEMENT_ID}\">{}</script>",
            json.replace('<', "\\u003c")
        )
    }
}

fn wire_of<'s>(answer: &'s Evaluation<'_>) -> AnswerWire<'s> {
    let EvaluationWire {
        value,
        variant,
        reason,
        metadata,
        ..
    } = answer.into();
    AnswerWire {
        value,
        variant,
        reason,
        config: metadata.config,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::context::Attribute;

    #[test]
    fn no_text_can_leave_the_element() {
        let context = EvaluationContext::new()
            .with_targeting_key("</script><script>alert(1)</script><!--")
            .with("headers", "secret");
        let state = PageState {
            publication: 7,
            hash: "00ff",
            needs_full_engine: false,
            context: &context,
            private: &Private::default(),
            answers: &[],
            receipts: &[],
        };
        assert_eq!(
            state.element(),
            concat!(
                r#"<script type="application/json" id="bandera-state">{"publication":7,"#,
                r#""hash":"00ff","context":{"targetingKey":"\u003c/script>\u003cscript>"#,
                r#"alert(1)\u003c/script>\u003c!--"},"flags":{},"receipts":[]}</script>"#
            )
        );
    }

    #[test]
    fn private_attributes_stay_here() {
        let query = |names: &[&str]| {
            let members = names.iter().map(|name| ((*name).into(), "secret".into()));
            Value::Object(members.collect())
        };
        let context = EvaluationContext::new()
            .with("path", "/secret")
            .with("query", query(&["email", "page"]));
        let element = |private: &[Attribute]| {
            let state = PageState {
                publication: 7,
                hash: "00ff",
                needs_full_engine: true,
                context: &context,
                private: &Private::new(private.iter().cloned()),
                answers: &[],
                receipts: &[],
            };
            state.element()
        };
        let (path, email) = (
            Attribute::named("path"),
            Attribute::nested("query", ["email"]),
        );
        let shown = element(&[]);
        assert!(shown.contains(r#""path":"/secret""#) && shown.contains(r#""email":"secret""#));
        let kept = element(&[path.clone(), email]);
        assert!(
            kept.contains(r#""engine":"full","context":{"query":{"page":"secret"}}"#),
            "{kept}"
        );
        let all = element(&[path, Attribute::named("query")]);
        assert!(!all.contains("secret"), "{all}");
    }
}
