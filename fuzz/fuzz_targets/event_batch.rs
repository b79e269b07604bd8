#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("event_batch").expect("a target"));
