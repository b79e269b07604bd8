//! Where what was decided in one period adds up.
//!
//! Beside the sums of an action, those of one of its periods stand under a name of their own, in
//! the same lists, tables and messages: the action, a separator that no action contains, and the
//! period in sixteen digits, so that an action's periods follow each other in order.

use super::apply::{Change, Memory};
use super::state::ShardState;
use crate::bandit::{Bandit, Forgetting, PERIODS, PERIODS_KEPT};
use crate::time::UnixMillis;

const SEPARATOR: char = '\u{1F}';

/// The name of an action's sums in a period.
#[must_use]
pub fn slot(action: &str, period: i64) -> Box<str> {
    format!("{action}{SEPARATOR}{:016x}", period.max(0)).into()
}

/// The period of a name, whatever its action; `None` for an action's own.
fn period_of(name: &str) -> Option<i64> {
    let (_, digits) = name.rsplit_once(SEPARATOR)?;
    i64::from_str_radix(digits, 16).ok()
}

/// The period of a name, where it is that of a period of the action.
#[must_use]
pub fn period_in(name: &str, action: &str) -> Option<i64> {
    let digits = name.strip_prefix(action)?.strip_prefix(SEPARATOR)?;
    i64::from_str_radix(digits, 16).ok()
}

impl ShardState {
    /// Drops the oldest period of an action beyond [`PERIODS_KEPT`]. Which ones stay depends on
    /// those that were heard of and not on their order, since what is dropped is older than all
    /// that ever stay.
    ///
    /// # Returns
    /// The name of the block that was dropped with it.
    pub(super) fn drop_oldest(&mut self, action: &str) -> Option<Box<str>> {
        let names = self.arms.keys();
        let mut periods = names.filter(|name| period_in(name, action).is_some());
        let oldest = periods.next()?.clone();
        if periods.count() < PERIODS_KEPT {
            return None;
        }
        self.arms.remove(&oldest);
        self.blocks.remove(&oldest).map(|_| oldest)
    }

    /// Drops the periods of every action that are too old to count; of what just became so, one is
    /// kept for a clock that goes back a little. What comes later for one that is gone begins it
    /// anew and is dropped in the same commit.
    ///
    /// # Returns
    /// The names of the blocks that were dropped with them.
    fn drop_forgotten(&mut self, forgetting: Forgetting, now: UnixMillis) -> Vec<Box<str>> {
        let present = forgetting.period_of(now);
        let is_old = |period| present.saturating_sub(period) > PERIODS;
        let names = self.arms.keys();
        let old = names.filter(|name| period_of(name).is_some_and(is_old));
        let mut old: Vec<Box<str>> = old.cloned().collect();
        for name in &old {
            self.arms.remove(name);
        }
        old.retain(|name| self.blocks.remove(name).is_some());
        old
    }
}

impl Change {
    /// The same without what counts no more of the bandits that it changes, also of actions that
    /// nobody hears of any more: else each that was ever offered would stay with 17 periods.
    #[must_use]
    pub fn without_forgotten(mut self, memory: &Memory, now: UnixMillis) -> Self {
        let learners: Vec<_> = self.learners.keys().cloned().collect();
        for learner in learners {
            let known = self.bandits.get(&learner.0);
            let known = known.or_else(|| memory.bandits.get(&learner.0));
            let bandit = known.map(|(_, bandit)| bandit);
            let bandit = bandit.filter(|bandit| bandit.definition() == learner.1);
            let Some(forgetting) = bandit.and_then(Bandit::forgetting) else {
                continue;
            };
            let state = self.learners.or_default(learner.clone());
            for name in state.drop_forgotten(forgetting, now) {
                let dropped = (learner.clone(), name);
                if !self.learned.contains(&dropped) {
                    self.learned.push(dropped);
                }
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_action_and_period_apart() {
        let check = |name: &str, action: &str, expected| {
            assert_eq!(period_in(name, action), expected, "{name:?} {action}");
        };
        check(&slot("a", 17), "a", Some(17));
        check(&slot("a", i64::MAX), "a", Some(i64::MAX));
        check(&slot("a", -4), "a", Some(0));
        check(&slot("ab", 17), "a", None);
        check("a", "a", None);
        assert!(slot("a", 9) < slot("a", 10) && slot("a", 255) < slot("a", 256));
        assert_eq!(
            (period_of(&slot("a", 255)), period_of("a")),
            (Some(255), None)
        );
    }
}
