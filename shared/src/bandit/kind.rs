//! Names of policies, as rulesets declare them.

use serde::{Deserialize, Serialize};

/// How a policy learns: by the name that declarations, the API and reports know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyKind {
    /// Each action with its probability of being best.
    Thompson,
    /// A linear model of each action's reward by what is known of the request.
    Contextual,
    /// Each action with its probability of being best, where rewards are normal.
    ThompsonNormal,
    /// The greatest upper bound by Hoeffding's inequality.
    Ucb1,
    /// The greatest mean within a divergence.
    KlUcb,
    /// The same, exploring less where much is known.
    KlUcbPlus,
    /// The same, done with exploring once an action has had its even share.
    KlMoss,
    /// The least minimum empirical divergence.
    Imed,
    /// The best, and now and then any.
    EpsilonGreedy,
    /// The best so far.
    Greedy,
    /// The likely best, half of the time the runner-up.
    TopTwo,
}

/// Every kind, each in the place that stands for it in compact forms: only ever added to.
pub const POLICY_KINDS: [PolicyKind; 11] = [
    PolicyKind::Thompson,
    PolicyKind::Contextual,
    PolicyKind::ThompsonNormal,
    PolicyKind::Ucb1,
    PolicyKind::KlUcb,
    PolicyKind::KlUcbPlus,
    PolicyKind::KlMoss,
    PolicyKind::Imed,
    PolicyKind::EpsilonGreedy,
    PolicyKind::Greedy,
    PolicyKind::TopTwo,
];

impl PolicyKind {
    /// Its name in declarations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Thompson => "thompson",
            Self::Contextual => "contextual",
            Self::ThompsonNormal => "thompsonNormal",
            Self::Ucb1 => "ucb1",
            Self::KlUcb => "klUcb",
            Self::KlUcbPlus => "klUcbPlus",
            Self::KlMoss => "klMoss",
            Self::Imed => "imed",
            Self::EpsilonGreedy => "epsilonGreedy",
            Self::Greedy => "greedy",
            Self::TopTwo => "topTwo",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_declarations() {
        for kind in POLICY_KINDS {
            let written = serde_json::to_value(kind).unwrap();
            assert_eq!(written, kind.name());
        }
    }
}
