//! How a policy forgets, as written.

use super::{BanditFault, PolicyWire, fault, within};
use crate::bandit::{FORGETTING_MS_MAX, FORGETTING_MS_MIN, Forgetting};

/// What is declared.
pub(super) fn declared<F>(policy: &PolicyWire<F>) -> Result<Option<Forgetting>, BanditFault> {
    type Make = fn(u64) -> Forgetting;
    let declared: [(&str, Option<u64>, Make); 3] = [
        ("/policy/halfLifeMs", policy.half_life_ms, |ms| {
            Forgetting::HalfLife { ms }
        }),
        ("/policy/windowMs", policy.window_ms, |ms| {
            Forgetting::Window { ms }
        }),
        (
            "/policy/adaptiveWindowMs",
            policy.adaptive_window_ms,
            |ms| Forgetting::Adaptive { ms },
        ),
    ];
    let mut forgetting = None;
    for (place, ms, make) in declared {
        let Some(ms) = ms else { continue };
        if forgetting.is_some() {
            let message = "a policy forgets by one of halfLifeMs, windowMs and adaptiveWindowMs";
            return Err(fault(place, message));
        }
        let ms = within(place, ms, FORGETTING_MS_MIN..=FORGETTING_MS_MAX)?;
        forgetting = Some(make(ms));
    }
    Ok(forgetting)
}

/// `halfLifeMs`, `windowMs` and `adaptiveWindowMs` of what [`declared`] reads.
pub(super) fn members(forgetting: Option<Forgetting>) -> [Option<u64>; 3] {
    match forgetting {
        None => [None, None, None],
        Some(Forgetting::HalfLife { ms }) => [Some(ms), None, None],
        Some(Forgetting::Window { ms }) => [None, Some(ms), None],
        Some(Forgetting::Adaptive { ms }) => [None, None, Some(ms)],
    }
}
