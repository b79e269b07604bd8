//! Whose turn it is to commit what waits: one task's at a time, and never nobody's for long.
//!
//! Many callers share a commit that a single task makes. If that task ends early, or is never
//! woken, the callers of later must not wait for it: a turn ends when it is dropped, and one that
//! takes too long counts no more.

use std::cell::Cell;
use std::rc::Rc;

/// How long a task may take to its commit before another one may begin: a timer of no time, with
/// room for a busy isolate, well below the time that a caller waits.
const TURN_MS_MAX: i64 = 1_000;

/// Where turns are taken.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// When the present turn began, in Unix milliseconds.
    since_ms: Rc<Cell<Option<i64>>>,
}

/// The right, and the duty, to commit.
#[derive(Debug)]
#[must_use = "a turn that is dropped has ended"]
pub(super) struct Turn {
    since_ms: Rc<Cell<Option<i64>>>,
    mine_ms: i64,
}

impl Turns {
    /// A turn, unless another task has one that it will still use.
    pub(super) fn take(&self, now_ms: i64) -> Option<Turn> {
        let is_taken = |since_ms: i64| now_ms - since_ms <= TURN_MS_MAX;
        if self.since_ms.get().is_some_and(is_taken) {
            return None;
        }
        self.since_ms.set(Some(now_ms));
        Some(Turn {
            since_ms: Rc::clone(&self.since_ms),
            mine_ms: now_ms,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // One that came too late must not end the turn of its successor.
        if self.since_ms.get() == Some(self.mine_ms) {
            self.since_ms.set(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_at_a_time() {
        let turns = Turns::default();
        let turn = turns.take(5);
        assert!(turn.is_some() && turns.take(5).is_none());
        drop(turn);
        assert!(turns.take(5).is_some());
    }

    #[test]
    fn a_task_that_dies_leaves_nobody_waiting() {
        let turns = Turns::default();
        let abandoned = async {
            let _turn = turns.take(0);
            std::future::pending::<()>().await;
        };
        let mut abandoned = Box::pin(abandoned);
        let waker = std::task::Waker::noop();
        let polled = abandoned
            .as_mut()
            .poll(&mut std::task::Context::from_waker(waker));
        assert!(polled.is_pending() && turns.take(0).is_none());
        drop(abandoned);
        assert!(turns.take(0).is_some());
    }

    #[test]
    fn a_task_that_is_never_woken_loses_its_turn() {
        let turns = Turns::default();
        let late = turns.take(0);
        assert!(turns.take(TURN_MS_MAX).is_none());
        let next = turns.take(TURN_MS_MAX + 1);
        assert!(next.is_some());
        drop(late);
        assert!(
            turns.take(TURN_MS_MAX + 1).is_none(),
            "the next one goes on"
        );
    }

    #[test]
    fn a_clock_that_goes_back_ends_no_turn_twice() {
        let turns = Turns::default();
        let turn = turns.take(100);
        assert!(turns.take(50).is_none());
        drop(turn);
        assert!(turns.take(50).is_some());
    }
}
