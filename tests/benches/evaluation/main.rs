//! Native nanoseconds of an evaluation, beside one xxh3 hash as the floor, in one run.
//!
//! Each workload is calibrated to batches of some milliseconds of processor time, so that others on
//! the machine do not count; batches of all workloads alternate, so that a slow moment of the
//! machine meets them alike; the median batch counts.
//! `--json` prints one object for scripts. Other arguments are parts of names: only workloads with
//! one of them in their name are run, and the floor.

mod bandits;

use std::hint::black_box;
use std::time::Duration;

use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{EvaluationContext, Ruleset, UnixMillis, bucketing, compact, compile};
use bandera_tests::workload;
use cpu_time::ThreadTime;
use serde_json::json;

const BATCH: Duration = Duration::from_millis(10);
const N_BATCHES: usize = 31;
const N_FLAGS: usize = 100;

/// One measured operation; its argument is the number of the repetition.
struct Workload<'a> {
    name: &'a str,
    operation: Box<dyn Fn(u32) + 'a>,
}

fn time(workload: &Workload<'_>, repetitions: u32) -> Duration {
    let started = ThreadTime::now();
    for repetition in 0..repetitions {
        (workload.operation)(repetition);
    }
    started.elapsed()
}

/// Repetitions that take at least one batch.
fn calibrate(workload: &Workload<'_>) -> u32 {
    let mut repetitions = 1;
    while time(workload, repetitions) < BATCH {
        repetitions *= 2;
    }
    repetitions
}

/// Median nanoseconds of one repetition, for each workload.
fn measure(workloads: &[Workload<'_>]) -> Vec<f64> {
    let repetitions: Vec<u32> = workloads.iter().map(calibrate).collect();
    let mut batches = vec![Vec::with_capacity(N_BATCHES); workloads.len()];
    for _ in 0..N_BATCHES {
        for ((workload, repetitions), batches) in
            workloads.iter().zip(&repetitions).zip(&mut batches)
        {
            let elapsed = time(workload, *repetitions).as_secs_f64();
            batches.push(elapsed * 1e9 / f64::from(*repetitions));
        }
    }
    batches
        .iter_mut()
        .map(|batches| {
            batches.sort_by(f64::total_cmp);
            batches.get(N_BATCHES / 2).copied().unwrap_or(f64::NAN)
        })
        .collect()
}

struct Fixture {
    ruleset: Ruleset,
    contexts: Vec<EvaluationContext>,
    policies: Policies,
    sticky: StickyDecisions,
}

impl Fixture {
    fn evaluator(&self, repetition: u32) -> Evaluator<'_> {
        let place = repetition as usize % self.contexts.len();
        Evaluator {
            ruleset: &self.ruleset,
            context: self
                .contexts
                .get(place)
                .expect("the place is a remainder of the length"),
            at: UnixMillis(1_800_000_000_000),
            draw: 0,
            policies: &self.policies,
            sticky: &self.sticky,
            participation: Participation::Full,
        }
    }
}

impl Fixture {
    fn new(bytes: &[u8]) -> Self {
        Self {
            ruleset: compile(bytes)
                .expect("the workload is a valid ruleset")
                .ruleset,
            contexts: (0..workload::N_CONTEXTS).map(workload::context).collect(),
            policies: Policies::default(),
            sticky: StickyDecisions::default(),
        }
    }

    fn evaluate_all(&self, repetition: u32) {
        for evaluation in self.evaluator(repetition).evaluate_all() {
            black_box(evaluation);
        }
    }
}

fn main() {
    let bytes = workload::ruleset(N_FLAGS);
    let fixture = Fixture::new(&bytes);
    let large = Fixture::new(&workload::ruleset(10 * N_FLAGS));
    let (rollout, rules) = (workload::flag_key(0), workload::flag_key(1));
    let (fixture, large, bytes, rollout, rules) = (&fixture, &large, &bytes, &rollout, &rules);
    let mut workloads = vec![
        Workload {
            name: "one xxh3 hash (floor)",
            operation: Box::new(|_| {
                black_box(bucketing::hash(
                    black_box("benchmark"),
                    black_box("subject-1037"),
                ));
            }),
        },
        Workload {
            name: "one 50 % rollout",
            operation: Box::new(move |n| {
                black_box(fixture.evaluator(n).evaluate(black_box(rollout)));
            }),
        },
        Workload {
            name: "one flag of three rules",
            operation: Box::new(move |n| {
                black_box(fixture.evaluator(n).evaluate(black_box(rules)));
            }),
        },
        Workload {
            name: "all of 100 flags",
            operation: Box::new(move |n| fixture.evaluate_all(n)),
        },
        Workload {
            name: "all of 1,000 flags",
            operation: Box::new(move |n| large.evaluate_all(n)),
        },
        Workload {
            name: "one context of ten attributes",
            operation: Box::new(|n| {
                black_box(workload::context(black_box(n)));
            }),
        },
        Workload {
            name: "compiling 100 flags",
            operation: Box::new(move |_| {
                black_box(compile(black_box(bytes)).is_ok());
            }),
        },
        loading("loading 100 flags", N_FLAGS),
        loading("loading 1,000 flags", 10 * N_FLAGS),
        loading_all("loading and reading 100 flags", N_FLAGS),
        loading_all("loading and reading 1,000 flags", 10 * N_FLAGS),
    ];
    workloads.extend(bandits::workloads());
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part));
    workloads.retain(|workload| workload.name.ends_with("(floor)") || is_wanted(workload.name));
    report(&workloads, &measure(&workloads));
}

fn compact_form(n_flags: usize) -> Vec<u8> {
    let compiled = compile(&workload::ruleset(n_flags)).expect("the workload is a valid ruleset");
    compact::encode(&compiled.ruleset)
}

/// Opens the compact form, as an isolate does with each publication.
fn loading(name: &'static str, n_flags: usize) -> Workload<'static> {
    let bytes = compact_form(n_flags);
    Workload {
        name,
        operation: Box::new(move |_| {
            black_box(Ruleset::from_compact(black_box(&*bytes)).is_ok());
        }),
    }
}

/// Opens it and reads every flag, as the first request for all of them does.
fn loading_all(name: &'static str, n_flags: usize) -> Workload<'static> {
    let bytes = compact_form(n_flags);
    Workload {
        name,
        operation: Box::new(move |_| {
            let ruleset = Ruleset::from_compact(black_box(&*bytes)).expect("it was written");
            black_box(ruleset.flags().map(|flag| flag.rules.len()).sum::<usize>());
        }),
    }
}

fn report(workloads: &[Workload<'_>], nanoseconds: &[f64]) {
    let floor = nanoseconds.first().copied().unwrap_or(f64::NAN);
    if std::env::args().any(|argument| argument == "--json") {
        let rows: Vec<_> = workloads
            .iter()
            .zip(nanoseconds)
            .map(|(workload, ns)| json!({ "name": workload.name, "ns": ns, "ratio": ns / floor }))
            .collect();
        println!("{}", json!(rows));
        return;
    }
    println!("{:<42} {:>12} {:>10}", "workload", "median ns", "x floor");
    for (workload, ns) in workloads.iter().zip(nanoseconds) {
        println!("{:<42} {ns:>12.1} {:>10.1}", workload.name, ns / floor);
    }
}
