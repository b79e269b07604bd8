//! Looking for the point of a space where something is largest.

use sobol_burley::sample;

use super::space::Space;

/// Points that are spread over the space first.
const SPREAD: usize = 1_000;
/// Points from which the search goes on in small steps.
const STARTS: usize = 4;
/// Steps from each.
const STEPS: usize = 90;
/// Length of the first step, as a share of the cube's edge.
const REACH: f64 = 0.25;
/// What each step without success leaves of the reach.
const SHRINK: f64 = 0.93;
/// Coordinates tried at most for each point that a constraint lets through.
const TRIES: usize = 200;

/// `n` points that fill the space evenly; fewer where constraints leave next to nothing of it.
pub(super) fn spread(space: &Space, n: usize, seed: u32) -> Vec<Vec<f64>> {
    let tried = (0..n.saturating_mul(TRIES)).filter_map(|at| space.settle(&cube(space, at, seed)));
    tried.take(n).collect()
}

/// The `at`-th point of an evenly spread sequence over the cube.
fn cube(space: &Space, at: usize, seed: u32) -> Vec<f64> {
    let coordinate = |dimension| f64::from(sample(at as u32, dimension as u32, seed));
    (0..space.dimension()).map(coordinate).collect()
}

/// The best point found and its worth; `None` where no point may be tried.
///
/// Evenly spread points first, and those of `known`; then small steps from the best of them, in all
/// coordinates at once and in one at a time, shorter after each failure.
pub(super) fn best(
    space: &Space,
    known: &[Vec<f64>],
    seed: u32,
    worth: impl Fn(&[f64]) -> f64,
) -> Option<(Vec<f64>, f64)> {
    let places = spread(space, SPREAD, seed)
        .into_iter()
        .chain(known.iter().cloned());
    let mut ranked: Vec<(Vec<f64>, f64)> = places
        .map(|place| {
            let found = worth(&place);
            (place, found)
        })
        .collect();
    ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    ranked.truncate(STARTS);
    let climbed = ranked
        .into_iter()
        .zip(1_u32..)
        .map(|(start, nth)| climb(space, start, seed.wrapping_add(nth), &worth));
    climbed.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

fn climb(
    space: &Space,
    start: (Vec<f64>, f64),
    seed: u32,
    worth: &impl Fn(&[f64]) -> f64,
) -> (Vec<f64>, f64) {
    let (mut place, mut found) = start;
    let mut reach = REACH;
    for step in 0..STEPS {
        let moved: Vec<f64> = place
            .iter()
            .zip(cube(space, step, seed))
            .enumerate()
            .map(|(dimension, (&here, share))| {
                let alone = step % 2 == 1 && (step / 2) % space.dimension() != dimension;
                let way = if alone {
                    0.0
                } else {
                    (2.0 * share - 1.0) * reach
                };
                (here + way).clamp(0.0, 1.0)
            })
            .collect();
        let better = space.settle(&moved).and_then(|moved| {
            let there = worth(&moved);
            (there > found).then_some((moved, there))
        });
        match better {
            Some((moved, there)) => (place, found) = (moved, there),
            None => reach *= SHRINK,
        }
    }
    (place, found)
}
