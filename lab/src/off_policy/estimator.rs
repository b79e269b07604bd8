//! The estimators, each a mean and a ratio of sums over decisions.

use super::LoggedDecision;

/// How the value of the other policy is estimated. With `t` the other policy's propensity of what
/// was done, `w` that by the propensity used, `r` the reward, `q` what is expected of the action
/// and `v` of the other policy:
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimator {
    /// `sum t r / sum t`: decisions that agree, as if the log had been written by coins that are
    /// all alike. Biased where they were not.
    Replay,
    /// Mean of `w r`: unbiased, and wild where `w` is large.
    Ips,
    /// Mean of `min(w, bound) r`: less wild, biased downwards where rewards are positive.
    ClippedIps {
        /// Greatest importance weight, > 0.
        bound: f64,
    },
    /// `sum w r / sum w`: nearly unbiased, never outside the rewards.
    Snips,
    /// Mean of `v`: as good as the model.
    Direct,
    /// Mean of `v + w (r - q)`: unbiased, and tame where the model is good.
    DoublyRobust,
    /// `mean(v) + sum w (r - q) / sum w`.
    SelfNormalisedDoublyRobust,
    /// Doubly robust where `w <= bound`, and the model elsewhere.
    SwitchDoublyRobust {
        /// Greatest importance weight that is believed, > 0.
        bound: f64,
    },
    /// Doubly robust with weights `bound w / (w^2 + bound)`.
    ShrunkDoublyRobust {
        /// How little weights are shrunk, > 0.
        bound: f64,
    },
}

impl Estimator {
    /// The bound of importance weights; `None` for estimators without one.
    #[must_use]
    pub fn bound(self) -> Option<f64> {
        match self {
            Self::ClippedIps { bound }
            | Self::SwitchDoublyRobust { bound }
            | Self::ShrunkDoublyRobust { bound } => Some(bound),
            _ => None,
        }
    }

    /// How far apart two terms can lie, where every importance weight is at most `weight_max` and
    /// rewards and expectations lie in an interval of this width.
    ///
    /// # Returns
    /// In the unit of rewards; `None` for ratios, whose terms depend on each other.
    #[must_use]
    pub fn term_range(self, weight_max: f64, reward_range: f64) -> Option<f64> {
        let at_most = |weight: f64| reward_range * 2.0f64.mul_add(weight, 1.0);
        match self {
            Self::Ips => Some(reward_range * weight_max),
            Self::ClippedIps { bound } => Some(reward_range * weight_max.min(bound)),
            Self::Direct => Some(reward_range),
            Self::DoublyRobust => Some(at_most(weight_max)),
            Self::SwitchDoublyRobust { bound } => Some(at_most(weight_max.min(bound))),
            // `bound w / (w^2 + bound)` is greatest at `w = sqrt(bound)`.
            Self::ShrunkDoublyRobust { bound } => Some(at_most(weight_max.min(bound.sqrt() / 2.0))),
            Self::Replay | Self::Snips | Self::SelfNormalisedDoublyRobust => None,
        }
    }

    /// What a decision adds.
    pub(super) fn parts(self, decision: &LoggedDecision) -> Parts {
        let w = decision.importance_weight();
        let (r, q, v) = (decision.reward, decision.expected, decision.target_expected);
        let t = decision.target_propensity;
        let parts = |plain, part, whole| Parts { plain, part, whole };
        match self {
            Self::Replay => parts(0.0, t * r, t),
            Self::Ips => parts(0.0, w * r, 1.0),
            Self::ClippedIps { bound } => parts(0.0, w.min(bound) * r, 1.0),
            Self::Snips => parts(0.0, w * r, w),
            Self::Direct => parts(v, 0.0, 1.0),
            Self::SelfNormalisedDoublyRobust => parts(v, w * (r - q), w),
            Self::SwitchDoublyRobust { bound } if w > bound => parts(v, 0.0, 1.0),
            Self::DoublyRobust | Self::SwitchDoublyRobust { .. } => parts(v, w * (r - q), 1.0),
            Self::ShrunkDoublyRobust { bound } => {
                parts(v, bound * w / (w * w + bound) * (r - q), 1.0)
            }
        }
    }
}

/// Sums over decisions; an estimate is `plain / n + part / whole`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts {
    plain: f64,
    part: f64,
    whole: f64,
}

impl Parts {
    pub(super) fn add(self, other: Self) -> Self {
        Self {
            plain: self.plain + other.plain,
            part: self.part + other.part,
            whole: self.whole + other.whole,
        }
    }

    /// The estimate that sums of `n` decisions come to.
    pub(super) fn value(self, n: f64) -> f64 {
        self.plain / n + self.ratio()
    }

    /// Weights that are all zero leave nothing to divide by.
    fn ratio(self) -> f64 {
        if self.whole > 0.0 {
            self.part / self.whole
        } else {
            0.0
        }
    }

    /// A decision's term: their mean is the estimate, and their spread the estimate's, to first
    /// order.
    pub(super) fn term(self, sums: Self, n: f64) -> f64 {
        let ratio = sums.ratio();
        let mean_whole = sums.whole / n;
        let rest = if mean_whole > 0.0 {
            (self.part - ratio * self.whole) / mean_whole
        } else {
            0.0
        };
        self.plain + ratio + rest
    }
}
