//! What another policy's lists would have earned, by a log of one policy's lists.

use crate::interval::{Confidence, Interval};
use crate::off_policy::{Estimator, InvalidLog, LoggedDecision, OffPolicy, Overlap, PolicyValue};

/// Parts of a log; each is judged by a model that was fitted to the others.
const N_FOLDS: usize = 5;

/// An action in its position, and what the other policy would have done there.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedPosition {
    /// The index of the action.
    pub action: usize,
    /// The probability with which it came here, given what stands above it; in (0, 1].
    pub propensity: f64,
    /// (`n_actions`,), the other policy's probabilities of all actions, given what stands above.
    pub target: Vec<f64>,
}

impl LoggedPosition {
    fn target_propensity(&self) -> f64 {
        self.target.get(self.action).copied().unwrap_or_default()
    }
}

/// A list that was shown.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedList {
    /// From the top.
    pub positions: Vec<LoggedPosition>,
    /// How many positions were seen: down to the choice, or all of them. At least one.
    pub n_seen: usize,
    /// What the last position that was seen brought; 0 where nothing was chosen.
    pub reward: f64,
}

/// How the value of the other policy's lists is estimated.
///
/// With `w_k` the other policy's propensity of position `k`'s action by that in the log, both given
/// what stands above, `s` the last position seen, and `r` what it brought:
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListEstimator {
    /// Mean of `w_1 ... w_K r`: needs nothing but whole lists' propensities, and is wild.
    Ips,
    /// Mean of `w_1 ... w_s r`: what stands below the choice was not seen, so it has no part in it.
    /// Unbiased where readers start at the top.
    RewardInteraction,
    /// The same divided by the mean of `w_1 ... w_s`, which is 1 on average.
    SelfNormalisedRewardInteraction,
    /// Mean of `w_1 ... w_s r + sum_{k <= s} w_1 ... w_{k-1} (v_k - w_k q_k)`: `q_k` is what a
    /// model expects of who sees the action in position `k`, there and further down, and `v_k` the
    /// mean of that over the other policy. Unbiased whatever the model, and tame where it is good.
    CascadeDoublyRobust,
}

impl ListEstimator {
    fn of_decisions(self) -> Estimator {
        match self {
            Self::Ips | Self::RewardInteraction => Estimator::Ips,
            Self::SelfNormalisedRewardInteraction => Estimator::Snips,
            Self::CascadeDoublyRobust => Estimator::DoublyRobust,
        }
    }
}

/// Why a log of lists cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidList {
    /// There is no list.
    Empty,
    /// This list has no position, more seen than shown, an unknown action, probabilities that are
    /// none, or a reward that is not finite.
    List(usize),
}

impl std::fmt::Display for InvalidList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("a log has at least one list"),
            Self::List(index) => write!(
                f,
                "list {index} has no position, more seen than shown, an unknown action, or numbers \
                 that are no probabilities"
            ),
        }
    }
}

impl std::error::Error for InvalidList {}

/// What is expected of an action in a position, of who sees it there and reads on.
#[derive(Debug, Clone, PartialEq)]
pub struct ListModel {
    /// By position, then by action.
    expected: Vec<Vec<f64>>,
}

impl ListModel {
    /// The model of these expectations.
    ///
    /// # Arguments
    /// `expected`: (`n_positions`, `n_actions`); what is missing counts as 0.
    #[must_use]
    pub fn new(expected: Vec<Vec<f64>>) -> Self {
        Self { expected }
    }

    /// The model of a log: means by position and action, from the last position to the first.
    ///
    /// # Formula
    /// `q_k(a)` is the mean, over lists whose position `k` was seen and held `a`, of the reward
    /// where it was the last one seen, and else of `v_{k+1}`; drawn towards the position's mean as
    /// by one list more.
    /// # Arguments
    /// `lists`: of `n_actions` actions.
    #[must_use]
    pub fn fit(lists: &[&LoggedList], n_actions: usize) -> Self {
        let n_positions = lists.iter().map(|list| list.positions.len()).max();
        let mut model = Self::new(vec![Vec::new(); n_positions.unwrap_or_default()]);
        for k in (0..model.expected.len()).rev() {
            let mut sums = vec![(0.0, 0.0); n_actions];
            for list in lists.iter().filter(|list| k < list.n_seen) {
                let brought = match list.positions.get(k + 1) {
                    Some(next) if k + 1 < list.n_seen => model.of_target(k + 1, next),
                    _ => list.reward,
                };
                let action = list.positions.get(k).map(|position| position.action);
                if let Some((n, sum)) = action.and_then(|action| sums.get_mut(action)) {
                    *n += 1.0;
                    *sum += brought;
                }
            }
            let n: f64 = sums.iter().map(|(n, _)| n).sum();
            let mean = sums.iter().map(|(_, sum)| sum).sum::<f64>() / f64::max(n, 1.0);
            let means = sums.iter().map(|(n, sum)| (sum + mean) / (n + 1.0));
            if let Some(expected) = model.expected.get_mut(k) {
                *expected = means.collect();
            }
        }
        model
    }

    /// What is expected of an action in a position that is seen.
    #[must_use]
    pub fn of(&self, position: usize, action: usize) -> f64 {
        let expected = self.expected.get(position).and_then(|of| of.get(action));
        expected.copied().unwrap_or_default()
    }

    fn of_target(&self, k: usize, position: &LoggedPosition) -> f64 {
        let actions = position.target.iter().enumerate();
        actions.map(|(action, p)| p * self.of(k, action)).sum()
    }
}

impl LoggedList {
    fn is_sound(&self, n_actions: usize) -> bool {
        (1..=self.positions.len()).contains(&self.n_seen)
            && self.reward.is_finite()
            && self.positions.iter().all(|position| {
                position.action < n_actions
                    && position.target.len() == n_actions
                    && position.propensity > 0.0
                    && position.propensity <= 1.0
                    && position.target.iter().all(|p| (0.0..=1.0).contains(p))
            })
    }

    /// The list as one decision: its propensities are those of the first `n_positions` together.
    fn decision(&self, n_positions: usize) -> LoggedDecision {
        let mut decision = LoggedDecision {
            reward: self.reward,
            propensity: 1.0,
            target_propensity: 1.0,
            expected: 0.0,
            target_expected: 0.0,
        };
        for position in self.positions.iter().take(n_positions) {
            decision.propensity *= position.propensity;
            decision.target_propensity *= position.target_propensity();
        }
        decision
    }

    /// The part that was seen, with `sum_{k <= s} w_1 ... w_{k-1} (v_k - w_k q_k)` for what a model
    /// expects of the other policy.
    fn corrected(&self, model: &ListModel) -> LoggedDecision {
        let (mut importance, mut correction) = (1.0, 0.0);
        for (k, position) in self.positions.iter().enumerate().take(self.n_seen) {
            correction += importance * model.of_target(k, position);
            importance *= position.target_propensity() / position.propensity;
            correction -= importance * model.of(k, position.action);
        }
        LoggedDecision {
            target_expected: correction,
            ..self.decision(self.n_seen)
        }
    }
}

/// A checked log of lists.
#[derive(Debug, Clone)]
pub struct ListLog {
    whole: Vec<LoggedDecision>,
    seen: Vec<LoggedDecision>,
}

impl ListLog {
    /// Checks a log, and fits to four fifths of it at a time the model that judges the fifth.
    ///
    /// # Errors
    /// `Empty`, or the first `List` that is none.
    pub fn new(lists: &[LoggedList], n_actions: usize) -> Result<Self, InvalidList> {
        let models: Vec<ListModel> = (0..N_FOLDS)
            .map(|fold| {
                let others = lists.iter().enumerate();
                let others = others.filter(|(i, _)| i % N_FOLDS != fold);
                let others: Vec<&LoggedList> = others.map(|(_, list)| list).collect();
                ListModel::fit(&others, n_actions)
            })
            .collect();
        Self::with(lists, n_actions, |i| models.get(i % N_FOLDS))
    }

    /// The same with a model that no list of the log has taught.
    ///
    /// # Errors
    /// `Empty`, or the first `List` that is none.
    pub fn with_model(
        lists: &[LoggedList],
        n_actions: usize,
        model: &ListModel,
    ) -> Result<Self, InvalidList> {
        Self::with(lists, n_actions, |_| Some(model))
    }

    fn with<'m>(
        lists: &[LoggedList],
        n_actions: usize,
        model: impl Fn(usize) -> Option<&'m ListModel>,
    ) -> Result<Self, InvalidList> {
        if lists.is_empty() {
            return Err(InvalidList::Empty);
        }
        if let Some(index) = lists.iter().position(|list| !list.is_sound(n_actions)) {
            return Err(InvalidList::List(index));
        }
        let seen = |(i, list): (usize, &LoggedList)| match model(i) {
            Some(model) => list.corrected(model),
            None => list.decision(list.n_seen),
        };
        Ok(Self {
            whole: lists.iter().map(|list| list.decision(usize::MAX)).collect(),
            seen: lists.iter().enumerate().map(seen).collect(),
        })
    }

    /// What a list of the other policy brings, and how sure that is.
    ///
    /// # Formula
    /// See [`ListEstimator`]; the interval is that of [`OffPolicy::evaluate`].
    /// # Errors
    /// `InvalidLog` where products of propensities are no propensities any more.
    /// # Source
    /// `McInerney` et al. 2020 (reward interaction); Kiyohara et al. 2022 (cascade doubly robust);
    /// Horvitz and Thompson 1952.
    pub fn evaluate(
        &self,
        estimator: ListEstimator,
        confidence: Confidence,
    ) -> Result<PolicyValue, InvalidLog> {
        let log = OffPolicy::new(self.decisions(estimator))?;
        log.evaluate(estimator.of_decisions(), confidence)
    }

    /// How much more a list of the other policy would bring than one of the log did.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn gain(
        &self,
        estimator: ListEstimator,
        confidence: Confidence,
    ) -> Result<PolicyValue, InvalidLog> {
        let log = OffPolicy::new(self.decisions(estimator))?;
        log.gain(estimator.of_decisions(), confidence)
    }

    /// The bootstrap's percentile interval, over lists; see [`OffPolicy::bootstrap`].
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn bootstrap(
        &self,
        estimator: ListEstimator,
        resampling: (usize, u64),
        confidence: Confidence,
    ) -> Result<Option<Interval>, InvalidLog> {
        let log = OffPolicy::new(self.decisions(estimator))?;
        log.bootstrap(estimator.of_decisions(), resampling, confidence)
    }

    /// Where the lists, as far as they were seen, can speak for the other policy.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn overlap(&self) -> Result<Overlap, InvalidLog> {
        Ok(OffPolicy::new(&self.seen)?.overlap())
    }

    fn decisions(&self, estimator: ListEstimator) -> &[LoggedDecision] {
        match estimator {
            ListEstimator::Ips => &self.whole,
            _ => &self.seen,
        }
    }
}

#[cfg(test)]
mod tests;
