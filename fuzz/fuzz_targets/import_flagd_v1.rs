#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_flagd_v1").expect("a target"));
