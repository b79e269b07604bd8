//! All targets in one binary: `BANDERA_FUZZ_TARGET` names the one that runs.

#![no_main]

use bandera_fuzz::{TARGETS, Target, named};
use std::sync::LazyLock;

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("BANDERA_FUZZ_TARGET").unwrap_or_default();
    named(&name).unwrap_or_else(|| {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!(
            "BANDERA_FUZZ_TARGET: {name:?} is none of {}",
            names.join(", ")
        );
        std::process::exit(2);
    })
});

bandera_fuzz::fuzz!(*CHOSEN);
