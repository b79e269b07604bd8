#![no_main]

bandera_fuzz::fuzz!(bandera_fuzz::named("ledger_message").expect("a target"));
