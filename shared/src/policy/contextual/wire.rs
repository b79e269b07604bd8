//! A contextual policy as JSON.
//!
//! Short forms name a policy and its one parameter, `{"policy": "linucb", "alpha": 0.5}`; the long
//! form is `{"policy": "aggregate", "learners": [...], "exploration": {...}, ...}`.

use super::REPLICAS_MAX;
use super::bootstrap::BootstrapSpec;
use super::drift::DriftSpec;
use super::explore::Exploration;
use super::features::Features;
use super::learner::{LearnerSpec, Link, Spread};
use super::spec::ContextualSpec;
use crate::bandit::PARTS;
use serde::Deserialize;
use std::fmt;

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidSpec {
    /// It is not JSON of the right form.
    Form(Box<str>),
    /// A number is outside its bounds.
    Number {
        /// The member.
        member: &'static str,
        /// What it must be.
        bounds: &'static str,
    },
}

impl fmt::Display for InvalidSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(cause) => f.write_str(cause),
            Self::Number { member, bounds } => write!(f, "\"{member}\" must be {bounds}"),
        }
    }
}

impl std::error::Error for InvalidSpec {}

#[derive(Debug, Deserialize)]
#[serde(tag = "policy", rename_all = "kebab-case", deny_unknown_fields)]
enum PolicyWire {
    Default,
    Greedy(OneWire),
    Linucb(OneWire),
    LinearThompson(OneWire),
    Squarecb(OneWire),
    Falcon(OneWire),
    EpsilonGreedy(OneWire),
    Bootstrap(OneWire),
    Aggregate(AggregateWire),
}

/// One learner, and the numbers of whichever exploration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneWire {
    features: Option<FeaturesWire>,
    link: Option<LinkWire>,
    lambda: Option<f64>,
    alpha: Option<f64>,
    gamma: Option<f64>,
    exponent: Option<f64>,
    epsilon: Option<f64>,
    decay: Option<f64>,
    replicas: Option<u32>,
    hope: Option<f64>,
    memory: Option<f64>,
    floor: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AggregateWire {
    learners: Vec<LearnerWire>,
    exploration: ExplorationWire,
    drift: Option<DriftWire>,
    memory: Option<f64>,
    floor: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LearnerWire {
    features: FeaturesWire,
    link: LinkWire,
    lambda: Option<f64>,
    variance: Option<f64>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum FeaturesWire {
    Constant,
    Linear,
    Trees,
    Quadratic,
    Cubic,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum LinkWire {
    Identity,
    Logistic,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum ExplorationWire {
    Greedy,
    EpsilonGreedy {
        epsilon: f64,
        decay: Option<f64>,
    },
    Optimism {
        scale: f64,
    },
    GrowingOptimism {
        scale: f64,
    },
    Thompson {
        scale: f64,
    },
    InverseGap {
        gamma: f64,
        exponent: f64,
        elimination: Option<f64>,
    },
    Bootstrap {
        replicas: Option<u32>,
        hope: Option<f64>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DriftWire {
    memory: Option<f64>,
    evidence: Option<f64>,
}

/// Reads a policy.
///
/// # Errors
/// `InvalidSpec::Form` with the line and column, `InvalidSpec::Number` with the member.
///
/// # Examples
/// ```
/// use bandera_shared::policy::contextual::wire::parse;
/// let spec = parse(br#"{"policy": "linucb", "alpha": 0.5}"#).unwrap();
/// assert_eq!(&*spec.name, "linucb");
/// ```
pub fn parse(json: &[u8]) -> Result<ContextualSpec, InvalidSpec> {
    let policy: PolicyWire = serde_json::from_slice(json)
        .map_err(|error| InvalidSpec::Form(error.to_string().into()))?;
    Ok(match policy {
        PolicyWire::Default => ContextualSpec::default(),
        PolicyWire::Greedy(one) => one.spec("greedy", Exploration::Greedy)?,
        PolicyWire::Linucb(one) => {
            let scale = positive("alpha", one.alpha.unwrap_or(1.0))?;
            one.spec("linucb", Exploration::Optimism { scale })?
        }
        PolicyWire::LinearThompson(one) => {
            let scale = positive("alpha", one.alpha.unwrap_or(1.0))?;
            one.spec("linear-thompson", Exploration::Thompson { scale })?
        }
        PolicyWire::Squarecb(one) => {
            let exploration = one.inverse_gap(None)?;
            one.spec("squarecb", exploration)?
        }
        PolicyWire::Falcon(one) => {
            let elimination = positive("alpha", one.alpha.unwrap_or(3.0))?;
            let exploration = one.inverse_gap(Some(elimination))?;
            one.spec("falcon", exploration)?
        }
        PolicyWire::EpsilonGreedy(one) => {
            let exploration = epsilon_greedy(one.epsilon.unwrap_or(0.1), one.decay)?;
            one.spec("epsilon-greedy", exploration)?
        }
        PolicyWire::Bootstrap(one) => {
            let exploration = bootstrap(one.replicas, one.hope)?;
            one.of_default("bootstrap", exploration)?
        }
        PolicyWire::Aggregate(aggregate) => aggregate.spec()?,
    })
}

/// The policy of a name alone, every number as it is where nothing is declared; `None` for a name
/// that is none, or that needs more to be said.
///
/// # Examples
/// ```
/// use bandera_shared::policy::contextual::wire::named;
/// assert!(named("bootstrap").is_some());
/// assert_eq!(named("aggregate"), None);
/// ```
#[must_use]
pub fn named(name: &str) -> Option<ContextualSpec> {
    parse(format!(r#"{{"policy": {name:?}}}"#).as_bytes()).ok()
}

fn within(
    member: &'static str,
    value: f64,
    bounds: &'static str,
    range: impl Fn(f64) -> bool,
) -> Result<f64, InvalidSpec> {
    if value.is_finite() && range(value) {
        Ok(value)
    } else {
        Err(InvalidSpec::Number { member, bounds })
    }
}

fn positive(member: &'static str, value: f64) -> Result<f64, InvalidSpec> {
    within(member, value, "greater than 0 and at most 1e9", |value| {
        value > 0.0 && value <= 1e9
    })
}

fn memory(value: Option<f64>) -> Result<f64, InvalidSpec> {
    let bounds = "from 1 to 1e9";
    value.map_or(Ok(f64::INFINITY), |value| {
        within("memory", value, bounds, |value| {
            (1.0..=1e9).contains(&value)
        })
    })
}

fn floor_parts(value: Option<f64>) -> Result<u32, InvalidSpec> {
    let share = within("floor", value.unwrap_or(0.0), "from 0 to 1", |value| {
        (0.0..=1.0).contains(&value)
    })?;
    Ok((share * f64::from(PARTS)) as u32)
}

fn epsilon_greedy(epsilon: f64, decay: Option<f64>) -> Result<Exploration, InvalidSpec> {
    let unit = |value: f64| (0.0..=1.0).contains(&value);
    Ok(Exploration::EpsilonGreedy {
        epsilon: within("epsilon", epsilon, "from 0 to 1", unit)?,
        decay: within("decay", decay.unwrap_or(0.0), "from 0 to 1", unit)?,
    })
}

impl OneWire {
    fn inverse_gap(&self, elimination: Option<f64>) -> Result<Exploration, InvalidSpec> {
        inverse_gap(
            self.gamma.unwrap_or(10.0),
            self.exponent.unwrap_or(0.5),
            elimination,
        )
    }

    /// The default's learners, and its watch; a learner that is declared takes their place.
    fn of_default(
        self,
        name: &str,
        exploration: Exploration,
    ) -> Result<ContextualSpec, InvalidSpec> {
        if self.features.is_some() || self.link.is_some() || self.lambda.is_some() {
            return self.spec(name, exploration);
        }
        Ok(ContextualSpec {
            name: name.into(),
            exploration,
            memory: memory(self.memory)?,
            floor_parts: floor_parts(self.floor)?,
            ..ContextualSpec::default()
        })
    }

    fn spec(self, name: &str, exploration: Exploration) -> Result<ContextualSpec, InvalidSpec> {
        let learner = LearnerSpec {
            features: self.features.map_or(Features::Linear, Into::into),
            link: self.link.map_or(Link::Identity, Into::into),
            spread: Spread::Each(positive("lambda", self.lambda.unwrap_or(1.0))?),
        };
        Ok(ContextualSpec {
            memory: memory(self.memory)?,
            floor_parts: floor_parts(self.floor)?,
            ..ContextualSpec::single(name, learner, exploration)
        })
    }
}

fn inverse_gap(
    gamma: f64,
    exponent: f64,
    elimination: Option<f64>,
) -> Result<Exploration, InvalidSpec> {
    Ok(Exploration::InverseGap {
        gamma: positive("gamma", gamma)?,
        exponent: within("exponent", exponent, "from 0 to 1", |value| {
            (0.0..=1.0).contains(&value)
        })?,
        elimination: elimination
            .map(|scale| positive("elimination", scale))
            .transpose()?,
    })
}

fn bootstrap(replicas: Option<u32>, hope: Option<f64>) -> Result<Exploration, InvalidSpec> {
    let default = BootstrapSpec::DEFAULT;
    let n_replicas = replicas.unwrap_or(default.n_replicas);
    if !(1..=REPLICAS_MAX).contains(&n_replicas) {
        return Err(InvalidSpec::Number {
            member: "replicas",
            bounds: "from 1 to 64",
        });
    }
    Ok(Exploration::Bootstrap(BootstrapSpec {
        n_replicas,
        hope: within(
            "hope",
            hope.unwrap_or(default.hope),
            "from 0 to 10",
            |hope| (0.0..=10.0).contains(&hope),
        )?,
    }))
}

impl AggregateWire {
    fn spec(self) -> Result<ContextualSpec, InvalidSpec> {
        let learners: Result<Vec<LearnerSpec>, InvalidSpec> =
            self.learners.iter().map(LearnerWire::spec).collect();
        Ok(ContextualSpec {
            name: "aggregate".into(),
            learners: learners?,
            exploration: match self.exploration {
                ExplorationWire::Greedy => Exploration::Greedy,
                ExplorationWire::EpsilonGreedy { epsilon, decay } => {
                    epsilon_greedy(epsilon, decay)?
                }
                ExplorationWire::Optimism { scale } => Exploration::Optimism {
                    scale: positive("scale", scale)?,
                },
                ExplorationWire::GrowingOptimism { scale } => Exploration::GrowingOptimism {
                    scale: positive("scale", scale)?,
                },
                ExplorationWire::Thompson { scale } => Exploration::Thompson {
                    scale: positive("scale", scale)?,
                },
                ExplorationWire::InverseGap {
                    gamma,
                    exponent,
                    elimination,
                } => inverse_gap(gamma, exponent, elimination)?,
                ExplorationWire::Bootstrap { replicas, hope } => bootstrap(replicas, hope)?,
            },
            drift: self.drift.map(DriftWire::spec).transpose()?,
            memory: memory(self.memory)?,
            floor_parts: floor_parts(self.floor)?,
        })
    }
}

impl LearnerWire {
    fn spec(&self) -> Result<LearnerSpec, InvalidSpec> {
        let spread = match (self.lambda, self.variance) {
            (Some(lambda), None) => Spread::Each(positive("lambda", lambda)?),
            (None, Some(variance)) => Spread::Shared(positive("variance", variance)?),
            (None, None) => Spread::Shared(super::PRIOR_VARIANCE),
            (Some(_), Some(_)) => {
                let cause = "a learner has \"lambda\" or \"variance\", not both";
                return Err(InvalidSpec::Form(cause.into()));
            }
        };
        Ok(LearnerSpec {
            features: self.features.into(),
            link: self.link.into(),
            spread,
        })
    }
}

impl DriftWire {
    fn spec(self) -> Result<DriftSpec, InvalidSpec> {
        let default = DriftSpec::DEFAULT;
        Ok(DriftSpec {
            memory: memory(Some(self.memory.unwrap_or(default.memory)))?,
            evidence: positive("evidence", self.evidence.unwrap_or(default.evidence))?,
        })
    }
}

impl From<FeaturesWire> for Features {
    fn from(features: FeaturesWire) -> Self {
        match features {
            FeaturesWire::Constant => Self::Constant,
            FeaturesWire::Linear => Self::Linear,
            FeaturesWire::Trees => Self::Trees,
            FeaturesWire::Quadratic => Self::Quadratic,
            FeaturesWire::Cubic => Self::Cubic,
        }
    }
}

impl From<LinkWire> for Link {
    fn from(link: LinkWire) -> Self {
        match link {
            LinkWire::Identity => Self::Identity,
            LinkWire::Logistic => Self::Logistic,
        }
    }
}

#[cfg(test)]
mod tests;
