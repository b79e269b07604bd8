#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("preview").expect("a target"));
