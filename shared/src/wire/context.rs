//! The evaluation context as callers send it, within bounds, so that evaluation is bounded too.
//!
//! Every door takes contexts through here: OFREP, the admin API, the command and the browser's
//! engine. The middleware builds its own, of a request that the runtime bounds.

use super::{ReadError, read_value};
use crate::context::{Action, EvaluationContext, TARGETING_KEY};
use crate::diagnostic::push_token;
use crate::value::Value;

/// Attributes of a context; and members of one object and elements of one list in it.
pub const ATTRIBUTES_MAX: usize = 1_000;

/// Levels of objects and lists inside each other, the context itself among them.
pub const DEPTH_MAX: usize = 32;

/// Bytes of one text, or of one name, in UTF-8.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Bytes of all texts and names together, and eight for each number, truth and null.
pub const CONTEXT_BYTES_MAX: usize = 64 * 1024;

/// Actions that one request may offer to policies, each with a context of its own.
pub const ACTIONS_MAX: usize = 1_000;

/// Bytes that a value without text counts for.
const VALUE_BYTES: usize = 8;

/// The evaluation context in a JSON object: `targetingKey` and any attributes.
///
/// # Errors
/// `ReadError` when the text is no JSON object, or not that of a context; see [`context_from`].
pub fn read_context(text: &str) -> Result<EvaluationContext, ReadError> {
    match read_value(text).map_err(too_deep_to_read)? {
        Value::Object(attributes) => context_from(attributes),
        _ => Err(fault(String::new(), "the context is no object".to_owned())),
    }
}

/// The evaluation context of attributes already read.
///
/// # Errors
/// `ReadError` when `targetingKey` is neither text nor null, or a limit is exceeded:
/// [`ATTRIBUTES_MAX`], [`DEPTH_MAX`], [`TEXT_BYTES_MAX`], [`CONTEXT_BYTES_MAX`].
/// # Examples
/// ```
/// use bandera_shared::wire::read_context;
/// assert!(read_context(r#"{"targetingKey": "ana", "plan": "pro"}"#).is_ok());
/// let long = format!(r#"{{"page": {{"url": "{}"}}}}"#, "a".repeat(20_000));
/// assert_eq!(read_context(&long).unwrap_err().pointer, "/page/url");
/// ```
pub fn context_from<N: AsRef<str>>(
    attributes: impl IntoIterator<Item = (N, Value)>,
) -> Result<EvaluationContext, ReadError> {
    let mut context = EvaluationContext::new();
    let mut room = Room(CONTEXT_BYTES_MAX);
    for (index, (name, value)) in attributes.into_iter().enumerate() {
        let name = name.as_ref();
        if index == ATTRIBUTES_MAX {
            return Err(too_many(String::new(), "attributes"));
        }
        room.name(name, &Inside::Context)?;
        let place = Inside::Member(&Inside::Context, name);
        if name == TARGETING_KEY && !matches!(value, Value::String(_) | Value::Null) {
            let message = "the targeting key must be a string".to_owned();
            return Err(fault(place.pointer(), message));
        }
        room.value(&value, &place, 1)?;
        context.set(name, value);
    }
    Ok(context)
}

/// Offers the actions of a request: names, and an object of attributes for each.
///
/// # Errors
/// `ReadError` with a pointer from `/actions` on: more than [`ACTIONS_MAX`], a name that stands
/// twice, attributes that are no object, or past a limit of a context.
pub fn offer<N: AsRef<str>>(
    context: &mut EvaluationContext,
    actions: impl ExactSizeIterator<Item = (N, Value)>,
) -> Result<(), ReadError> {
    let found = actions.len();
    if found > ACTIONS_MAX {
        let message = format!("{found} actions; at most {ACTIONS_MAX} are allowed: offer fewer");
        return Err(fault("/actions".to_owned(), message));
    }
    for (index, (name, attributes)) in actions.enumerate() {
        let name = name.as_ref();
        let mut pointer = "/actions".to_owned();
        push_token(&mut pointer, beginning(name));
        let Value::Object(attributes) = attributes else {
            let message = "the attributes of an action are an object, which may be empty";
            return Err(fault(pointer, message.to_owned()));
        };
        let attributes = context_from(attributes).map_err(
            |ReadError {
                 pointer: at,
                 message,
             }| {
                ReadError {
                    pointer: format!("{pointer}{at}"),
                    message,
                }
            },
        )?;
        context.offer(Action {
            name: name.into(),
            attributes,
        });
        if context.actions().len() == index {
            return Err(fault(pointer, "the action is offered twice".to_owned()));
        }
    }
    Ok(())
}

/// Where in a context a value is.
enum Inside<'p> {
    Context,
    Member(&'p Inside<'p>, &'p str),
    Element(&'p Inside<'p>, usize),
}

impl Inside<'_> {
    fn pointer(&self) -> String {
        let (mut pointer, token) = match self {
            Self::Context => return String::new(),
            // A name may be as long as the whole context; its beginning leads to it.
            Self::Member(outer, name) => (outer.pointer(), beginning(name).to_owned()),
            Self::Element(outer, index) => (outer.pointer(), index.to_string()),
        };
        push_token(&mut pointer, &token);
        pointer
    }
}

/// The first characters of a name.
fn beginning(name: &str) -> &str {
    let end = name
        .char_indices()
        .nth(100)
        .map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or(name)
}

/// Bytes that the context may still take.
struct Room(usize);

impl Room {
    fn take(&mut self, bytes: usize, place: &Inside<'_>) -> Result<(), ReadError> {
        let left = self.0.checked_sub(bytes);
        self.0 = left.ok_or_else(|| {
            let message = format!(
                "up to here the context has more than {CONTEXT_BYTES_MAX} bytes, which is all that \
                 is allowed: leave out what no flag asks for"
            );
            fault(place.pointer(), message)
        })?;
        Ok(())
    }

    fn name(&mut self, name: &str, outer: &Inside<'_>) -> Result<(), ReadError> {
        self.text(name, &Inside::Member(outer, name))
    }

    fn text(&mut self, text: &str, place: &Inside<'_>) -> Result<(), ReadError> {
        let found = text.len();
        if found > TEXT_BYTES_MAX {
            let message = format!(
                "a text of {found} bytes; at most {TEXT_BYTES_MAX} are allowed: send what flags \
                 ask for, or a hash of it"
            );
            return Err(fault(place.pointer(), message));
        }
        self.take(found, place)
    }

    /// `depth`: levels around the value.
    fn value(&mut self, value: &Value, place: &Inside<'_>, depth: usize) -> Result<(), ReadError> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.take(VALUE_BYTES, place),
            Value::String(text) => self.text(text, place),
            Value::List(_) | Value::Object(_) if depth == DEPTH_MAX => {
                Err(fault(place.pointer(), too_deep()))
            }
            Value::List(items) => {
                if items.len() > ATTRIBUTES_MAX {
                    return Err(too_many(place.pointer(), "elements of a list"));
                }
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, item)| {
                    self.value(item, &Inside::Element(place, index), depth + 1)
                })
            }
            Value::Object(members) => {
                if members.len() > ATTRIBUTES_MAX {
                    return Err(too_many(place.pointer(), "members of an object"));
                }
                members.iter().try_for_each(|(name, member)| {
                    self.name(name, place)?;
                    self.value(member, &Inside::Member(place, name), depth + 1)
                })
            }
        }
    }
}

/// What is wrong with something nested too deeply.
#[must_use]
pub fn too_deep() -> String {
    format!(
        "objects and lists are nested in more than {DEPTH_MAX} levels, which is all that is \
         allowed: send the members that flags ask for as attributes"
    )
}

fn too_many(pointer: String, what: &str) -> ReadError {
    let message = format!(
        "more than {ATTRIBUTES_MAX} {what}, which is all that is allowed: leave out what no flag \
         asks for"
    );
    fault(pointer, message)
}

/// The parser gives up on its own account where nesting goes far beyond our limit.
fn too_deep_to_read(error: ReadError) -> ReadError {
    if is_recursion(&error.message) {
        return fault(String::new(), too_deep());
    }
    error
}

/// Whether a parser's message says that it gave up on nesting.
#[must_use]
pub fn is_recursion(message: &str) -> bool {
    message.starts_with("recursion limit exceeded")
}

fn fault(pointer: String, message: String) -> ReadError {
    ReadError { pointer, message }
}

#[cfg(test)]
mod tests;
