#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_growthbook").expect("a target"));
