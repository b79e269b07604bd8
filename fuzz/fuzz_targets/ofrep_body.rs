#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("ofrep_body").expect("a target"));
