#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("request").expect("a target"));
