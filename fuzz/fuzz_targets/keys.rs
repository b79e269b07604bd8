#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("keys").expect("a target"));
