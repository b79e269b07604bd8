#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_flagd").expect("a target"));
