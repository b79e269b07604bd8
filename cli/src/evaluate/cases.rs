//! Cases in, answers out: one line for one line, in the same order, however the lines look.
//!
//! Lines are read and answered one by one, so memory does not grow with the file. What is written
//! is flushed before each wait for more, so a process that writes a case can wait for its answer.

use super::answer::{Answer, Asked, CallerDefault, Refusal, WantedType};
use crate::fault::Fault;
use crate::input;
use crate::output::{Output, progress};
use crate::question::Moment;
use bandera_shared::wire::context::offer;
use bandera_shared::wire::{ReadError, context_from};
use bandera_shared::{ErrorCode, Evaluator, Ruleset, UnixMillis, Value};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest line that is read as a case.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// A case as it is written. Members that nobody asked for are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CaseWire<'l> {
    #[serde(borrow)]
    id: &'l RawValue,
    #[serde(borrow)]
    flag_key: Cow<'l, str>,
    #[serde(rename = "type")]
    kind: Option<WantedType>,
    #[serde(borrow)]
    default_value: Option<&'l RawValue>,
    #[serde(default)]
    context: BTreeMap<String, Value>,
    at: Option<Cow<'l, str>>,
    /// Actions that policies may choose from, and what is known of each.
    #[serde(default)]
    actions: BTreeMap<String, Value>,
}

/// What can be told of a line that is no case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemnantWire<'l> {
    #[serde(borrow, default)]
    id: Option<&'l RawValue>,
    #[serde(borrow, default)]
    flag_key: Option<&'l RawValue>,
    #[serde(borrow, default)]
    default_value: Option<&'l RawValue>,
}

/// An answer and the case it belongs to.
#[derive(Serialize)]
struct Line<'e> {
    id: Option<&'e RawValue>,
    #[serde(flatten)]
    answer: Answer<'e>,
}

/// Answers every line of a file.
pub(super) fn run(
    ruleset: &Ruleset,
    mut moment: Moment,
    path: &Path,
    output: &mut Output,
) -> anyhow::Result<()> {
    let n_bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let bar = progress("cases", n_bytes);
    let mut lines = BufReader::with_capacity(1 << 16, input::open(path)?);
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        if lines.buffer().is_empty() {
            output.flush()?;
        }
        line.clear();
        let n_read = read_line(&mut lines, &mut line)
            .map_err(|error| Fault::unreachable(input::name(path), error))?;
        if n_read == 0 {
            break;
        }
        number += 1;
        bar.inc(n_read);
        let draw = moment.draws.bits();
        let place = Place { number, n_read };
        answer(
            &line,
            place,
            &Asking {
                ruleset,
                moment: &moment,
                draw,
            },
            output,
        )?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Reads to the end of the line, keeping at most [`LINE_BYTES_MAX`] of it; returns how long it was.
fn read_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    let kept = lines
        .by_ref()
        .take(LINE_BYTES_MAX)
        .read_until(b'\n', line)?;
    let mut n_read = kept as u64;
    if n_read == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
        n_read += lines.skip_until(b'\n')? as u64;
    }
    Ok(n_read)
}

/// Which line, and how long it is.
#[derive(Clone, Copy)]
struct Place {
    number: u64,
    n_read: u64,
}

/// What every case is evaluated with.
struct Asking<'a> {
    ruleset: &'a Ruleset,
    moment: &'a Moment,
    draw: u64,
}

fn answer(
    line: &[u8],
    place: Place,
    asking: &Asking<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let case = match read_case(line, place) {
        Ok(case) => case,
        Err(fault) => return refuse(line, &fault, output),
    };
    let default = CallerDefault::from(case.default_value);
    let at = case.at.as_deref().map(UnixMillis::parse).transpose();
    let in_context = |fault: ReadError| ReadError {
        pointer: format!("/context{}", fault.pointer),
        ..fault
    };
    let context = context_from(case.context).map_err(in_context);
    let context = context.and_then(|mut context| {
        offer(&mut context, case.actions.into_iter())?;
        Ok(context)
    });
    let (at, context) = match (at, context) {
        (Ok(at), Ok(context)) => (at, context),
        (Err(_), _) => {
            let detail = format!(
                "line {}: /at: no RFC 3339 time with an offset",
                place.number
            );
            let code = ErrorCode::ParseError;
            return refuse(line, &Refusal { code, detail }, output);
        }
        (_, Err(ReadError { pointer, message })) => {
            let detail = format!("line {}: {pointer}: {message}", place.number);
            let code = ErrorCode::InvalidContext;
            return refuse(line, &Refusal { code, detail }, output);
        }
    };
    let evaluator = asking
        .moment
        .evaluator(asking.ruleset, &context, asking.draw);
    let evaluator = Evaluator {
        at: at.unwrap_or(evaluator.at),
        ..evaluator
    };
    let evaluation = evaluator.evaluate(&case.flag_key);
    let evaluation = match case.kind {
        Some(kind) => kind.expect(evaluation),
        None => evaluation,
    };
    let answer = Answer::new(&evaluation, default);
    output.json_line(&Line {
        id: Some(case.id),
        answer,
    })
}

fn read_case(line: &[u8], place: Place) -> Result<CaseWire<'_>, Refusal> {
    let refusal = |detail: String| Refusal {
        code: ErrorCode::ParseError,
        detail: format!("line {}: {detail}", place.number),
    };
    if place.n_read > LINE_BYTES_MAX {
        let n_read = place.n_read;
        return Err(refusal(format!(
            "{n_read} bytes; at most {LINE_BYTES_MAX} are allowed"
        )));
    }
    let text = std::str::from_utf8(line).map_err(|_| refusal("is not UTF-8 text".to_owned()))?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(refusal("is empty".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| {
        // Each line is a document of one line: only the column says anything.
        let text = error
            .to_string()
            .replace(" at line 1 column ", " at column ");
        refusal(text)
    })
}

/// The answer to a line that is no case, with as much of the case as can be told.
fn refuse(line: &[u8], fault: &Refusal, output: &mut Output) -> anyhow::Result<()> {
    let remnant: Option<RemnantWire<'_>> = serde_json::from_slice(line).ok();
    let (id, key, default) = remnant.map_or((None, None, None), |remnant| {
        (remnant.id, remnant.flag_key, remnant.default_value)
    });
    let key: Option<String> = key.and_then(|key| serde_json::from_str(key.get()).ok());
    let asked = Asked {
        flag_key: key.as_deref(),
        default: default.into(),
    };
    output.json_line(&Line {
        id,
        answer: Answer::refused(fault, asked),
    })
}
