//! For tests: an export taken over, and what its flags then answer.

use crate::{Imported, Peer, import};
use bandera_shared::flag::Variant;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::read_context;
use bandera_shared::{
    Compiled, Evaluator, Outcome, Participation, Policies, Ruleset, UnixMillis, Value, compile,
};
use serde_json::Value as Json;

/// An export taken over, ready to be tried.
pub(crate) struct Tried {
    pub(crate) imported: Imported,
    ruleset: Ruleset,
}

impl Tried {
    /// Takes the export over. Whatever it holds, the ruleset can be read.
    #[track_caller]
    pub(crate) fn of(peer: Peer, export: &Json) -> Self {
        let imported = import(peer, export.to_string().as_bytes()).expect("it is an export");
        let Compiled { ruleset, .. } =
            compile(imported.ruleset.to_string().as_bytes()).expect("it is a ruleset");
        Self { imported, ruleset }
    }

    /// A ruleset of ours, as it is.
    #[track_caller]
    pub(crate) fn of_ruleset(ruleset: &Json) -> Self {
        let compiled = compile(ruleset.to_string().as_bytes()).expect("it is a ruleset");
        Self {
            imported: Imported {
                ruleset: ruleset.clone(),
                report: crate::Report::default(),
            },
            ruleset: compiled.ruleset,
        }
    }

    /// The variant served and its value, and the reason or error.
    pub(crate) fn answer(&self, flag: &str, context: &Json, at: &str) -> Answer {
        let context = read_context(&context.to_string()).expect("it is a context");
        let evaluator = Evaluator {
            ruleset: &self.ruleset,
            context: &context,
            at: UnixMillis::parse(at).expect("it is a time"),
            draw: 0,
            policies: &Policies::default(),
            sticky: &StickyDecisions::default(),
            participation: Participation::Full,
        };
        let found = evaluator.evaluate(flag);
        Answer {
            variant: found.variant().map(Variant::name).map(str::to_owned),
            value: found.value().map(Value::to_string),
            words: match &found.outcome {
                Outcome::Resolved { reason, .. } | Outcome::CallerDefault { reason } => {
                    reason.as_str()
                }
                Outcome::Failed { code, .. } => code.as_str(),
            },
        }
    }

    /// Fidelities and pointers of all notes.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = self.imported.report.notes.iter();
        notes
            .map(|note| format!("{:?} {}", note.fidelity, note.pointer))
            .collect()
    }
}

/// What a flag answers.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    /// The name reported.
    pub(crate) variant: Option<String>,
    /// As JSON.
    pub(crate) value: Option<String>,
    /// OpenFeature's reason or error code.
    pub(crate) words: &'static str,
}
