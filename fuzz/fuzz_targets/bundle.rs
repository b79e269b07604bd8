#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("bundle").expect("a target"));
