//! Contextual bandits of Eppo: a linear model scores the request's actions, scores become
//! probabilities, and the subject's hash chooses among them.
//!
//! The choice is no matter of chance: one subject with the same actions and attributes gets the
//! same action each time. Its probability is that over all subjects.

use crate::context::{Action, Attribute, EvaluationContext};
use crate::dialect::hash::md5_32;
use crate::dialect::text::text_of;
use crate::dialect::{Chosen, ForeignPolicy, View};
use crate::value::Value;
use std::collections::BTreeMap;

/// Hashes of subjects and actions are taken modulo this.
const SHARDS: u64 = 10_000;

/// A trained model, as the variant of one flag.
#[derive(Debug)]
pub(super) struct Bandit {
    flag: Box<str>,
    gamma: f64,
    default_action_score: f64,
    action_probability_floor: f64,
    actions: BTreeMap<Box<str>, Coefficients>,
}

/// What is known of one action.
#[derive(Debug)]
struct Coefficients {
    intercept: f64,
    action: Linear,
    subject: Linear,
}

/// Terms over attributes, numbers first.
#[derive(Debug)]
struct Linear(Box<[Term]>);

#[derive(Debug)]
struct Term {
    attribute: Attribute,
    kind: Kind,
    missing: f64,
}

#[derive(Debug)]
enum Kind {
    Numeric {
        coefficient: f64,
    },
    Categorical {
        coefficients: BTreeMap<Box<str>, f64>,
    },
}

impl ForeignPolicy for Bandit {
    fn choose(&self, view: &View<'_>) -> Option<Chosen> {
        let subject = view.context.targeting_key()?;
        let salted = [&*self.flag, "-", subject].concat();
        let mut actions: Vec<(u64, &Action)> = view
            .context
            .actions()
            .iter()
            .map(|action| (shard(&[&*salted, "-", &action.name].concat()), action))
            .collect();
        // When probabilities shift a little, those who change go to all other actions alike.
        actions.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.name.cmp(&y.name)));
        let actions: Vec<&Action> = actions.into_iter().map(|(_, action)| action).collect();
        let probabilities = self.probabilities(&actions, view.context);
        let drawn = shard(&salted) as f64 / SHARDS as f64;
        let mut cumulative = 0.0;
        let mut reached = actions.iter().zip(&probabilities).skip_while(|(_, p)| {
            cumulative += **p;
            cumulative <= drawn
        });
        let last = actions.last().zip(probabilities.last());
        let (action, probability) = reached.next().or(last)?;
        Some(Chosen {
            action: Some(action.name.clone()),
            propensity: probability.clamp(f64::MIN_POSITIVE, 1.0),
        })
    }
}

fn shard(text: &str) -> u64 {
    md5_32(text) % SHARDS
}

impl Bandit {
    /// The model as Eppo writes it, and the `flagKey` it is used by.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let flag = value.member("flagKey").and_then(Value::as_str);
        let Some(Value::Object(members)) = value.member("coefficients") else {
            return Err("the model has no \"coefficients\" by action".to_owned());
        };
        let mut actions = BTreeMap::new();
        for (name, coefficients) in members {
            actions.insert(name.clone(), Coefficients::parse(coefficients)?);
        }
        Ok(Self {
            flag: flag.ok_or("the model has no \"flagKey\"")?.into(),
            gamma: finite(value, "gamma")?,
            default_action_score: finite(value, "defaultActionScore")?,
            action_probability_floor: finite(value, "actionProbabilityFloor")?,
            actions,
        })
    }

    /// The probability of each action.
    ///
    /// # Formula
    /// `max(1 / (n + gamma * (best - s_i)), floor / n)`; the best action gets what is left. Of
    /// equal scores that of the first name is the best.
    /// # Source
    /// Simchi-Levi and Xu 2020, inverse gap weighting; the floor is Eppo's.
    fn probabilities(&self, actions: &[&Action], subject: &EvaluationContext) -> Vec<f64> {
        let score = |action: &&Action| self.score(action, subject);
        let scores: Vec<f64> = actions.iter().map(score).collect();
        let best = actions.iter().zip(&scores).enumerate().max_by(|a, b| {
            let ((_, (x, s)), (_, (y, t))) = (a, b);
            s.total_cmp(t).then_with(|| y.name.cmp(&x.name))
        });
        let Some((best, (_, best_score))) = best else {
            return Vec::new();
        };
        let n_actions = scores.len() as f64;
        let floor = self.action_probability_floor / n_actions;
        let inverse_gap = |(index, score): (usize, &f64)| {
            if index == best {
                return 0.0;
            }
            (1.0 / (n_actions + self.gamma * (best_score - score))).max(floor)
        };
        let mut probabilities: Vec<f64> = scores.iter().enumerate().map(inverse_gap).collect();
        let left = 1.0 - probabilities.iter().sum::<f64>();
        if let Some(probability) = probabilities.get_mut(best) {
            *probability = left.max(0.0);
        }
        probabilities
    }

    fn score(&self, action: &Action, subject: &EvaluationContext) -> f64 {
        let Some(coefficients) = self.actions.get(&action.name) else {
            return self.default_action_score;
        };
        coefficients.intercept
            + coefficients.action.sum(&action.attributes)
            + coefficients.subject.sum(subject)
    }
}

impl Coefficients {
    fn parse(value: &Value) -> Result<Self, String> {
        let linear = |numeric, categorical| Linear::parse(value, numeric, categorical);
        Ok(Self {
            intercept: finite(value, "intercept")?,
            action: linear("actionNumericCoefficients", "actionCategoricalCoefficients")?,
            subject: linear(
                "subjectNumericCoefficients",
                "subjectCategoricalCoefficients",
            )?,
        })
    }
}

impl Linear {
    fn parse(value: &Value, numeric: &str, categorical: &str) -> Result<Self, String> {
        let numeric = list(value, numeric)?.iter().map(|term| {
            let coefficient = finite(term, "coefficient")?;
            Term::parse(term, Kind::Numeric { coefficient })
        });
        let categorical = list(value, categorical)?.iter().map(|term| {
            let by_category = term.member("valueCoefficients");
            let Some(by_category @ Value::Object(members)) = by_category else {
                return Err("a coefficient has no \"valueCoefficients\"".to_owned());
            };
            let mut coefficients = BTreeMap::new();
            for (category, _) in members {
                coefficients.insert(category.clone(), finite(by_category, category)?);
            }
            Term::parse(term, Kind::Categorical { coefficients })
        });
        Ok(Self(
            numeric.chain(categorical).collect::<Result<_, String>>()?,
        ))
    }

    fn sum(&self, attributes: &EvaluationContext) -> f64 {
        self.0.iter().map(|term| term.value(attributes)).sum()
    }
}

impl Term {
    fn parse(value: &Value, kind: Kind) -> Result<Self, String> {
        let attribute = value.member("attributeKey").and_then(Value::as_str);
        Ok(Self {
            attribute: Attribute::named(attribute.ok_or("a coefficient has no \"attributeKey\"")?),
            kind,
            missing: finite(value, "missingValueCoefficient")?,
        })
    }

    fn value(&self, attributes: &EvaluationContext) -> f64 {
        let value = attributes.get(&self.attribute);
        let known = value.and_then(|value| match &self.kind {
            Kind::Numeric { coefficient } => Some(value.as_f64()? * coefficient),
            Kind::Categorical { coefficients } => coefficients.get(&*text_of(value)?).copied(),
        });
        known.unwrap_or(self.missing)
    }
}

fn finite(value: &Value, name: &str) -> Result<f64, String> {
    let number = value.member(name).and_then(Value::as_f64);
    number.ok_or_else(|| format!("\"{name}\" is no number"))
}

fn list<'v>(value: &'v Value, name: &str) -> Result<&'v [Value], String> {
    match value.member(name) {
        Some(Value::List(items)) => Ok(items),
        _ => Err(format!("\"{name}\" is no list")),
    }
}
