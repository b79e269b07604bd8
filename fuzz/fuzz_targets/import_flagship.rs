#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_flagship").expect("a target"));
