//! Bandera beside other systems' Rust engines, on one workload, in one run.
//!
//! Every engine is given the same flags and the same subjects in its own format, and must give the
//! same shares of the same answers before it is timed. The engines take turns, round after round,
//! so that a slow moment of the machine meets them alike; the median round counts. Answers are
//! looked at where they are: none is copied to be measured. Loading is timed in processes of their
//! own. `--json` prints one object for scripts. Arguments name the works to run (`W1 W2`), all
//! without any.

mod bandit;
mod flags;
mod load;
mod measure;
mod neutral;
mod peers;
mod report;
#[path = "../../src/workload.rs"]
mod workload;

use measure::Case;
use neutral::{Expressions, Neutral};
use peers::Engine;

/// Engines in the order of the report; ours first.
fn engines(neutral: &Neutral) -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(peers::bandera::Bandera::new(neutral)),
        Box::new(peers::eppo::Eppo::new(neutral)),
        Box::new(peers::launchdarkly::LaunchDarkly::new(neutral)),
        Box::new(peers::yggdrasil::Yggdrasil::new(neutral)),
        Box::new(peers::posthog::PostHog::new(neutral)),
    ]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if load::serve(&arguments) {
        return;
    }
    let wanted = |work: &str| {
        let mut named = arguments
            .iter()
            .filter(|argument| !argument.starts_with("--"));
        let is_named = named.clone().any(|name| work.starts_with(&**name));
        named.next().is_none() || is_named
    };
    let (few, many) = (Neutral::new(100), Neutral::new(1_000));
    let hundred = engines(&few);
    let thousand = engines(&many);
    let [anchored, classes] = [Expressions::Anchored, Expressions::Classes]
        .map(|expressions| engines(&Neutral::with_expressions(100, expressions)));
    let with_expressions = anchored.iter().chain(&classes);
    for engine in hundred.iter().chain(&thousand).chain(with_expressions) {
        peers::check_shares(&**engine);
    }
    let bandits = bandit::Bandits::new();
    let compact = [&few, &many].map(|neutral| peers::bandera::Bandera::new(neutral).compact());
    let curve = flags::Curve::new();
    let mut cases: Vec<Case<'_>> = Vec::new();
    cases.extend(flags::cases(&hundred, &thousand));
    cases.extend(flags::expressions(&anchored, &classes));
    cases.extend(load::cases(&hundred, &thousand, &compact));
    cases.extend(bandits.cases());
    cases.extend(curve.cases());
    cases.retain(|case| wanted(case.work));
    report::print(
        &measure::measure(&cases),
        arguments.iter().any(|argument| argument == "--json"),
    );
}
