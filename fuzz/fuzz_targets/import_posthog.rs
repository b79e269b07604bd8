#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("import_posthog").expect("a target"));
