//! What a coordinator has learned of contexts, on its way to people.

use super::{InvalidMessage, print};
use crate::policy::linear::{Learned, LearnedAction, RIDGE};
use crate::wire::tree;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct LearnedWire {
    noise: f64,
    actions: Vec<ActionWire>,
}

/// An action, its coefficients, its rows of `sum x x'`, the pseudo-decisions among them, and what
/// was added to their diagonal, which a former release does not say.
#[derive(Serialize, Deserialize)]
struct ActionWire(
    String,
    Vec<f64>,
    Vec<f64>,
    f64,
    #[serde(default)] Option<f64>,
);

/// Writes what was learned.
#[must_use]
pub fn print_learned(learned: &Learned) -> String {
    let actions = learned.actions.iter().map(|one| {
        let LearnedAction {
            action,
            coefficients,
            products,
            ridge,
            warm,
        } = one;
        let (coefficients, products) = (coefficients.clone(), products.clone());
        ActionWire(
            action.to_string(),
            coefficients,
            products,
            *warm,
            Some(*ridge),
        )
    });
    print(&LearnedWire {
        noise: learned.noise,
        actions: actions.collect(),
    })
}

/// Reads what was learned.
///
/// # Errors
/// `InvalidMessage`, for any text that [`print_learned`] did not write.
pub fn parse_learned(json: &str) -> Result<Learned, InvalidMessage> {
    let wire: LearnedWire = tree::from_str(json)?;
    let actions = wire.actions.into_iter().map(|one| LearnedAction {
        action: one.0.into(),
        coefficients: one.1,
        products: one.2,
        ridge: one.4.unwrap_or(RIDGE),
        warm: one.3,
    });
    Ok(Learned {
        noise: wire.noise,
        actions: actions.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let learned = Learned {
            noise: 0.1 + 0.2,
            actions: vec![LearnedAction {
                action: "a".into(),
                coefficients: vec![1.0 / 3.0, -0.0],
                products: vec![f64::from(u32::MAX), 1e-300, 7.0],
                ridge: 100.0,
                warm: 12.5,
            }],
        };
        assert_eq!(parse_learned(&print_learned(&learned)), Ok(learned));
        let former = r#"{"noise": 1, "actions": [["a", [1], [2], 0]]}"#;
        let ridge = parse_learned(former).unwrap().actions[0].ridge;
        assert_eq!(ridge.to_bits(), RIDGE.to_bits());
        for text in ["", "{}", r#"{"noise": 1, "actions": [["a", [1], [2]]]}"#] {
            assert!(parse_learned(text).is_err(), "{text}");
        }
    }
}
