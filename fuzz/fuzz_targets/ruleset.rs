#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("ruleset").expect("a target"));
