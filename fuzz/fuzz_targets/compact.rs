#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("compact").expect("a target"));
