#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("receipt").expect("a target"));
