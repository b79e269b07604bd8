//! Calibrated batches that take turns, in processor time: others on the machine do not count.

use crate::load::Load;
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
    pub run: Work<'c>,
}

/// What is timed.
pub enum Work<'c> {
    /// In this process.
    Here(Box<dyn Fn(usize) + 'c>),
    /// In one of its own.
    Load(Load<'c>),
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

fn batch(run: &dyn Fn(usize), repetitions: usize) -> Duration {
    let started = ThreadTime::now();
    for repetition in 0..repetitions {
        run(repetition);
    }
    started.elapsed()
}

/// Nanoseconds of one repetition.
pub fn time(run: &dyn Fn(usize), repetitions: usize) -> f64 {
    batch(run, repetitions).as_secs_f64() * 1e9 / repetitions as f64
}

/// Repetitions that take at least one batch.
pub fn calibrate(run: &dyn Fn(usize)) -> usize {
    let mut repetitions = 1;
    while batch(run, repetitions) < BATCH {
        repetitions *= 2;
    }
    repetitions
}

/// Times all cases. Those of one work take turns with each other.
pub fn measure(cases: &[Case<'_>]) -> Vec<Measured> {
    let calibrated = |case: &Case<'_>| match &case.run {
        Work::Here(run) => calibrate(run),
        Work::Load(_) => 1,
    };
    let repetitions: Vec<usize> = cases.iter().map(calibrated).collect();
    let mut rounds = vec![Vec::with_capacity(N_ROUNDS); cases.len()];
    for _ in 0..N_ROUNDS {
        for ((case, repetitions), rounds) in cases.iter().zip(&repetitions).zip(&mut rounds) {
            rounds.push(match &case.run {
                Work::Here(run) => time(run, *repetitions),
                Work::Load(load) => load.nanoseconds(),
            });
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
