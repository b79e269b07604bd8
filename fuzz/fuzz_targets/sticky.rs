#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("sticky").expect("a target"));
