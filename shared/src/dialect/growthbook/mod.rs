//! `GrowthBook`: conditions in the manner of Mongo, and pages by their address.
//!
//! | op | looks at | works with |
//! | --- | --- | --- |
//! | `condition` | all attributes | a whole condition |
//! | `is` | one attribute | a value to equal, or an object of operators |
//! | `$gt`, `$in`, ... | one attribute | what that operator works with |
//! | `urls` | one attribute | a list of patterns of addresses |
//!
//! What the system cannot read never holds, as there; nothing here fails.

mod address;
mod check;
mod condition;
mod list;
mod page;
#[cfg(test)]
mod tests;
mod version;

use super::{ForeignTest, Source, View};
use crate::dialect::{Unfit, unfit};
use crate::evaluation::Failure;
use crate::truth::Truth;
use check::Check;
use condition::{Condition, Path, Root};
use page::Pages;
use std::sync::Arc;

/// The condition that a source means.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let value = &source.value;
    let op = &*source.op;
    let meant = match (op, &source.attribute) {
        ("condition", None) => Meant::Condition(Condition::read(value)),
        ("condition", Some(_)) => return Err("a condition names its attributes itself".into()),
        (_, None) => return Err(unfit!("\"{op}\" needs an attribute")),
        ("is", Some(attribute)) => Meant::Value(Path::to(attribute), Check::read(value)),
        ("urls", Some(attribute)) => Meant::Page(Path::to(attribute), Pages::read(value)),
        (op, Some(attribute)) if op.starts_with('$') => {
            Meant::Value(Path::to(attribute), Check::operator(op, value))
        }
        _ => return Err(unfit!("\"{op}\" is no operator of GrowthBook")),
    };
    Ok(Arc::new(meant))
}

/// What a source means.
#[derive(Debug)]
enum Meant {
    Condition(Condition),
    Value(Path, Check),
    Page(Path, Pages),
}

impl ForeignTest for Meant {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let root = Root::Context(view.context);
        let holds = match self {
            Self::Condition(condition) => condition.holds(root),
            Self::Value(path, check) => check.holds(&path.find(root)),
            Self::Page(path, pages) => pages.contain(&path.find(root)),
        };
        Ok(holds.into())
    }
}
