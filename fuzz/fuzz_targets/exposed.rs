#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("exposed").expect("a target"));
