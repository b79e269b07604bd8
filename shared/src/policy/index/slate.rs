//! Ranked lists by a rule that knows actions by their rewards, and what a reader's choice teaches.
//!
//! Any rule ranks: a position's distribution is the rule's over the actions that are left, so a
//! list's propensity is the product of its positions'. For simulations; what Workers rank by is
//! [`crate::slate`].

use super::arm::IndexArm;
use super::rule::{AllocationRule, Plan};
use crate::bandit::{Distribution, InvalidDistribution, Propensity};

/// An action in its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The index of the action.
    pub action: usize,
    /// The probability that it came here, given what stands above it.
    pub propensity: Propensity,
}

/// A list of different actions from the top, the rule asked anew for those that are left.
///
/// # Arguments
/// `n_positions`: at least one; as many as there are actions at most, more are cut. `bits`: 64
/// random bits for each position.
/// # Errors
/// `Empty` without actions, `Floor` where the floors exceed one.
/// # Determinism
/// The same list for the same arms and bits.
/// # Source
/// Kveton, Szepesvári, Wen and Ashkan 2015, "Cascading bandits": the best list has the most
/// attractive actions, best first, so each position asks for the best of those left.
pub fn slate(
    rule: AllocationRule,
    arms: &[IndexArm],
    n_positions: usize,
    plan: Plan,
    bits: impl FnMut() -> u64,
) -> Result<Vec<Placed>, InvalidDistribution> {
    let among = |left: &[usize]| {
        let arms: Vec<IndexArm> = left.iter().filter_map(|i| arms.get(*i)).copied().collect();
        rule.distribution(&arms, plan)
    };
    placed(arms.len(), n_positions, among, bits)
}

/// A list drawn without replacement from one distribution: a position's is what is left of it.
///
/// An action's share of what is left says how likely it is the best of all, not of those below, so
/// where one is nearly surely the best, the positions below it know little.
///
/// # Arguments
/// As of [`slate`].
/// # Source
/// Luce 1959; Plackett 1975.
#[must_use]
pub fn slate_of_parts(
    distribution: &Distribution,
    n_positions: usize,
    bits: impl FnMut() -> u64,
) -> Vec<Placed> {
    let parts = distribution.parts();
    let among = |left: &[usize]| {
        let parts = left.iter().filter_map(|i| parts.get(*i));
        let parts: Vec<f64> = parts.map(|parts| f64::from(*parts)).collect();
        Distribution::from_probabilities(&parts, 0).or_else(|_| Distribution::uniform(left.len()))
    };
    // What is left of a distribution is one.
    placed(parts.len(), n_positions, among, bits).unwrap_or_default()
}

fn placed(
    n_actions: usize,
    n_positions: usize,
    among: impl Fn(&[usize]) -> Result<Distribution, InvalidDistribution>,
    mut bits: impl FnMut() -> u64,
) -> Result<Vec<Placed>, InvalidDistribution> {
    let mut left: Vec<usize> = (0..n_actions).collect();
    let n_positions = n_positions.min(n_actions).max(1);
    let mut list = Vec::with_capacity(n_positions);
    for _ in 0..n_positions {
        let (place, propensity) = among(&left)?.sample(bits());
        if place < left.len() {
            let action = left.remove(place);
            list.push(Placed { action, propensity });
        }
    }
    Ok(list)
}

/// Learns from a list that was read from the top until something was chosen.
///
/// What stood above the choice was seen and did not attract; the choice did; of what stood below
/// nothing is known. Where nothing was chosen, everything was seen.
///
/// # Arguments
/// `shown`: actions from the top; `chosen`: a position in it.
/// # Source
/// The cascade model of Craswell, Zoeter, Taylor and Ramsey 2008.
pub fn learn_cascade(arms: &mut [IndexArm], shown: &[usize], chosen: Option<usize>) {
    for (position, action) in shown.iter().enumerate() {
        if let Some(arm) = arms.get_mut(*action) {
            arm.observe(f64::from(u8::from(chosen == Some(position))));
        }
        if chosen == Some(position) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::draws::Draws;
    use crate::policy::index::{MeasuredShare, rule_named};

    const PLAN: Plan = Plan {
        n_decisions: 1,
        share: MeasuredShare { floor_parts: 0 },
    };

    fn arms(counts: &[(f64, f64)]) -> Vec<IndexArm> {
        let arm = |(n, sum): &(f64, f64)| IndexArm {
            n: *n,
            sum: *sum,
            squares: *sum,
        };
        counts.iter().map(arm).collect()
    }

    fn bits(seed: u64) -> impl FnMut() -> u64 {
        let mut draws = Draws(seed);
        move || draws.bits()
    }

    #[test]
    fn the_best_come_first_and_none_twice() {
        let arms = arms(&[(50.0, 5.0), (50.0, 25.0), (50.0, 15.0), (50.0, 35.0)]);
        let rule = rule_named("greedy").unwrap();
        let actions = |n| {
            let list = slate(rule, &arms, n, PLAN, bits(1)).unwrap();
            list.iter().map(|it| it.action).collect::<Vec<_>>()
        };
        assert_eq!(actions(3), [3, 1, 2]);
        assert_eq!(actions(4), [3, 1, 2, 0]);
        assert_eq!(actions(5), [3, 1, 2, 0]);
        assert_eq!(actions(0), [3]);
        let none = slate(rule, &[], 2, PLAN, bits(1));
        assert_eq!(none, Err(InvalidDistribution::Empty));
    }

    /// Lists of two out of three in 100,000 draws against the product of the stated propensities;
    /// a chi-square of six lists is beyond 20.5 once in a thousand.
    fn check_frequencies(list: &mut dyn FnMut() -> Vec<Placed>) {
        const N: u32 = 100_000;
        let mut counts: Vec<([usize; 2], f64, f64)> = Vec::new();
        for _ in 0..N {
            let [top, next] = list().try_into().unwrap();
            let list = [top.action, next.action];
            let p = top.propensity.as_f64() * next.propensity.as_f64();
            match counts.iter_mut().find(|(known, ..)| *known == list) {
                Some((_, stated, n)) => {
                    assert!((*stated - p).abs() < 1e-15);
                    *n += 1.0;
                }
                None => counts.push((list, p, 1.0)),
            }
        }
        assert_eq!(counts.len(), 6);
        assert!((counts.iter().map(|(_, p, _)| p).sum::<f64>() - 1.0).abs() < 1e-12);
        let off = |(_, p, n): &([usize; 2], f64, f64)| {
            let expected = p * f64::from(N);
            (n - expected).powi(2) / expected
        };
        let chi_square: f64 = counts.iter().map(off).sum();
        assert!(chi_square < 20.5, "{chi_square} {counts:?}");
    }

    #[test]
    fn lists_come_as_often_as_their_positions_say() {
        let arms = arms(&[(12.0, 4.0), (15.0, 6.0), (9.0, 4.0)]);
        let rule = rule_named("epsilon-greedy").unwrap();
        let plan = Plan {
            share: MeasuredShare {
                floor_parts: 50_000,
            },
            ..PLAN
        };
        let mut draws = bits(7);
        check_frequencies(&mut || slate(rule, &arms, 2, plan, &mut draws).unwrap());
        let parts = Distribution::from_parts([600_000, 300_000, 100_000]).unwrap();
        check_frequencies(&mut || slate_of_parts(&parts, 2, &mut draws));
    }

    #[test]
    fn what_is_left_of_parts_keeps_its_proportions() {
        let parts = Distribution::from_parts([600_000, 300_000, 100_000, 0]).unwrap();
        let list = slate_of_parts(&parts, 4, || 0);
        let found: Vec<(usize, u32)> = list
            .iter()
            .map(|it| (it.action, it.propensity.parts()))
            .collect();
        assert_eq!(
            found,
            [(0, 600_000), (1, 750_000), (2, 1_000_000), (3, 1_000_000)]
        );
    }

    #[test]
    fn a_cascade_teaches_down_to_the_choice() {
        let mut arms = vec![IndexArm::default(); 4];
        learn_cascade(&mut arms, &[2, 0, 3], Some(1));
        learn_cascade(&mut arms, &[2, 0, 3], None);
        let counts: Vec<(f64, f64)> = arms.iter().map(|arm| (arm.n, arm.sum)).collect();
        assert_eq!(counts, [(2.0, 1.0), (0.0, 0.0), (2.0, 0.0), (1.0, 0.0)]);
        learn_cascade(&mut arms, &[9], Some(0));
        assert_eq!(arms.len(), 4);
    }
}
