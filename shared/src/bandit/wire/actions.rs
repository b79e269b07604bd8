//! Checks of keys, and of the actions of a bandit.

use super::{ACTIONS_MAX, BanditFault, FeatureSpec, KEY_BYTES_MAX, fault};

/// Whether text may be a key: it becomes part of KV keys and receipts, so it is short, and free of
/// control characters.
pub(crate) fn is_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= KEY_BYTES_MAX && !text.chars().any(char::is_control)
}

pub(super) fn check_key(pointer: &str, key: &str) -> Result<(), BanditFault> {
    if is_key(key) {
        return Ok(());
    }
    let message = format!("a key has 1 to {KEY_BYTES_MAX} bytes, none of them control");
    Err(fault(pointer, message))
}

/// Declared actions have no attributes, and those that requests offer are not declared.
pub(super) fn check_actions(
    actions: &[String],
    features: Option<&FeatureSpec>,
) -> Result<(), BanditFault> {
    let takes_offers = features.is_some_and(FeatureSpec::looks_at_actions);
    if takes_offers && !actions.is_empty() {
        let message = "a feature looks at actions, whose attributes come with each request: leave \
                       \"actions\" out, and offer them there";
        return Err(fault("/actions", message));
    }
    if !takes_offers && (actions.is_empty() || actions.len() > ACTIONS_MAX) {
        let message = format!(
            "there are 1 to {ACTIONS_MAX} actions; without any, each request offers its own, and a \
             feature looks at them: {{\"of\": \"action\", \"path\": \"price\"}}"
        );
        return Err(fault("/actions", message));
    }
    for (i, action) in actions.iter().enumerate() {
        let pointer = format!("/actions/{i}");
        check_key(&pointer, action)?;
        if actions.iter().take(i).any(|earlier| earlier == action) {
            return Err(fault(pointer, "the action is listed twice"));
        }
    }
    Ok(())
}
