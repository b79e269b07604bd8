//! Exports of other systems: taken over, compiled, and asked.

use crate::ask::Questions;
use bandera_import::{Peer, import};
use bandera_shared::{DiagnosticCode, compile};
use serde_json::value::RawValue;

/// An export, in a list with contexts and a time.
fn take_over(peer: Peer, data: &[u8]) {
    let parts: Vec<&RawValue> = serde_json::from_slice(data).unwrap_or_default();
    let export = parts.first().map_or(data, |first| first.get().as_bytes());
    let Ok(imported) = import(peer, export) else {
        return;
    };
    let document = imported.ruleset.to_string();
    let compiled = compile(document.as_bytes()).expect("what is taken over is a ruleset");
    // Only what is too large for us is a fault of the ruleset, and the report says so.
    for fault in &compiled.diagnostics {
        assert_eq!(fault.code, DiagnosticCode::LimitExceeded, "{document}");
    }
    assert!(
        compiled.diagnostics.is_empty() || !imported.report.is_exact(),
        "{document}"
    );
    assert_eq!(compiled.ruleset.len(), imported.report.n_flags);
    Questions::of(&parts).ask(&compiled.ruleset);
}

macro_rules! peers {
    ($($name:ident, $peer:ident, $seed:literal;)*) => {
        $(pub(crate) fn $name(data: &[u8]) { take_over(Peer::$peer, data); })*

        /// Rulesets that were taken over.
        pub(crate) fn documents() -> Vec<Vec<u8>> {
            let seeds: Vec<(Peer, &[u8])> = vec![$(
                (Peer::$peer, include_bytes!(concat!("../corpus/", $seed, ".json"))),
            )*];
            let document = |(peer, seed): (Peer, &[u8])| {
                let parts: Vec<&RawValue> = serde_json::from_slice(seed).ok()?;
                let imported = import(peer, parts.first()?.get().as_bytes()).ok()?;
                Some(imported.ruleset.to_string().into_bytes())
            };
            let documents = seeds.into_iter().map(document);
            documents.map(|document| document.expect("a seed is an export")).collect()
        }
    };
}

peers! {
    configcat, ConfigCat, "import_configcat/tests";
    eppo, Eppo, "import_eppo/tests";
    flagd, Flagd, "import_flagd/tests";
    flagd_v1, FlagdV1, "import_flagd_v1/tests";
    flagd_v3, FlagdV3, "import_flagd_v3/tests";
    flagship, Flagship, "import_flagship/tests";
    flagsmith, Flagsmith, "import_flagsmith/tests";
    flipt, Flipt, "import_flipt/tests";
    goff, GoFeatureFlag, "import_goff/tests";
    growthbook, GrowthBook, "import_growthbook/tests";
    launchdarkly, LaunchDarkly, "import_launchdarkly/tests";
    posthog, PostHog, "import_posthog/tests";
    split, Split, "import_split/tests";
    unleash, Unleash, "import_unleash/tests";
}
