//! What the numbers of a vector stand for, in words: the segments that a bandit tells apart.

use super::{Feature, FeatureSpec};
use crate::context::Attribute;

/// A part of all contexts, known by one number of the vector, which is 1 in it and 0 elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Which number, from 0.
    pub place: usize,
    /// What its contexts have in common, such as `device = mobile, daytime = evening`.
    pub name: String,
}

/// An attribute that a bandit looks at, and what it makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Input<'s> {
    /// The attribute.
    pub attribute: &'s Attribute,
    /// What is looked at.
    pub kind: InputKind<'s>,
}

/// What a bandit looks at in an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum InputKind<'s> {
    /// A number, of these bounds where it is cut there.
    Number(Option<(f64, f64)>),
    /// One of these texts.
    Category(&'s [Box<str>]),
    /// Any text, by its hash.
    Text,
}

impl FeatureSpec {
    /// The segments that single numbers stand for, in the order of the vector: categories, steps
    /// of a number, and what crosses these. A hash stands for no text in particular, and a number
    /// for no segment.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment> {
        let numbered = self.numbers().into_iter().enumerate();
        let segments = numbered.filter(|(_, number)| number.is_segment);
        segments
            .map(|(place, Number { name, .. })| Segment { place, name })
            .collect()
    }

    /// What each number of a vector is, in words.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let numbers = self.numbers().into_iter();
        numbers.map(|number| number.name).collect()
    }

    fn numbers(&self) -> Vec<Number> {
        let mut numbers: Vec<Vec<Number>> = Vec::with_capacity(self.features.len());
        for feature in &self.features {
            numbers.push(feature.numbers(&numbers));
        }
        numbers.into_iter().flatten().collect()
    }

    /// Each attribute that is looked at, once, in the order of the features.
    #[must_use]
    pub fn inputs(&self) -> Vec<Input<'_>> {
        let mut inputs: Vec<Input<'_>> = Vec::new();
        for feature in &self.features {
            if let Some(input) = feature.input()
                && inputs
                    .iter()
                    .all(|known| known.attribute != input.attribute)
            {
                inputs.push(input);
            }
        }
        inputs
    }
}

/// What one number of a vector is.
struct Number {
    name: String,
    /// Whether it is 1 in a segment and 0 elsewhere.
    is_segment: bool,
}

impl Number {
    fn segment(name: String) -> Self {
        Self {
            name,
            is_segment: true,
        }
    }
}

impl Feature {
    /// What each of its numbers is; `before` are those of earlier features.
    fn numbers(&self, before: &[Vec<Number>]) -> Vec<Number> {
        match self {
            Self::Numeric { attribute, .. } => vec![Number {
                name: attribute.to_string(),
                is_segment: false,
            }],
            Self::Hashed { attribute, places } => {
                let number = |place| Number {
                    name: format!("{attribute} in place {place} of {places}"),
                    is_segment: false,
                };
                (1..=*places).map(number).collect()
            }
            Self::OneHot {
                attribute,
                categories,
            } => {
                let name = |category| Number::segment(format!("{attribute} = {category}"));
                categories.iter().map(name).collect()
            }
            Self::Steps { attribute, bounds } => {
                let after = bounds.iter().map(Some).chain([None]);
                let steps = [None].into_iter().chain(bounds.iter().map(Some)).zip(after);
                let name = |(from, to): (Option<&f64>, Option<&f64>)| match (from, to) {
                    (Some(from), Some(to)) => format!("{attribute} from {from} to {to}"),
                    (Some(from), None) => format!("{attribute} from {from}"),
                    (None, Some(to)) => format!("{attribute} below {to}"),
                    (None, None) => format!("{attribute} is a number"),
                };
                steps.map(name).map(Number::segment).collect()
            }
            Self::Crossed { left, right } => {
                let of = |place: usize| before.get(place).map_or(&[][..], Vec::as_slice);
                let both = |a: &Number, b: &Number| Number {
                    name: format!("{}, {}", a.name, b.name),
                    is_segment: a.is_segment && b.is_segment,
                };
                let lefts = of(*left).iter();
                lefts
                    .flat_map(|a| of(*right).iter().map(move |b| both(a, b)))
                    .collect()
            }
        }
    }

    fn input(&self) -> Option<Input<'_>> {
        let (attribute, kind) = match self {
            Self::Numeric {
                attribute,
                min,
                max,
                ..
            } => (attribute, InputKind::Number(Some((*min, *max)))),
            Self::Steps { attribute, .. } => (attribute, InputKind::Number(None)),
            Self::OneHot {
                attribute,
                categories,
            } => (attribute, InputKind::Category(categories)),
            Self::Hashed { attribute, .. } => (attribute, InputKind::Text),
            Self::Crossed { .. } => return None,
        };
        Some(Input { attribute, kind })
    }
}

#[cfg(test)]
mod tests {
    use crate::bandit::features::wire::{FeatureWire, from_wire};

    #[test]
    fn numbers_are_named_in_their_order() {
        let declared = r#"[
            {"kind": "oneHot", "attribute": "device", "categories": ["desktop", "mobile"]},
            {"kind": "numeric", "attribute": "price", "min": 0, "max": 9},
            {"kind": "steps", "attribute": "age", "bounds": [18, 30]},
            {"kind": "hashed", "attribute": "city", "places": 3},
            {"kind": "crossed", "of": [0, 2]},
            {"kind": "crossed", "of": [0, 1]}
        ]"#;
        let wires: Vec<FeatureWire> = serde_json::from_str(declared).unwrap();
        let spec = from_wire(&wires).unwrap();
        let found = spec.segments();
        let named: Vec<(usize, &str)> = found.iter().map(|s| (s.place, &*s.name)).collect();
        let expected = [
            (0, "device = desktop"),
            (1, "device = mobile"),
            (3, "age below 18"),
            (4, "age from 18 to 30"),
            (5, "age from 30"),
            (9, "device = desktop, age below 18"),
            (10, "device = desktop, age from 18 to 30"),
            (11, "device = desktop, age from 30"),
            (12, "device = mobile, age below 18"),
            (13, "device = mobile, age from 18 to 30"),
            (14, "device = mobile, age from 30"),
        ];
        assert_eq!(named, expected);
        assert_eq!(spec.n_features(), 17);
        let names = spec.names();
        assert_eq!(names.len(), 17);
        let told = [&names[2], &names[3], &names[7], &names[16]];
        let expected = [
            "price",
            "age below 18",
            "city in place 2 of 3",
            "device = mobile, price",
        ];
        assert_eq!(told, expected);
        let inputs = spec.inputs();
        let attributes: Vec<String> = inputs.iter().map(|it| it.attribute.to_string()).collect();
        assert_eq!(attributes, ["device", "price", "age", "city"]);
    }
}
