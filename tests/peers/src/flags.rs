//! Works on flags: one of them, all of them, and how the time follows their number.

use crate::measure::{Case, Work};
use crate::neutral::Neutral;
use crate::peers::Engine;
use crate::peers::bandera::Bandera;

/// Index of a boolean flag with a 50 % rollout.
const ROLLOUT: usize = 0;
/// Index of a flag of three rules.
const THREE_RULES: usize = 1;

fn case<'c>(work: &'static str, engine: &'c dyn Engine, run: impl Fn(usize) + 'c) -> Case<'c> {
    Case {
        work,
        name: engine.name().to_owned(),
        is_ours: engine.name() == "Bandera",
        run: Work::Here(Box::new(run)),
    }
}

/// W1 to W4.
pub fn cases<'c>(hundred: &'c [Box<dyn Engine>], thousand: &'c [Box<dyn Engine>]) -> Vec<Case<'c>> {
    type Run = fn(&dyn Engine, usize);
    let works: [(&str, &[Box<dyn Engine>], Run); 4] = [
        ("W1 rollout", hundred, |engine, n| engine.one(ROLLOUT, n)),
        ("W2 three rules", hundred, |engine, n| {
            engine.one(THREE_RULES, n)
        }),
        ("W3 all of 100", hundred, |engine, n| engine.all(n)),
        ("W4 all of 1000", thousand, |engine, n| engine.all(n)),
    ];
    let of_work = |(work, engines, run): (&'static str, &'c [Box<dyn Engine>], Run)| {
        let engines = engines.iter();
        engines.map(move |engine| case(work, &**engine, move |n| run(&**engine, n)))
    };
    works.into_iter().flat_map(of_work).collect()
}

/// W2 once more, with regular expressions: the same texts behind anchors, and classes.
pub fn expressions<'c>(
    anchored: &'c [Box<dyn Engine>],
    classes: &'c [Box<dyn Engine>],
) -> Vec<Case<'c>> {
    let works = [("W2 anchored", anchored), ("W2 classes", classes)];
    let of_work = |(work, engines): (&'static str, &'c [Box<dyn Engine>])| {
        let one = move |engine: &'c Box<dyn Engine>| {
            case(work, &**engine, move |n| engine.one(THREE_RULES, n))
        };
        engines.iter().map(one)
    };
    works.into_iter().flat_map(of_work).collect()
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
            run: Work::Here(Box::new(move |n| engine.some(*asked, n))),
        })
    }
}
