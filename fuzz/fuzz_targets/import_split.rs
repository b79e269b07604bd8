#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_split").expect("a target"));
