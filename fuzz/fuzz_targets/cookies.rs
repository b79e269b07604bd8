#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("cookies").expect("a target"));
