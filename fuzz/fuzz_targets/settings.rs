#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("settings").expect("a target"));
