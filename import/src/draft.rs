//! A ruleset being written: the few shapes that every importer puts together.

use crate::report::{Fidelity, Note, Report};
use crate::{ImportError, Imported};
use bandera_shared::compile::{CANARY_RULE, CANARY_SHARE_RULE, EXPERIMENT_RULE, ROLLOUT_RULE};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// Rules that statuses make.
const RESERVED_RULES: [&str; 4] = [
    ROLLOUT_RULE,
    EXPERIMENT_RULE,
    CANARY_RULE,
    CANARY_SHARE_RULE,
];

/// A ruleset being written.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) flags: Map<String, Json>,
    pub(crate) segments: Map<String, Json>,
    notes: Vec<Note>,
    /// Names of members of the export that no answer depends on.
    pub(crate) idle: BTreeSet<String>,
}

impl Draft {
    /// Says that a part means nearly what it meant.
    pub(crate) fn approximated(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.note(Fidelity::Approximated, pointer, message);
    }

    /// Says that a part was left out.
    pub(crate) fn dropped(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.note(Fidelity::Dropped, pointer, message);
    }

    /// Says what else is worth knowing of a part that means what it meant.
    pub(crate) fn mapped(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.note(Fidelity::Mapped, pointer, message);
    }

    /// Places of which something was said.
    pub(crate) fn pointers(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(|note| note.pointer.as_str())
    }

    fn note(&mut self, fidelity: Fidelity, pointer: impl Into<String>, message: impl Into<String>) {
        self.notes.push(Note {
            fidelity,
            pointer: pointer.into(),
            message: message.into(),
        });
    }

    /// Adds a flag.
    pub(crate) fn flag(&mut self, key: &str, flag: FlagDraft) {
        self.flags.insert(key.to_owned(), flag.into_json());
    }

    /// Whether there is a flag of that key by now.
    pub(crate) fn has_flag(&self, key: &str) -> bool {
        self.flags.contains_key(key)
    }

    /// The ruleset and its report.
    pub(crate) fn finish(self) -> Imported {
        let report = Report {
            n_flags: self.flags.len(),
            n_segments: self.segments.len(),
            notes: self.notes,
            idle: self.idle.into_iter().collect(),
        };
        let ruleset = json!({
            "schemaVersion": 1,
            "segments": self.segments,
            "flags": self.flags,
        });
        Imported { ruleset, report }
    }
}

/// A flag being written: rules in order, then the default variant, then the caller's default.
#[derive(Debug, Default)]
pub(crate) struct FlagDraft {
    /// `boolean`, `string`, `number`, or `json` where values are of any type.
    pub(crate) kind: &'static str,
    pub(crate) is_disabled: bool,
    /// Variants by key, as `VariantWire` is written: `{"value", "name"?, "views"?, "policy"?}`.
    pub(crate) variants: Map<String, Json>,
    /// Served while the flag is disabled; the caller's default when absent.
    pub(crate) off: Option<String>,
    /// Served when no rule serves; the caller's default when absent.
    pub(crate) default: Option<String>,
    /// As `RuleWire` is written.
    pub(crate) rules: Vec<Json>,
    pub(crate) description: Option<String>,
}

impl FlagDraft {
    /// A flag that answers as the other system does when it cannot read one: with an error.
    pub(crate) fn unreadable(fault: &ImportError, draft: &mut Draft) -> Self {
        let message = format!("{}; the flag answers with an error", fault.message);
        draft.mapped(&*fault.pointer, message);
        let serve = error("PARSE_ERROR", &fault.message);
        Self {
            rules: vec![json!({ "id": "unreadable", "serve": serve })],
            ..Self::default()
        }
    }

    fn into_json(self) -> Json {
        let mut flag = json!({
            "type": if self.kind.is_empty() { "json" } else { self.kind },
            "status": if self.is_disabled { "disabled" } else { "enabled" },
            "variants": self.variants,
            "rules": self.rules,
        });
        let optional = [
            ("offVariant", self.off),
            ("defaultVariant", self.default),
            ("description", self.description),
        ];
        if let Some(members) = flag.as_object_mut() {
            let present = optional.into_iter();
            members
                .extend(present.filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
        }
        flag
    }
}

/// Names of a flag's rules: as the other system calls them, each once, none of them reserved.
#[derive(Debug, Default)]
pub(crate) struct RuleIds(BTreeSet<String>);

impl RuleIds {
    /// The wanted name, or one like it.
    pub(crate) fn name(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() || RESERVED_RULES.contains(&wanted) {
            format!("{wanted} (imported)").trim_start().to_owned()
        } else {
            wanted.to_owned()
        };
        let mut name = wanted.clone();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{wanted} ({number})");
            number += 1;
        }
        name
    }
}

/// The type that the values of all variants have.
pub(crate) fn kind_of(variants: &Map<String, Json>) -> &'static str {
    let is_of = |fits: fn(&Json) -> bool| {
        let mut values = variants.values().filter_map(|variant| variant.get("value"));
        !variants.is_empty() && values.all(fits)
    };
    if is_of(Json::is_boolean) {
        "boolean"
    } else if is_of(Json::is_string) {
        "string"
    } else if is_of(Json::is_number) {
        "number"
    } else {
        "json"
    }
}

/// The beginning of a text, in so many bytes at most.
pub(crate) fn within(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A condition that needs every part.
pub(crate) fn all(parts: Vec<Json>) -> Json {
    single("all", parts.into())
}

/// A condition that needs one part.
pub(crate) fn any(parts: Vec<Json>) -> Json {
    single("any", parts.into())
}

/// The contrary of a condition; what cannot be told stays so.
pub(crate) fn not(part: Json) -> Json {
    single("not", part)
}

fn single(name: &str, value: Json) -> Json {
    Json::Object([(name.to_owned(), value)].into_iter().collect())
}

/// What a rule serves when the flag is beyond help.
pub(crate) fn error(code: &str, message: &str) -> Json {
    json!({ "error": { "code": code, "message": message } })
}

/// An export that is not what it should be.
pub(crate) fn malformed(pointer: &str, message: &str) -> ImportError {
    ImportError {
        pointer: pointer.to_owned(),
        message: message.to_owned(),
    }
}

/// The path to a member, one step further.
pub(crate) fn below(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_names_of_their_own() {
        let mut ids = RuleIds::default();
        let named = ["a", "a", "rollout", "", "a", "rollout"].map(|wanted| ids.name(wanted));
        let expected = ["a", "a (2)", "rollout (imported)", "(imported)", "a (3)"];
        assert_eq!(named[..5], expected);
        assert_eq!(named[5], "rollout (imported) (2)");
    }
}
