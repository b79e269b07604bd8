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

/// Rulesets, flags present in each, and flags asked for among those.
const CURVE: [(usize, usize, usize); 8] = [
    (1, 1_000, 10),
    (1, 1_000, 100),
    (1, 1_000, 1_000),
    (1, 100, 100),
    (1, 10_000, 100),
    (1, 4_000, 4_000),
    (1, 10_000, 10_000),
    // As many flags and as much memory, of which each ruleset knows a tenth.
    (10, 1_000, 1_000),
];

/// Our own engine with rulesets of several sizes.
pub struct Curve(Vec<(String, usize, Vec<Bandera>)>);

impl Curve {
    /// Loads them.
    pub fn new() -> Self {
        let engines = CURVE.into_iter().map(|(n_rulesets, present, asked)| {
            let name = match n_rulesets {
                1 => format!("{asked} asked for of {present}"),
                n => format!("{asked} asked for of {present}, {n} rulesets"),
            };
            let neutral = Neutral::new(present);
            let engines = (0..n_rulesets).map(|_| Bandera::new(&neutral));
            (name, asked, engines.collect())
        });
        Self(engines.collect())
    }

    /// One case for each point.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.0.iter().map(|(name, asked, engines)| Case {
            work: "W4 curve",
            name: name.clone(),
            is_ours: true,
            run: Work::Here(Box::new(move |n| {
                engines.iter().for_each(|engine| engine.some(*asked, n));
            })),
        })
    }
}
