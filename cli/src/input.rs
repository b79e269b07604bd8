//! What the command reads: files, standard input, and arguments that may name a file.

use crate::fault::Fault;
use bandera_shared::compile::limits::RULESET_BYTES_MAX;
use bandera_shared::{Compiled, Ruleset, Severity, compile};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The name of standard input among file names.
const STDIN: &str = "-";

/// What a person calls the file.
pub(crate) fn name(path: &Path) -> String {
    if path.as_os_str() == STDIN {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Opens a file; `-` is standard input.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, Fault> {
    if path.as_os_str() == STDIN {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(file))
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let fault = Fault::unreachable(name(path), format!("cannot be read: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => fault.fix("check the name and the folder you are in"),
        io::ErrorKind::IsADirectory => fault.fix("name a file inside the folder"),
        _ => fault,
    }
}

/// All bytes of a file; one that is too large for any ruleset is read no further than that.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    open(path)?
        .take(RULESET_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// The text of an argument, or, when it starts with `@`, of the file it names.
pub(crate) fn text_or_file(argument: &str) -> Result<String, Fault> {
    let Some(path) = argument.strip_prefix('@') else {
        return Ok(argument.to_owned());
    };
    let bytes = read(Path::new(path))?;
    String::from_utf8(bytes).map_err(|_| Fault::unreachable(path, "is not UTF-8 text"))
}

/// A ruleset that flags can be evaluated from. Faults inside it are remarked upon, no more: a
/// broken flag answers with an error, and the others are unharmed.
pub(crate) fn ruleset(path: &Path) -> Result<Ruleset, Fault> {
    let bytes = read(path)?;
    let Compiled {
        ruleset,
        diagnostics,
        ..
    } = compile(&bytes).map_err(|error| {
        Fault::unreachable(name(path), error).fix("a ruleset is a JSON object with schemaVersion 1")
    })?;
    let n_errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    if n_errors > 0 {
        let name = name(path);
        crate::output::remark(&format!(
            "{name} has {n_errors} error(s); flags concerned answer with PARSE_ERROR \
             (bandera validate {name} lists them)"
        ));
    }
    Ok(ruleset)
}
