//! The real `bandera` command, run as people and scripts run it.

mod evaluate;
mod explain;
mod help;
mod publish;
mod run;
mod simulate;
mod validate;
