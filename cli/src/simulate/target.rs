//! What is simulated: a flag served by a bandit, and the splits beside it, as published.

use crate::fault::Fault;
use bandera_shared::bandit::Bandit;
use bandera_shared::flag::{Flag, Serve};
use bandera_shared::{Ruleset, compile};

/// The flag whose rewards are simulated.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) flag: String,
    pub(super) bandit: Bandit,
    pub(super) splits: Vec<DeclaredSplit>,
}

/// A split, and the share of subjects each variant should have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DeclaredSplit {
    pub(super) flag: String,
    /// Variants and their numbers of buckets.
    pub(super) shares: Vec<(String, u64)>,
}

impl Target {
    /// Finds the flag in the ruleset that browsers may read.
    pub(super) fn find(bytes: &[u8], wanted: Option<&str>, place: &str) -> Result<Self, Fault> {
        let ruleset = compile(bytes)
            .map_err(|error| Fault::unreachable(place, error))?
            .ruleset;
        let learned: Vec<(&Flag, &Bandit)> = ruleset
            .flags()
            .filter_map(|flag| Some((flag, bandit_of(flag, &ruleset)?)))
            .collect();
        let keys: Vec<&str> = learned.iter().map(|(flag, _)| &*flag.key).collect();
        let chosen = match wanted {
            Some(key) => learned.iter().find(|(flag, _)| &*flag.key == key),
            None if learned.len() > 1 => {
                return Err(
                    Fault::usage("--flag", "several flags are served by bandits")
                        .fix(format!("choose one of {}", keys.join(", "))),
                );
            }
            None => learned.first(),
        };
        let Some((flag, bandit)) = chosen else {
            return Err(
                Fault::usage("--flag", "no such flag is served by a bandit").fix(format!(
                    "client-visible flags with a bandit: {}",
                    if keys.is_empty() {
                        "none".to_owned()
                    } else {
                        keys.join(", ")
                    }
                )),
            );
        };
        Ok(Self {
            flag: flag.key.to_string(),
            bandit: (*bandit).clone(),
            splits: ruleset.flags().filter_map(declared_split).collect(),
        })
    }
}

fn bandit_of<'r>(flag: &Flag, ruleset: &'r Ruleset) -> Option<&'r Bandit> {
    flag.rules.iter().find_map(|rule| match &rule.serve {
        Serve::Bandit { bandit, .. } => ruleset.bandits().get(*bandit),
        _ => None,
    })
}

/// The flag's split, where it is the only rule by chance: reason `SPLIT` then means this split.
fn declared_split(flag: &Flag) -> Option<DeclaredSplit> {
    let mut by_chance = flag
        .rules
        .iter()
        .filter(|rule| !rule.gates.is_empty() || rule.is_experimental());
    let (Some(rule), None) = (by_chance.next(), by_chance.next()) else {
        return None;
    };
    let Serve::Split { ranges, .. } = &rule.serve else {
        return None;
    };
    let share = |index: usize| {
        let own = ranges.iter().filter(|owned| owned.owner == index);
        own.map(|owned| owned.range.to() - owned.range.from()).sum()
    };
    let shares: Vec<(String, u64)> = flag
        .variants
        .iter()
        .enumerate()
        .map(|(index, variant)| (variant.key.to_string(), share(index)))
        .filter(|(_, share)| *share > 0)
        .collect();
    (shares.len() > 1).then(|| DeclaredSplit {
        flag: flag.key.to_string(),
        shares,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULESET: &[u8] = br#"{"schemaVersion":1,
        "bandits":{"hero":{"actions":["a","b"],"reward":{"metric":"buy","kind":"binary"}}},
        "flags":{
          "learned":{"type":"boolean","status":"ab_test","variants":{"a":{"value":true},
            "b":{"value":false}},"experiment":{"bandit":"hero"}},
          "split":{"type":"boolean","status":"ab_test","variants":{"a":{"value":true},
            "b":{"value":false}},"experiment":{"control":"a","weights":{"a":3,"b":1}}},
          "rolled":{"type":"boolean","status":"gradual_rollout","variants":{"a":{"value":true},
            "b":{"value":false}},"offVariant":"b","rollout":{"variant":"a","percentage":10}}}}"#;

    #[test]
    fn finds_the_learned_flag_and_the_splits() {
        let target = Target::find(RULESET, None, "here").unwrap();
        assert_eq!((&*target.flag, target.bandit.key()), ("learned", "hero"));
        let shares = vec![("a".to_owned(), 750_000), ("b".to_owned(), 250_000)];
        let flag = "split".to_owned();
        assert_eq!(target.splits, [DeclaredSplit { flag, shares }]);
        assert!(Target::find(RULESET, Some("split"), "here").is_err());
    }
}
