#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("variants_header").expect("a target"));
