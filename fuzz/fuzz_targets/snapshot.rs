#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("snapshot").expect("a target"));
