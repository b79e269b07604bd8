//! The real `bandera` command, run as people and scripts run it.

// Says to the lints that everything here is a test, which may fail loudly.
#![cfg(test)]

mod arms;
mod bandit;
mod diff;
mod evaluate;
mod explain;
mod export;
mod help;
mod import;
mod imported;
mod optimise;
mod preview;
mod publish;
mod replay;
mod run;
mod schema;
mod simulate;
mod strict;
mod validate;
