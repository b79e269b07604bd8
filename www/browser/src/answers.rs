//! The answers for a page, for scripts.

use crate::js;
use bandera_shared::wire::evaluation::EvaluationWire;
use bandera_shared::{Evaluation, Evaluator, Visibility};
use js_sys::Object;
use wasm_bindgen::JsValue;

/// Answers for client-visible flags by key; flags that these only require stay inside.
pub(crate) fn answers(evaluator: &Evaluator<'_>) -> Object {
    let (flags, sweep) = (evaluator.ruleset.flags(), evaluator.sweep());
    let visible = flags.filter(|flag| flag.visibility == Visibility::Client);
    js::object(visible.map(|flag| (&*flag.key, answer(&sweep.evaluate_flag(flag)).into())))
}

/// An answer, with the members that the edge writes into pages.
fn answer(evaluation: &Evaluation<'_>) -> Object {
    let EvaluationWire {
        value,
        variant,
        reason,
        metadata,
        ..
    } = evaluation.into();
    let members = [
        ("value", value.map(js::to_js)),
        ("variant", variant.map(JsValue::from)),
        ("reason", Some(reason.into())),
        ("config", metadata.config.map(js::to_js)),
    ];
    let present = members.into_iter();
    js::object(present.filter_map(|(name, member)| Some((name, member?))))
}
