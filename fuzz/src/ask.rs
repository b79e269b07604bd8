//! A ruleset asked in every way in which it is served, which must all answer alike.

use bandera_shared::compact::encode;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::read_context;
use bandera_shared::{
    EvaluationContext, Evaluator, Participation, Policies, Ruleset, UnixMillis, Value,
};
use serde_json::value::RawValue;

/// Who asks, and when.
pub(crate) struct Questions {
    contexts: Vec<EvaluationContext>,
    at: UnixMillis,
}

impl Questions {
    /// Contexts are the objects among the parts, the time is a number among them.
    pub(crate) fn of(parts: &[&RawValue]) -> Self {
        let texts = || parts.iter().map(|part| part.get());
        let at = texts().find_map(|text| text.parse().ok());
        let mut contexts = usual();
        contexts.extend(texts().filter_map(|text| read_context(text).ok()));
        Self {
            contexts,
            at: UnixMillis(at.unwrap_or(1_700_000_000_000)),
        }
    }

    /// Asks for every flag, of the ruleset and of its compact form.
    pub(crate) fn ask(&self, ruleset: &Ruleset) {
        let read = Ruleset::from_compact(encode(ruleset)).expect("what was written can be read");
        assert_eq!(read.len(), ruleset.len());
        let (policies, sticky) = (Policies::default(), StickyDecisions::default());
        for context in &self.contexts {
            for participation in [Participation::Full, Participation::Excluded] {
                let evaluator = |ruleset| Evaluator {
                    ruleset,
                    context,
                    at: self.at,
                    draw: 0x9E37_79B9_7F4A_7C15,
                    policies: &policies,
                    sticky: &sticky,
                    participation,
                };
                let (own, compact) = (evaluator(ruleset), evaluator(&read));
                for flag in ruleset.flags() {
                    let answer = own.evaluate_flag(flag);
                    assert_eq!(compact.evaluate(&flag.key), answer);
                    assert_eq!(own.explain(&flag.key).evaluation, answer);
                }
            }
        }
    }
}

/// Asks for every flag of a ruleset that may be damaged.
pub(crate) fn whatever_answers(ruleset: &Ruleset) {
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    for context in &usual() {
        let evaluator = Evaluator {
            ruleset,
            context,
            at: UnixMillis(1_700_000_000_000),
            draw: 1,
            policies: &policies,
            sticky: &sticky,
            participation: Participation::Full,
        };
        for flag in ruleset.flags() {
            let _ = evaluator.evaluate_flag(flag);
            let _ = evaluator.explain(&flag.key);
        }
    }
}

/// Nobody, somebody, and somebody with members of every kind.
pub(crate) fn usual() -> Vec<EvaluationContext> {
    let org = Value::Object([("targetingKey".into(), "acme".into())].into());
    let list = Value::List([Value::Null, "a".into(), 1.into()].into());
    let somebody = EvaluationContext::new().with_targeting_key("ana");
    vec![
        EvaluationContext::new(),
        somebody.clone().with("a", 1.5).with("version", "1.2.3"),
        somebody
            .with("kind", "multi")
            .with("org", org)
            .with("list", list),
    ]
}
