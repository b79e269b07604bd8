//! GO Feature Flag: queries in two languages, and rollouts that follow the time.

mod judge;
mod query;
mod rollout;
#[cfg(test)]
mod tests;
mod token;

use super::flagd::Logic;
use super::{ForeignTest, Source, View};
use crate::context::Attribute;
use crate::dialect::{Unfit, unfit};
use crate::evaluation::Failure;
use crate::truth::Truth;
use crate::value::Value;
use query::Query;
use rollout::Rollout;
use std::sync::Arc;

/// `query` and `jsonlogic` test a context, `progressive` a subject's place in a rollout, `text`
/// whether an attribute can tell subjects apart.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    match &*source.op {
        "query" => {
            let text = source.value.as_str().ok_or("a query is a text")?;
            Ok(Arc::new(Asked(Query::read(text)?)))
        }
        "jsonlogic" => Ok(Arc::new(Worked(Logic::read(&source.value)?))),
        "progressive" => Ok(Arc::new(Rollout::new(source)?)),
        "text" => {
            let attribute = source.attribute.clone();
            let attribute = attribute.ok_or("\"text\" looks at an attribute")?;
            Ok(Arc::new(Text(attribute)))
        }
        other => Err(unfit!("\"{other}\" is nothing GO Feature Flag asks")),
    }
}

#[derive(Debug)]
struct Asked(Query);

impl ForeignTest for Asked {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        Ok((self.0.holds(view.context) == Ok(true)).into())
    }
}

#[derive(Debug)]
struct Worked(Logic);

impl ForeignTest for Worked {
    /// An expression that cannot be worked out holds for nobody.
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let mut context = view.context.clone();
        for name in judge::GIVEN {
            if let Some(value) = judge::given(name, view.context) {
                context.set(name, value);
            }
        }
        let truth = self.0.is_true(&context, view.at);
        Ok(truth.unwrap_or(false).into())
    }
}

/// The attribute is a text that is not empty.
#[derive(Debug)]
struct Text(Attribute);

impl ForeignTest for Text {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let text = view.context.get(&self.0).and_then(Value::as_str);
        Ok(text.is_some_and(|text| !text.is_empty()).into())
    }
}
