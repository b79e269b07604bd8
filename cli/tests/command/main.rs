//! The real `bandera` command, run as people and scripts run it.

mod evaluate;
mod explain;
mod help;
mod publish;
// Marks it as a test for the lints, which then let it fail loudly.
#[cfg(test)]
mod run;
mod simulate;
mod validate;
