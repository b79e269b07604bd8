//! Engines behind one interface, and the check that they answer alike.

pub mod bandera;
pub mod eppo;
pub mod launchdarkly;
pub mod posthog;
pub mod yggdrasil;

use crate::workload::N_CONTEXTS;
use std::collections::BTreeMap;

/// An engine with the workload's flags loaded and its contexts made in its own form.
pub trait Engine {
    /// Its name and version.
    fn name(&self) -> &'static str;
    /// The answer as text: `on`, `off`, `first`, `second`, `third`.
    fn answer(&self, flag: usize, context: usize) -> String;
    /// Evaluates a flag, by its key.
    fn one(&self, flag: usize, context: usize);
    /// Evaluates all flags.
    fn all(&self, context: usize);
    /// The ruleset in its own format.
    fn bytes(&self) -> &[u8];
    /// How many flags are loaded.
    fn n_flags(&self) -> usize;
}

/// How far a share of several thousand draws may lie from what it should be: five standard
/// deviations of the smallest sample, 1,280 draws of one half.
const TOLERANCE: f64 = 0.07;

/// Panics unless the engine gives each kind of flag the shares of answers that it should.
pub fn check_shares(engine: &dyn Engine) {
    let mut seen: BTreeMap<(&str, String), f64> = BTreeMap::new();
    let mut totals: BTreeMap<&str, f64> = BTreeMap::new();
    for flag in 0..engine.n_flags() {
        let kind = match (flag % 2, flag % 10) {
            (0, _) => "rollout",
            (_, 9) => "disabled",
            _ => "rules",
        };
        for context in 0..N_CONTEXTS as usize {
            *seen
                .entry((kind, engine.answer(flag, context)))
                .or_default() += 1.0;
            *totals.entry(kind).or_default() += 1.0;
        }
    }
    let expected = BTreeMap::from([
        (("rollout", "on"), 0.5),
        (("rollout", "off"), 0.5),
        (("disabled", "off"), 1.0),
        (("rules", "first"), 0.2),
        (("rules", "second"), 0.3),
        (("rules", "third"), 0.5),
    ]);
    let keys = |(kind, answer): &(&'static str, String)| (*kind, answer.clone());
    let answered: Vec<_> = seen.keys().map(keys).collect();
    let name = engine.name();
    assert_eq!(
        answered.len(),
        expected.len(),
        "{name} answers {answered:?}"
    );
    for ((kind, answer), share) in expected {
        let count = seen
            .get(&(kind, answer.to_owned()))
            .copied()
            .unwrap_or_default();
        let found = count / totals.get(kind).copied().unwrap_or(f64::NAN);
        let is_near = (found - share).abs() <= TOLERANCE;
        assert!(
            is_near,
            "{name} serves {answer} to {found} of {kind} and not to {share}"
        );
    }
}
