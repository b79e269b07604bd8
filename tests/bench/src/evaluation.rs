//! All flags for one context, a different one with each request.

use std::cell::{Cell, OnceCell};

use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{Outcome, Ruleset, UnixMillis, compile};
use bandera_tests::workload;
use worker::Date;

const N_FLAGS: usize = 100;

thread_local! {
    static RULESET: OnceCell<Option<Ruleset>> = const { OnceCell::new() };
    static REQUESTS: Cell<u32> = const { Cell::new(0) };
}

/// The number of flags that served a variant, as text. The context is made anew, as a request
/// would make it; the ruleset is compiled by the isolate's first request.
pub(crate) fn answer() -> String {
    let number = REQUESTS.replace(REQUESTS.get().wrapping_add(1));
    RULESET.with(|ruleset| {
        let ruleset = ruleset.get_or_init(|| {
            compile(&workload::ruleset(N_FLAGS))
                .ok()
                .map(|compiled| compiled.ruleset)
        });
        ruleset
            .as_ref()
            .map_or_else(|| "no ruleset".into(), |ruleset| served(ruleset, number))
    })
}

fn served(ruleset: &Ruleset, number: u32) -> String {
    let context = workload::context(number);
    let evaluator = Evaluator {
        ruleset,
        context: &context,
        at: UnixMillis(i64::try_from(Date::now().as_millis()).unwrap_or_default()),
        draw: 0,
        policies: &Policies::default(),
        sticky: &StickyDecisions::default(),
        participation: Participation::Full,
    };
    let served = |outcome: &Outcome<'_>| matches!(outcome, Outcome::Resolved { .. });
    evaluator
        .evaluate_all()
        .filter(|evaluation| served(&evaluation.outcome))
        .count()
        .to_string()
}
