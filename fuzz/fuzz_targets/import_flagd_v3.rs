#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_flagd_v3").expect("a target"));
