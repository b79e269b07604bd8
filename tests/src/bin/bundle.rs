//! Writes what edges read of a ruleset: the document comes from standard input, the bundle goes to
//! standard output. Faulty flags are kept, as they would be by an edge that met them; publishing
//! for real refuses them.

use bandera_shared::{compile, publish};
use std::io::{Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut document = Vec::new();
    std::io::stdin().read_to_end(&mut document)?;
    let compiled = compile(&document)?;
    let bundle = publish::bundle(&document, &compiled.ruleset)?;
    std::io::stdout().write_all(&bundle)?;
    Ok(())
}
