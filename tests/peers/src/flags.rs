//! Works on flags: one of them, all of them, loading them, and how the time follows their number.

use crate::measure::Case;
use crate::neutral::Neutral;
use crate::peers::Engine;
use crate::peers::bandera::Bandera;
use std::hint::black_box;

/// Index of a boolean flag with a 50 % rollout.
const ROLLOUT: usize = 0;
/// Index of a flag of three rules.
const THREE_RULES: usize = 1;

/// Engines that load much slower than the others take long and change nothing.
const LOADS: [&str; 3] = [
    "Bandera",
    "posthog-rs",
    "launchdarkly-server-sdk-evaluation",
];

fn case<'c>(work: &'static str, engine: &'c dyn Engine, run: impl Fn(usize) + 'c) -> Case<'c> {
    Case {
        work,
        name: engine.name().to_owned(),
        is_ours: engine.name() == "Bandera",
        run: Box::new(run),
    }
}

/// W1 to W5.
pub fn cases<'c>(hundred: &'c [Box<dyn Engine>], thousand: &'c [Box<dyn Engine>]) -> Vec<Case<'c>> {
    type Run = fn(&dyn Engine, usize);
    let works: [(&str, &[Box<dyn Engine>], Run); 6] = [
        ("W1 rollout", hundred, |engine, n| engine.one(ROLLOUT, n)),
        ("W2 three rules", hundred, |engine, n| {
            engine.one(THREE_RULES, n)
        }),
        ("W3 all of 100", hundred, |engine, n| engine.all(n)),
        ("W4 all of 1000", thousand, |engine, n| engine.all(n)),
        ("W5 load 100", hundred, |engine, _| engine.load()),
        ("W5 load 1000", thousand, |engine, _| engine.load()),
    ];
    let of_work = |(work, engines, run): (&'static str, &'c [Box<dyn Engine>], Run)| {
        let takes_part = move |engine: &&Box<dyn Engine>| {
            !work.starts_with("W5") || LOADS.contains(&engine.name())
        };
        let engines = engines.iter().filter(takes_part);
        engines.map(move |engine| case(work, &**engine, move |n| run(&**engine, n)))
    };
    works.into_iter().flat_map(of_work).collect()
}

/// W5 of our engine from its compact form: of 100 flags and of 1,000.
pub fn compact_cases<'c>(engines: &'c [Bandera; 2]) -> impl Iterator<Item = Case<'c>> {
    let works = ["W5 load 100", "W5 load 1000"].into_iter().zip(engines);
    works.flat_map(|(work, engine)| {
        let load = move |_| {
            black_box(engine.load_compact());
        };
        [
            compact_case(work, "Bandera, compact form", load),
            compact_case(work, "Bandera, compact form, every flag", move |_| {
                engine.read_compact()
            }),
        ]
    })
}

fn compact_case<'c>(work: &'static str, name: &str, run: impl Fn(usize) + 'c) -> Case<'c> {
    Case {
        work,
        name: name.to_owned(),
        is_ours: true,
        run: Box::new(run),
    }
}

/// Flags present, and flags asked for among them.
const CURVE: [(usize, usize); 6] = [
    (1_000, 10),
    (1_000, 100),
    (1_000, 1_000),
    (100, 100),
    (10_000, 100),
    (10_000, 10_000),
];

/// Our own engine with rulesets of several sizes.
pub struct Curve(Vec<(usize, usize, Bandera)>);

impl Curve {
    /// Loads them.
    pub fn new() -> Self {
        let engines = CURVE
            .into_iter()
            .map(|(present, asked)| (present, asked, Bandera::new(&Neutral::new(present))));
        Self(engines.collect())
    }

    /// One case for each point.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.0.iter().map(|(present, asked, engine)| Case {
            work: "W4 curve",
            name: format!("{asked} asked for of {present}"),
            is_ours: true,
            run: Box::new(move |n| engine.some(*asked, n)),
        })
    }
}
