//! Calibrated batches that take turns, in processor time: others on the machine do not count.

use cpu_time::ThreadTime;
use std::time::Duration;

/// The least that one batch takes: long beside the clock's resolution.
const BATCH: Duration = Duration::from_millis(5);

/// How often each case has its turn.
const N_ROUNDS: usize = 31;

/// One engine doing one work; the argument of `run` is the number of the repetition.
pub struct Case<'c> {
    /// The work, such as `W1`; cases of one work are compared.
    pub work: &'static str,
    /// Who does it, or how much of it.
    pub name: String,
    /// Whether it is ours, and no peer to be compared with.
    pub is_ours: bool,
    /// The work, once.
    pub run: Box<dyn Fn(usize) + 'c>,
}

/// What came of a case.
pub struct Measured {
    /// Of the case.
    pub work: &'static str,
    /// Of the case.
    pub name: String,
    /// Of the case.
    pub is_ours: bool,
    /// Nanoseconds of one repetition, round by round.
    pub rounds: Vec<f64>,
}

fn time(case: &Case<'_>, repetitions: usize) -> Duration {
    let started = ThreadTime::now();
    for repetition in 0..repetitions {
        (case.run)(repetition);
    }
    started.elapsed()
}

/// Repetitions that take at least one batch.
fn calibrate(case: &Case<'_>) -> usize {
    let mut repetitions = 1;
    while time(case, repetitions) < BATCH {
        repetitions *= 2;
    }
    repetitions
}

/// Times all cases. Those of one work take turns with each other.
pub fn measure(cases: &[Case<'_>]) -> Vec<Measured> {
    let repetitions: Vec<usize> = cases.iter().map(calibrate).collect();
    let mut rounds = vec![Vec::with_capacity(N_ROUNDS); cases.len()];
    for _ in 0..N_ROUNDS {
        for ((case, repetitions), rounds) in cases.iter().zip(&repetitions).zip(&mut rounds) {
            let nanoseconds = time(case, *repetitions).as_secs_f64() * 1e9;
            rounds.push(nanoseconds / *repetitions as f64);
        }
    }
    let measured = cases.iter().zip(rounds).map(|(case, rounds)| Measured {
        work: case.work,
        name: case.name.clone(),
        is_ours: case.is_ours,
        rounds,
    });
    measured.collect()
}
