//! How a replayed policy forgets: rounds, as the time that bandits in the Workers forget by.

use crate::fault::Fault;
use bandera_lab::ROUND_MS;
use bandera_shared::UnixMillis;
use bandera_shared::bandit::{FORGETTING_MS_MAX, Forgetting};

/// Most rounds of a window, or of a half-life.
const ROUNDS_MAX: u64 = FORGETTING_MS_MAX / ROUND_MS;

/// What is declared by `--memory` or `--window`.
pub(super) fn forgetting(
    memory: Option<f64>,
    window: Option<u32>,
) -> Result<Option<Forgetting>, Fault> {
    let outside = |place: &str, least: u64| {
        let cause = format!("is not a number of rounds from {least} to {ROUNDS_MAX}");
        Err(Fault::usage(place, cause))
    };
    match (memory, window.map(u64::from)) {
        (None, None) => Ok(None),
        (Some(rounds), _) => {
            // What is that old counts for 1/e.
            let ms = rounds * std::f64::consts::LN_2 * ROUND_MS as f64;
            if !(ROUND_MS as f64..=FORGETTING_MS_MAX as f64).contains(&ms) {
                return outside("--memory", 2);
            }
            Ok(Some(Forgetting::HalfLife { ms: ms as u64 }))
        }
        (None, Some(rounds)) if rounds > ROUNDS_MAX => outside("--window", 1),
        (None, Some(rounds)) => Ok(Some(Forgetting::Window {
            ms: rounds * ROUND_MS,
        })),
    }
}

/// The moment of a round.
pub(super) fn moment(round: u64) -> UnixMillis {
    UnixMillis((round * ROUND_MS) as i64)
}
