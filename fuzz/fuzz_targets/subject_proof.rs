#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("subject_proof").expect("a target"));
