//! For tests: an export taken over, compiled, and asked.

use crate::{Fidelity, Imported, Peer, import};
use bandera_shared::compact::encode;
use bandera_shared::compile::compile;
use bandera_shared::context::EvaluationContext;
use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::evaluation::Outcome;
use bandera_shared::flag::FlagType;
use bandera_shared::ruleset::Ruleset;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::time::UnixMillis;
use bandera_shared::value::Value;
use serde_json::Value as Json;

/// An export taken over and compiled without a fault.
pub(crate) struct Asked {
    pub(crate) imported: Imported,
    ruleset: Ruleset,
    /// The same, written and read as edges have it.
    compact: Ruleset,
}

impl Asked {
    #[track_caller]
    pub(crate) fn of(peer: Peer, export: &Json) -> Self {
        let imported = import(peer, export.to_string().as_bytes()).expect("it is an export");
        let compiled = compile(imported.ruleset.to_string().as_bytes()).expect("it compiles");
        assert_eq!(compiled.diagnostics, [], "{:#}", imported.ruleset);
        let ruleset = compiled.ruleset;
        let compact = Ruleset::from_compact(encode(&ruleset)).expect("what was written");
        Self {
            imported,
            ruleset,
            compact,
        }
    }

    /// What a flag answers those who want that type: `variant value`, an error's code, or `-`
    /// where the caller's default applies.
    pub(crate) fn answer(&self, flag: &str, wanted: FlagType, context: &Json) -> String {
        let context = context_of(context);
        let (policies, sticky) = (Policies::default(), StickyDecisions::default());
        let evaluator = |ruleset| Evaluator {
            ruleset,
            context: &context,
            at: UnixMillis(0),
            draw: 7,
            policies: &policies,
            sticky: &sticky,
            participation: Participation::Full,
        };
        let evaluation = evaluator(&self.ruleset).evaluate(flag);
        assert_eq!(evaluator(&self.compact).evaluate(flag), evaluation);
        let evaluation = evaluation.expect_type(wanted);
        match (&evaluation.outcome, evaluation.value()) {
            (Outcome::Resolved { variant, .. }, Some(value)) => {
                format!("{} {value}", variant.name())
            }
            (Outcome::Failed { code, .. }, _) => code.as_str().to_owned(),
            _ => "-".to_owned(),
        }
    }

    /// Whether a flag is on, for those who want a boolean.
    pub(crate) fn is_on(&self, flag: &str, context: &Json) -> bool {
        let answer = self.answer(flag, FlagType::Boolean, context);
        answer.ends_with(" true")
    }

    /// Pointers of notes of that kind.
    pub(crate) fn noted(&self, fidelity: Fidelity) -> Vec<&str> {
        let notes = self.imported.report.notes.iter();
        let notes = notes.filter(|note| note.fidelity == fidelity);
        notes.map(|note| note.pointer.as_str()).collect()
    }
}

fn context_of(json: &Json) -> EvaluationContext {
    let members = json.as_object().expect("a context is an object");
    members
        .iter()
        .fold(EvaluationContext::new(), |context, (name, value)| {
            let value: Value = serde_json::from_value(value.clone()).expect("any JSON is a value");
            context.with(name, value)
        })
}
