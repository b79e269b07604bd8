//! Writes the workload of the benchmarks for engines of other languages into a folder: `neutral
//! FOLDER FLAGS` makes `ruleset.json`, its compact form `ruleset.compact`, the compact form of the
//! same flags visible to browsers, `client.compact`, and `contexts.ndjson`.

use bandera_shared::compact::encode;
use bandera_shared::{EvaluationContext, compile};
use bandera_tests::workload;
use serde_json::{Map, Value, json};
use std::fs::write;
use std::path::Path;

/// The context as a JSON object; whole numbers without a fraction, as everybody writes them.
fn object(context: &EvaluationContext) -> String {
    let entries = context.iter().map(|(name, value)| {
        let value = match value.as_f64() {
            Some(number) => json!(number as i64),
            None => json!(value),
        };
        (name.to_owned(), value)
    });
    json!(entries.collect::<Map<_, _>>()).to_string()
}

/// The ruleset with every flag visible to browsers.
fn visible(ruleset: &[u8]) -> serde_json::Result<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(ruleset)?;
    let flags = document.get_mut("flags").and_then(Value::as_object_mut);
    for flag in flags.into_iter().flat_map(Map::values_mut) {
        if let Some(flag) = flag.as_object_mut() {
            flag.insert("visibility".into(), "client".into());
        }
    }
    serde_json::to_vec(&document)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, n_flags] = arguments.as_slice() else {
        return Err("usage: neutral FOLDER FLAGS".into());
    };
    let folder = Path::new(folder);
    let ruleset = workload::ruleset(n_flags.parse()?);
    let compact = |document: &[u8]| compile(document).map(|compiled| encode(&compiled.ruleset));
    let contexts = (0..workload::N_CONTEXTS).map(|number| object(&workload::context(number)));
    write(folder.join("ruleset.compact"), compact(&ruleset)?)?;
    write(folder.join("client.compact"), compact(&visible(&ruleset)?)?)?;
    write(folder.join("ruleset.json"), ruleset)?;
    write(
        folder.join("contexts.ndjson"),
        contexts.collect::<Vec<_>>().join("\n"),
    )?;
    Ok(())
}
