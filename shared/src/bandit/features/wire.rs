//! The JSON form of features inside a bandit's policy, and the checks that make it a
//! [`FeatureSpec`].

use serde::Deserialize;

use super::{FEATURES_MAX, Feature, FeatureSpec, width};
use crate::bandit::KEY_BYTES_MAX;
use crate::bandit::wire::{BanditFault, fault};
use crate::context::Attribute;
use crate::wire::condition::AttributeWire;

/// A feature as written; which members it has depends on its kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeatureWire {
    /// What is made of the attribute.
    pub kind: FeatureKindWire,
    /// What is looked at; all but crossed features.
    #[serde(default)]
    pub attribute: Option<AttributeWire>,
    /// What becomes -1; numeric features only.
    #[serde(default)]
    pub min: Option<f64>,
    /// What becomes 1; numeric features only.
    #[serde(default)]
    pub max: Option<f64>,
    /// What stands for an absent number; the middle where absent. Numeric features only.
    #[serde(default)]
    pub missing: Option<f64>,
    /// Where a new interval begins, rising; steps only.
    #[serde(default)]
    pub bounds: Option<Vec<f64>>,
    /// Values that are told apart; one-hot features only.
    #[serde(default)]
    pub categories: Option<Vec<String>>,
    /// How many places values are hashed into; hashed features only.
    #[serde(default)]
    pub places: Option<u32>,
    /// Positions of the two earlier features that are multiplied, from 0; crossed features only.
    #[serde(default)]
    pub of: Option<Vec<usize>>,
}

/// What is made of an attribute, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FeatureKindWire {
    /// A number brought to -1..=1.
    Numeric,
    /// The interval that a number lies in.
    Steps,
    /// A declared category.
    OneHot,
    /// A place by hash.
    Hashed,
    /// Products of two features.
    Crossed,
}

impl FeatureWire {
    /// The first member that its kind does not have.
    fn stray(&self) -> Option<&'static str> {
        use FeatureKindWire::{Crossed, Hashed, Numeric, OneHot, Steps};
        let kind = self.kind;
        let present = [
            ("attribute", self.attribute.is_some(), kind != Crossed),
            ("min", self.min.is_some(), kind == Numeric),
            ("max", self.max.is_some(), kind == Numeric),
            ("missing", self.missing.is_some(), kind == Numeric),
            ("bounds", self.bounds.is_some(), kind == Steps),
            ("categories", self.categories.is_some(), kind == OneHot),
            ("places", self.places.is_some(), kind == Hashed),
            ("of", self.of.is_some(), kind == Crossed),
        ];
        let mut strays = present
            .iter()
            .filter(|(_, is_there, may)| *is_there && !may);
        strays.next().map(|(name, ..)| *name)
    }
}

/// Where faults of features point to.
const FEATURES: &str = "/policy/features";

/// Checks the features of a bandit.
///
/// # Errors
/// The first `BanditFault`: a member that is absent or out of place, a value outside its bounds, or
/// more numbers than [`FEATURES_MAX`].
pub fn from_wire(wires: &[FeatureWire]) -> Result<FeatureSpec, BanditFault> {
    let mut features: Vec<Feature> = Vec::new();
    for (place, wire) in wires.iter().enumerate() {
        let feature = feature_from_wire(&format!("{FEATURES}/{place}"), wire, &features)?;
        features.push(feature);
        let n_features = width(&features);
        if n_features > FEATURES_MAX {
            let message = format!(
                "features 0 to {place} make {n_features} numbers of a context; at most \
                 {FEATURES_MAX} are allowed: declare fewer categories, places or crossings"
            );
            return Err(fault(format!("{FEATURES}/{place}"), message));
        }
    }
    FeatureSpec::new(features).ok_or_else(no_feature)
}

/// A contextual policy that looks at nothing.
pub(in crate::bandit) fn no_feature() -> BanditFault {
    let message = "a contextual policy declares at least one feature; without any, leave out \
                   \"policy\" or name the kind \"thompson\"";
    fault(FEATURES, message)
}

fn feature_from_wire(
    pointer: &str,
    wire: &FeatureWire,
    earlier: &[Feature],
) -> Result<Feature, BanditFault> {
    let at = |member: &str| format!("{pointer}/{member}");
    if let Some(stray) = wire.stray() {
        return Err(fault(at(stray), "this kind of feature has no such member"));
    }
    let attribute = || {
        let named = wire.attribute.as_ref();
        let named = named.map(|AttributeWire(attribute)| attribute.clone());
        named.ok_or_else(|| fault(pointer, "the feature names no \"attribute\""))
    };
    match wire.kind {
        FeatureKindWire::Numeric => numeric(pointer, wire, attribute()?),
        FeatureKindWire::Steps => {
            let bounds = wire.bounds.clone().unwrap_or_default();
            let rising = bounds.iter().zip(bounds.iter().skip(1)).all(|(a, b)| a < b);
            if bounds.is_empty() || !rising || !bounds.iter().all(|bound| bound.is_finite()) {
                return Err(fault(
                    at("bounds"),
                    "a rising list of one finite number or more",
                ));
            }
            Ok(Feature::Steps {
                attribute: attribute()?,
                bounds: bounds.into(),
            })
        }
        FeatureKindWire::OneHot => {
            let categories = wire.categories.clone().unwrap_or_default();
            let is_known = |(i, one): (usize, &String)| {
                one.len() > KEY_BYTES_MAX || categories.iter().take(i).any(|other| other == one)
            };
            if categories.is_empty() || categories.iter().enumerate().any(is_known) {
                let message = format!(
                    "a list of one value or more, each once and at most {KEY_BYTES_MAX} bytes long"
                );
                return Err(fault(at("categories"), message));
            }
            Ok(Feature::OneHot {
                attribute: attribute()?,
                categories: categories.into_iter().map(String::into_boxed_str).collect(),
            })
        }
        FeatureKindWire::Hashed => match wire.places {
            Some(places) if (2..=FEATURES_MAX as u32).contains(&places) => Ok(Feature::Hashed {
                attribute: attribute()?,
                places,
            }),
            _ => Err(fault(
                at("places"),
                format!("a number from 2 to {FEATURES_MAX}"),
            )),
        },
        FeatureKindWire::Crossed => match wire.of.as_deref() {
            Some([left, right]) if left < right && *right < earlier.len() => Ok(Feature::Crossed {
                left: *left,
                right: *right,
            }),
            _ => Err(fault(
                at("of"),
                "rising positions of two features listed before this one",
            )),
        },
    }
}

fn numeric(
    pointer: &str,
    wire: &FeatureWire,
    attribute: Attribute,
) -> Result<Feature, BanditFault> {
    let bounds = wire.min.zip(wire.max);
    let sound = |(min, max): &(f64, f64)| min < max && min.is_finite() && (max - min).is_finite();
    let (min, max) = bounds.filter(sound).ok_or_else(|| {
        let message = "a numeric feature declares \"min\" and \"max\", min below max, both finite";
        fault(pointer, message)
    })?;
    let missing = wire.missing.unwrap_or(min + (max - min) / 2.0);
    if !missing.is_finite() {
        return Err(fault(format!("{pointer}/missing"), "a finite number"));
    }
    Ok(Feature::Numeric {
        attribute,
        min,
        max,
        missing,
    })
}
