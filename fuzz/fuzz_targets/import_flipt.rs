#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_flipt").expect("a target"));
