//! Ranked lists: several variants of one flag that a bandit decides, one for each position.
//!
//! The body is that of an evaluation, with `positions`, and with `kept`: the receipts of a list
//! that the subject was given before. Nothing is stored: whoever shows a list keeps the answer.

use super::Prepared;
use super::wire::{Answered, Fault, print};
use crate::call::Call;
use bandera_shared::bandit::PARTS;
use bandera_shared::decision::{Choice, Decision};
use bandera_shared::receipt::Receipt;
use bandera_shared::slate::{POSITIONS_MAX, Share, rank};
use bandera_shared::value::Number;
use bandera_shared::{ErrorCode, Value};

/// A member of an object.
type Member = (Box<str>, Value);

/// The JSON of the list that an evaluated flag leads to; a single entry, without a receipt, where
/// no bandit decides.
///
/// # Errors
/// What is wrong with the body.
pub(super) fn answer(
    prepared: &Prepared,
    call: &Call<'_>,
    answered: &Answered<'_>,
) -> Result<String, Fault> {
    let n_positions = positions(&prepared.asked)?;
    let receipts = receipts(&prepared.asked)?;
    let bandit = prepared.bandit_of(answered.evaluation);
    let mut slate: Vec<Value> = Vec::new();
    if let Some(choice) = bandit.and_then(|bandit| prepared.choice(call, bandit)) {
        let list = rank(&choice, kept(call, choice.unit, receipts), n_positions);
        for (position, placed) in list.into_iter().enumerate() {
            let decision = placed.decision;
            let mut members = shown(answered, position, &decision.action);
            members.push(member("propensity", share(decision.propensity.parts())));
            members.push(member("policyRevision", whole(decision.revision)));
            let receipt = prepared.receipt(call, &decision);
            members.extend(receipt.map(|receipt| member("receipt", receipt.into())));
            let drawn_from = placed.drawn_from.map(|from| shares(&from));
            members.extend(drawn_from.map(|from| member("distribution", from)));
            slate.push(Value::Object(members.into()));
        }
    } else if let Some(variant) = answered.evaluation.variant() {
        let members = place(0, &variant.key, variant.value.clone());
        slate.push(Value::Object(members.into()));
    }
    let mut members = vec![
        member("key", Value::from(&*answered.flag.key)),
        member("publication", whole(answered.publication)),
        member("slate", Value::List(slate.into())),
    ];
    members.extend(bandit.map(|bandit| member("bandit", bandit.key().into())));
    members.extend(
        answered
            .metric
            .map(|metric| member("metric", metric.into())),
    );
    Ok(print(&Value::Object(members.into())))
}

/// What the choice of a flag without positions is drawn from, as JSON text: each action's
/// probability, in the order of the bandit, or of the names of what the request offers. `None` for
/// a decision that was kept.
pub(super) fn distribution(choice: &Choice<'_>) -> Option<String> {
    let first = rank(choice, Vec::new(), 1).pop()?;
    first.drawn_from.map(|from| print(&shares(&from)))
}

fn shares(from: &[Share]) -> Value {
    let shares = from.iter().map(|of| (of.action.clone(), share(of.parts)));
    Value::Object(shares.collect())
}

/// What an action shows: the variant of its name, or the one that stands for whatever the request
/// offers, with the action's name in place of a text.
fn shown(answered: &Answered<'_>, position: usize, action: &str) -> Vec<Member> {
    let stands_for = answered.evaluation.variant();
    if let Some((variant, _)) = stands_for.zip(answered.evaluation.details.offered) {
        let value = match &variant.value {
            Value::String(_) => action.into(),
            other => other.clone(),
        };
        let mut members = place(position, &variant.key, value);
        members.push(member("action", action.into()));
        return members;
    }
    let mut variants = answered.flag.variants.iter();
    let found = variants.find(|known| &*known.key == action);
    let value = found.map_or(Value::Null, |found| found.value.clone());
    place(position, action, value)
}

fn place(position: usize, variant: &str, value: Value) -> Vec<Member> {
    vec![
        member("position", whole(position as u64 + 1)),
        member("variant", variant.into()),
        member("value", value),
    ]
}

/// How many positions are asked for.
///
/// # Errors
/// Anything but a whole number from 1 to [`POSITIONS_MAX`].
pub(super) fn positions(asked: &Value) -> Result<usize, Fault> {
    match asked.member("positions") {
        Some(Value::Number(Number::Integer(n))) if (1..=POSITIONS_MAX as i64).contains(n) => {
            Ok(*n as usize)
        }
        _ => Err(Fault::new(
            400,
            ErrorCode::General,
            format!("/positions: write a whole number from 1 to {POSITIONS_MAX}"),
        )),
    }
}

/// The receipts of a list that is to be kept, from the top.
///
/// # Errors
/// Anything but at most [`POSITIONS_MAX`] texts.
fn receipts(asked: &Value) -> Result<Vec<&str>, Fault> {
    let texts = match asked.member("kept") {
        None => Some(Vec::new()),
        Some(Value::List(list)) if list.len() <= POSITIONS_MAX => {
            list.iter().map(Value::as_str).collect()
        }
        Some(_) => None,
    };
    texts.ok_or_else(|| {
        let detail = format!("/kept: write at most {POSITIONS_MAX} receipts");
        Fault::new(400, ErrorCode::General, detail)
    })
}

/// The decisions of receipts that are this subject's. What is not signed by us counts as not sent,
/// as with a cookie: a list must not fail because keys have changed.
fn kept(call: &Call<'_>, unit: &str, receipts: Vec<&str>) -> Vec<Decision> {
    let Some(keys) = call.isolate.keys.as_ref() else {
        return Vec::new();
    };
    let subject = keys.subject.hash(unit);
    let opened = receipts
        .into_iter()
        .filter_map(|token| Receipt::from_token(token, &keys.receipt).ok());
    let own = opened.filter(|receipt| *receipt.subject() == subject);
    own.map(|receipt| receipt.decision().clone()).collect()
}

fn member(name: &str, value: Value) -> Member {
    (name.into(), value)
}

fn whole(number: u64) -> Value {
    Value::Number(Number::Unsigned(number))
}

/// Parts as a probability.
fn share(parts: u32) -> Value {
    Value::Number(Number::Float(f64::from(parts) / f64::from(PARTS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::bandit::wire as bandit_wire;
    use bandera_shared::decision::decide;
    use bandera_shared::sticky::StickyDecisions;
    use bandera_shared::{EvaluationContext, UnixMillis};

    #[test]
    fn a_decision_is_one_of_its_distribution() {
        const PAIR: &str = r#"{"actions":["b","a \"one\"","c"],
            "reward":{"metric":"m","kind":"binary"}}"#;
        let bandit = bandit_wire::parse("hero", PAIR).unwrap();
        let (sticky, mut kept) = (StickyDecisions::default(), StickyDecisions::default());
        let context = EvaluationContext::new();
        let choice = |sticky| Choice {
            bandit: &bandit,
            snapshot: None,
            sticky,
            context: &context,
            unit: "visitor-1",
            draw: 7,
            at: UnixMillis(0),
        };
        let text = distribution(&choice(&sticky)).unwrap();
        assert_eq!(text, r#"{"b":0.333334,"a \"one\"":0.333333,"c":0.333333}"#);
        let decision = decide(&choice(&sticky)).unwrap();
        let said: Value = serde_json::from_str(&text).unwrap();
        let own = said.member(&decision.action).and_then(Value::as_f64);
        assert_eq!(own, Some(decision.propensity.as_f64()));
        // What is kept was drawn once, and from something else perhaps.
        kept.keep(decision);
        assert_eq!(distribution(&choice(&kept)), None);
    }

    fn asked(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn positions_have_a_limit_and_are_whole() {
        let check = |json: &str, expected: Option<usize>| {
            let found = positions(&asked(json));
            let detail = format!("{found:?}");
            assert_eq!(found.ok(), expected, "{json}");
            assert!(expected.is_some() || detail.contains("/positions: write a whole number"));
        };
        check(r#"{"positions":1}"#, Some(1));
        check(r#"{"positions":32}"#, Some(POSITIONS_MAX));
        for bad in ["0", "33", "-1", "1.5", "\"2\"", "null", "1e300"] {
            check(&format!(r#"{{"positions":{bad}}}"#), None);
        }
        check("{}", None);
        check("null", None);
    }

    #[test]
    fn kept_receipts_are_texts_and_have_a_limit() {
        let list = |n: usize| format!(r#"{{"kept":[{}]}}"#, vec!["\"x\""; n].join(","));
        assert_eq!(receipts(&asked("{}")), Ok(Vec::new()));
        let n = |n| receipts(&asked(&list(n))).map(|list| list.len());
        assert_eq!(n(POSITIONS_MAX), Ok(POSITIONS_MAX));
        assert!(n(POSITIONS_MAX + 1).is_err());
        for bad in [r#"{"kept":"x"}"#, r#"{"kept":[1]}"#, r#"{"kept":null}"#] {
            let found = receipts(&asked(bad)).unwrap_err();
            assert!(format!("{found:?}").contains("/kept: write at most 32 receipts"));
        }
    }
}
