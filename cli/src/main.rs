//! The `bandera` command.

fn main() {}
