#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("context").expect("a target"));
