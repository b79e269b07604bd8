//! What a contextual bandit looks at: numbers made of an evaluation context, and of an action where
//! the request offers those, by declaration.
//!
//! Every number is a whole multiple of 1 / [`ONE`], so that the vector a decision was made from is
//! bit for bit the vector that its receipt carries and its reward is learned from, and so that sums
//! over decisions do not depend on their order. This is not a policy: see
//! [`crate::policy::linear`].

mod segments;
pub mod wire;

pub use segments::{Input, InputKind, Segment};

use std::borrow::Cow;

use crate::context::{Action, Attribute, EvaluationContext};
use crate::value::Value;

/// Most numbers that a context is made into.
pub const FEATURES_MAX: usize = 64;
/// What stands for 1 in a vector: numbers lie in -1..=1, in steps of 1 / 4,096.
pub const ONE: i16 = 1 << 12;
/// The kind of entity whose attributes are those of an action that the request offers.
pub const ACTION: &str = "action";

/// One declared feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Feature {
    /// A number between two bounds, brought to -1..=1 and cut there.
    Numeric {
        attribute: Attribute,
        min: f64,
        max: f64,
        /// Stands for what is absent or no number.
        missing: f64,
    },
    /// A one for the interval that the number lies in; zeros for what is no number.
    Steps {
        attribute: Attribute,
        bounds: Box<[f64]>,
    },
    /// A one for the category; zeros for any other value.
    OneHot {
        attribute: Attribute,
        categories: Box<[Box<str>]>,
    },
    /// A one in the place that the value's hash points to; zeros for what is absent.
    Hashed { attribute: Attribute, places: u32 },
    /// Every product of a number of one earlier feature and one of another.
    Crossed { left: usize, right: usize },
}

/// The features of a bandit, checked by [`wire`].
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureSpec {
    features: Box<[Feature]>,
    n_features: usize,
    fingerprint: u32,
    /// A bit for each feature, the first one lowest: whether it looks at an action.
    of_action: u64,
}

/// Numbers that a context was made into, and the declaration they follow; empty for bandits that
/// look at no context.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ContextVector {
    spec: u32,
    values: Box<[i16]>,
}

impl ContextVector {
    /// The vector of these numbers; `None` for more than [`FEATURES_MAX`], or one beyond
    /// -[`ONE`]..=[`ONE`], or a declaration without numbers.
    #[must_use]
    pub fn new(spec: u32, values: impl Into<Box<[i16]>>) -> Option<Self> {
        let values = values.into();
        let is_sound = values.len() <= FEATURES_MAX
            && values.iter().all(|value| (-ONE..=ONE).contains(value))
            && (spec == 0 || !values.is_empty());
        is_sound.then_some(Self { spec, values })
    }

    /// The [`FeatureSpec::fingerprint`] that the numbers follow.
    #[must_use]
    pub fn spec(&self) -> u32 {
        self.spec
    }

    /// The numbers, in parts of [`ONE`].
    #[must_use]
    pub fn values(&self) -> &[i16] {
        &self.values
    }

    /// Whether nothing was looked at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The bytes that a decision is identified by; two's complement, little endian.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.spec.to_le_bytes().to_vec();
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// The vector of these bytes; `None` for any that [`Self::bytes`] does not write.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (spec, rest) = bytes.split_first_chunk()?;
        let (values, odd) = rest.as_chunks();
        let values: Vec<i16> = values
            .iter()
            .map(|value| i16::from_le_bytes(*value))
            .collect();
        Self::new(u32::from_le_bytes(*spec), values).filter(|_| odd.is_empty())
    }
}

impl FeatureSpec {
    /// The declaration of these features; `None` where they make no number or more than
    /// [`FEATURES_MAX`], or where one crosses what does not come before it.
    #[must_use]
    pub(crate) fn new(features: Vec<Feature>) -> Option<Self> {
        let crosses = |(place, feature): (usize, &Feature)| match feature {
            Feature::Crossed { left, right } => left < right && *right < place,
            _ => true,
        };
        let n_features = width(&features);
        if !(1..=FEATURES_MAX).contains(&n_features) || !features.iter().enumerate().all(crosses) {
            return None;
        }
        let mut described = vec![1];
        let mut of_action = 0;
        // No feature is without a number, so there are bits for all of them.
        for (place, feature) in features.iter().enumerate() {
            feature.describe(&mut described);
            let looks = match feature {
                Feature::Crossed { left, right } => (of_action >> left | of_action >> right) & 1,
                _ => u64::from(feature.attribute().is_some_and(is_of_action)),
            };
            of_action |= looks << place;
        }
        Some(Self {
            // Zero stands for no features at all.
            fingerprint: (xxhash_rust::xxh3::xxh3_64(&described) as u32).max(1),
            features: features.into(),
            n_features,
            of_action,
        })
    }

    /// The declaration of which no more is known: all that learning needs.
    #[must_use]
    pub(crate) fn known_by(n_features: usize, fingerprint: u32) -> Option<Self> {
        let is_sound = (1..=FEATURES_MAX).contains(&n_features) && fingerprint != 0;
        is_sound.then(|| Self {
            features: Box::default(),
            n_features,
            fingerprint,
            of_action: 0,
        })
    }

    /// What is declared.
    pub(crate) fn features(&self) -> &[Feature] {
        &self.features
    }

    /// How many numbers a context is made into, 1 to [`FEATURES_MAX`].
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Tells declarations apart: numbers of one mean nothing under another.
    #[must_use]
    pub fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// Whether a feature looks at an action.
    #[must_use]
    pub fn looks_at_actions(&self) -> bool {
        self.of_action != 0
    }

    /// Attributes that the features look at.
    pub fn attributes(&self) -> impl Iterator<Item = (usize, &Attribute)> {
        let numbered = self.features.iter().enumerate();
        numbered.filter_map(|(place, feature)| Some((place, feature.attribute()?)))
    }

    /// The numbers of a context; what looks at an action finds nothing.
    ///
    /// # Determinism
    /// `+ - * /` on doubles and rounding to the nearest step: the same bits natively and in wasm.
    #[must_use]
    pub fn vector(&self, context: &EvaluationContext) -> ContextVector {
        let (values, _) = self.values(context);
        self.made(values)
    }

    /// The numbers of a context with each of these actions; those of the context alone are made
    /// once.
    ///
    /// # Determinism
    /// As [`Self::vector`].
    #[must_use]
    pub fn vectors(&self, context: &EvaluationContext, actions: &[&Action]) -> Vec<ContextVector> {
        let (known, ends) = self.values(context);
        let with = |action: &&Action| {
            let view = View {
                context,
                action: Some(&action.attributes),
            };
            let mut values: Vec<i16> = Vec::with_capacity(self.n_features);
            for ((place, feature), end) in self.features.iter().enumerate().zip(&ends) {
                if self.of_action >> place & 1 == 1 {
                    feature.append(view, &ends, &mut values);
                } else {
                    values.extend(known.get(values.len()..*end).unwrap_or_default());
                }
            }
            self.made(values)
        };
        actions.iter().map(with).collect()
    }

    /// The numbers of a context, and where those of each feature end.
    fn values(&self, context: &EvaluationContext) -> (Vec<i16>, Vec<usize>) {
        let action = None;
        let mut values: Vec<i16> = Vec::with_capacity(self.n_features);
        let mut ends = Vec::with_capacity(self.features.len());
        for feature in &self.features {
            feature.append(View { context, action }, &ends, &mut values);
            ends.push(values.len());
        }
        (values, ends)
    }

    fn made(&self, values: Vec<i16>) -> ContextVector {
        ContextVector {
            spec: self.fingerprint,
            values: values.into(),
        }
    }
}

/// What features look at.
#[derive(Clone, Copy)]
struct View<'v> {
    context: &'v EvaluationContext,
    action: Option<&'v EvaluationContext>,
}

impl<'v> View<'v> {
    fn get(self, attribute: &Attribute) -> Option<&'v Value> {
        if is_of_action(attribute) {
            return self.action?.own(attribute);
        }
        self.context.get(attribute)
    }
}

fn is_of_action(attribute: &Attribute) -> bool {
    attribute.kind() == Some(ACTION)
}

/// How many numbers features make.
fn width(features: &[Feature]) -> usize {
    let mut widths: Vec<usize> = Vec::with_capacity(features.len());
    for feature in features {
        widths.push(feature.width(&widths));
    }
    widths.into_iter().fold(0, usize::saturating_add)
}

impl Feature {
    /// How many numbers it is made into; `widths` are those of the features before it.
    fn width(&self, widths: &[usize]) -> usize {
        match self {
            Self::Numeric { .. } => 1,
            Self::Steps { bounds, .. } => bounds.len() + 1,
            Self::OneHot { categories, .. } => categories.len(),
            Self::Hashed { places, .. } => *places as usize,
            Self::Crossed { left, right } => {
                let width = |place: usize| widths.get(place).copied().unwrap_or_default();
                width(*left).saturating_mul(width(*right))
            }
        }
    }

    /// What it looks at; all but crossed features.
    fn attribute(&self) -> Option<&Attribute> {
        match self {
            Self::Numeric { attribute, .. }
            | Self::Steps { attribute, .. }
            | Self::OneHot { attribute, .. }
            | Self::Hashed { attribute, .. } => Some(attribute),
            Self::Crossed { .. } => None,
        }
    }

    fn append(&self, view: View<'_>, ends: &[usize], values: &mut Vec<i16>) {
        match self {
            Self::Numeric {
                attribute,
                min,
                max,
                missing,
            } => {
                let number = view.get(attribute).and_then(number_of);
                values.push(scaled(number.unwrap_or(*missing), *min, *max));
            }
            Self::Steps { attribute, bounds } => {
                let number = view.get(attribute).and_then(number_of);
                let step = |number| bounds.iter().filter(|bound| **bound <= number).count();
                one_of(values, bounds.len() + 1, number.map(step));
            }
            Self::OneHot {
                attribute,
                categories,
            } => {
                let text = view.get(attribute).and_then(text_of);
                let place = |text: Cow<'_, str>| categories.iter().position(|it| **it == *text);
                one_of(values, categories.len(), text.and_then(place));
            }
            Self::Hashed { attribute, places } => {
                let text = view.get(attribute).and_then(text_of);
                let place = |text: Cow<'_, str>| {
                    let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
                    ((u128::from(hash) * u128::from(*places)) >> 64) as usize
                };
                one_of(values, *places as usize, text.map(place));
            }
            Self::Crossed { left, right } => {
                let part = |place: usize| {
                    let start = place.checked_sub(1).and_then(|before| ends.get(before));
                    let end = ends.get(place).copied().unwrap_or_default();
                    start.copied().unwrap_or_default()..end
                };
                for a in part(*left) {
                    for b in part(*right) {
                        let at = |place: usize| values.get(place).copied().unwrap_or_default();
                        let product = i32::from(at(a)) * i32::from(at(b)) / i32::from(ONE);
                        values.push(product as i16);
                    }
                }
            }
        }
    }

    /// What the fingerprint is taken of.
    fn describe(&self, into: &mut Vec<u8>) {
        let mut number = |tag: u8, numbers: &[f64]| {
            into.push(tag);
            into.extend((numbers.len() as u32).to_le_bytes());
            into.extend(
                numbers
                    .iter()
                    .flat_map(|number| number.to_bits().to_le_bytes()),
            );
        };
        let attribute = match self {
            Self::Numeric {
                attribute,
                min,
                max,
                missing,
            } => {
                number(b'n', &[*min, *max, *missing]);
                attribute
            }
            Self::Steps { attribute, bounds } => {
                number(b's', bounds);
                attribute
            }
            Self::OneHot {
                attribute,
                categories,
            } => {
                number(b'o', &[categories.len() as f64]);
                for category in categories {
                    into.extend(category.as_bytes());
                    into.push(0);
                }
                attribute
            }
            Self::Hashed { attribute, places } => {
                number(b'h', &[f64::from(*places)]);
                attribute
            }
            Self::Crossed { left, right } => {
                number(b'c', &[*left as f64, *right as f64]);
                return;
            }
        };
        into.extend(attribute.to_string().as_bytes());
        into.push(0);
    }
}

/// `2 (x - min) / (max - min) - 1`, cut at -1 and 1, in the nearest whole parts of [`ONE`].
fn scaled(x: f64, min: f64, max: f64) -> i16 {
    let share = (x - min) / (max - min);
    let value = (2.0 * share - 1.0).clamp(-1.0, 1.0);
    libm::rint(value * f64::from(ONE)) as i16
}

fn one_of(values: &mut Vec<i16>, n: usize, place: Option<usize>) {
    let start = values.len();
    values.resize(start + n, 0);
    if let Some(value) = place.and_then(|place| values.get_mut(start + place)) {
        *value = ONE;
    }
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number.as_f64()),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        _ => None,
    }
}

/// The text that categories and hashes compare: of a number what JavaScript prints.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
