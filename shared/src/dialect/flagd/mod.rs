//! flagd: an expression in `JSONLogic`, with operators of its own, names the variant to serve.
//!
//! The file format has one expression language and three ways to bucket subjects, which the files
//! do not name: `flagd/1`, `flagd/2` and `flagd/3`. A source's `op` is the key of the flag, which
//! the expression can ask for and which bucketing uses; its value is the expression.

mod calculate;
mod cbor;
mod each;
mod fractional;
mod logic;
mod run;
#[cfg(test)]
mod tests;
mod version;

use super::{ForeignProgram, Source, View};
use crate::context::EvaluationContext;
use crate::dialect::Unfit;
use crate::evaluation::Failure;
use crate::time::UnixMillis;
use crate::value::Value;
use fractional::Hash;
use logic::{Language, Node};
use run::{Data, Run, STEPS_MAX, is_true};
use std::cell::Cell;
use std::sync::Arc;

/// An expression ready to be worked out.
#[derive(Debug)]
struct Program {
    hash: Hash,
    flag_key: Value,
    expression: Node,
}

pub(super) fn program(source: &Source) -> Result<Arc<dyn ForeignProgram>, Unfit> {
    let hash = match &*source.dialect {
        "flagd/1" => Hash::Percentage,
        "flagd/3" => Hash::Cbor,
        _ => Hash::Integer,
    };
    Ok(Arc::new(Program {
        hash,
        flag_key: Value::from(&*source.op),
        expression: Node::read(&source.value, Language::Flagd)?,
    }))
}

impl ForeignProgram for Program {
    /// Null leaves the flag to its default; a boolean or a number names a variant by its text.
    fn variant(&self, view: &View<'_>) -> Result<Option<Box<str>>, Box<Failure>> {
        let run = Run {
            hash: self.hash,
            flag_key: &self.flag_key,
            context: view.context,
            at: view.at,
            left: Cell::new(STEPS_MAX),
        };
        let named = run.work(&self.expression, Data::Context)?;
        Ok(match &*named {
            Value::Null => None,
            Value::String(name) => Some((**name).into()),
            // Of structures the JSON text without its quotes, which names a variant hardly ever.
            other => Some(other.to_string().replace('"', "").into()),
        })
    }
}

/// An expression in `JSONLogic` that is true or not, for systems that speak it without flagd's
/// words.
#[derive(Debug)]
pub(super) struct Logic(Node);

impl Logic {
    /// The expression that is written.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn read(written: &Value) -> Result<Self, Unfit> {
        Node::read(written, Language::Plain).map(Self)
    }

    /// Whether it comes to something true.
    ///
    /// # Errors
    /// `Failure` when it takes too many steps.
    pub(super) fn is_true(
        &self,
        context: &EvaluationContext,
        at: UnixMillis,
    ) -> Result<bool, Box<Failure>> {
        let run = Run {
            hash: Hash::Integer,
            flag_key: &Value::Null,
            context,
            at,
            left: Cell::new(STEPS_MAX),
        };
        Ok(is_true(&*run.work(&self.0, Data::Context)?))
    }
}
