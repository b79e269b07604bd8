//! Where what was decided in one period adds up.
//!
//! Beside the sums of an action, those of one of its periods stand under a name of their own, in
//! the same lists, tables and messages: the action, a separator that no action contains, and the
//! period in sixteen digits, so that an action's periods follow each other in order.

use super::state::ShardState;
use crate::bandit::PERIODS_KEPT;

const SEPARATOR: char = '\u{1F}';

/// The name of an action's sums in a period.
#[must_use]
pub fn slot(action: &str, period: i64) -> Box<str> {
    format!("{action}{SEPARATOR}{:016x}", period.max(0)).into()
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
    }
}
