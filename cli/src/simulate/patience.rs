//! Waiting between attempts, a little longer each time, and not for ever.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// How long something may go on failing.
#[derive(Debug)]
pub(super) struct Patience {
    ends_at: Instant,
    next: Duration,
}

impl Patience {
    pub(super) fn new(whole: Duration) -> Self {
        Self {
            ends_at: Instant::now() + whole,
            next: FIRST,
        }
    }

    /// Waits before the next attempt, as long as the server wishes where it wishes anything;
    /// `false` when patience is at its end.
    pub(super) fn wait(&mut self, wished: Option<Duration>) -> bool {
        let wait = wished.unwrap_or(self.next);
        if Instant::now() + wait > self.ends_at {
            return false;
        }
        std::thread::sleep(wait);
        self.next = (self.next * 2).min(LONGEST);
        true
    }
}
