//! How a replayed policy forgets: rounds, as the time that bandits in the Workers forget by.

use crate::fault::Fault;
use bandera_lab::ROUND_MS;
use bandera_shared::UnixMillis;
use bandera_shared::bandit::{FORGETTING_MS_MAX, Forgetting};

/// Most rounds of a window, or of a half-life.
const ROUNDS_MAX: u64 = FORGETTING_MS_MAX / ROUND_MS;

/// What is declared by `--memory`, `--window` or `--adaptive`, of which at most one is there.
pub(super) fn forgetting(
    memory: Option<f64>,
    window: Option<u32>,
    adaptive: Option<u32>,
) -> Result<Option<Forgetting>, Fault> {
    let outside = |place: &str, least: u64| {
        let cause = format!("is not a number of rounds from {least} to {ROUNDS_MAX}");
        Fault::usage(place, cause)
    };
    if let Some(rounds) = memory {
        // What is that old counts for 1/e.
        let ms = rounds * std::f64::consts::LN_2 * ROUND_MS as f64;
        if !(ROUND_MS as f64..=FORGETTING_MS_MAX as f64).contains(&ms) {
            return Err(outside("--memory", 2));
        }
        return Ok(Some(Forgetting::HalfLife { ms: ms as u64 }));
    }
    let ms = |place, rounds: u32| match u64::from(rounds) {
        rounds if rounds > ROUNDS_MAX => Err(outside(place, 1)),
        rounds => Ok(rounds * ROUND_MS),
    };
    Ok(match (window, adaptive) {
        (None, None) => None,
        (Some(rounds), _) => Some(Forgetting::Window {
            ms: ms("--window", rounds)?,
        }),
        (None, Some(rounds)) => Some(Forgetting::Adaptive {
            ms: ms("--adaptive", rounds)?,
        }),
    })
}

/// The moment of a round.
pub(super) fn moment(round: u64) -> UnixMillis {
    UnixMillis((round * ROUND_MS) as i64)
}
