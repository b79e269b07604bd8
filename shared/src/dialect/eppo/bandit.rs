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
    /// By name in rising order.
    actions: Box<[(Box<str>, Coefficients)]>,
    /// The terms over the subject, where all actions have the same.
    common: Option<Common>,
}

/// Terms that all actions have, so that each attribute of the subject is looked up once.
#[derive(Debug)]
struct Common(Box<[CommonTerm]>);

/// A term, and its coefficients action by action.
#[derive(Debug)]
struct CommonTerm {
    attribute: Attribute,
    kind: CommonKind,
    missing: Box<[f64]>,
}

#[derive(Debug)]
enum CommonKind {
    Numeric(Box<[f64]>),
    /// By category in rising order.
    Categorical(Box<[Category]>),
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

/// A category, and its coefficients action by action.
type Category = (Box<str>, Box<[f64]>);

impl ForeignPolicy for Bandit {
    fn choose(&self, view: &View<'_>) -> Option<Chosen> {
        let subject = view.context.targeting_key()?;
        let mut salted = [&*self.flag, "-", subject].concat();
        let drawn = shard(&salted) as f64 / SHARDS as f64;
        salted.push('-');
        let n_salted = salted.len();
        let mut shard_of = |action: &Action| {
            salted.truncate(n_salted);
            salted.push_str(&action.name);
            shard(&salted)
        };
        let offered = view.context.actions().iter();
        let mut actions: Vec<(u64, &Action)> =
            offered.map(|action| (shard_of(action), action)).collect();
        // When probabilities shift a little, those who change go to all other actions alike.
        actions.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.name.cmp(&y.name)));
        let actions: Vec<&Action> = actions.into_iter().map(|(_, action)| action).collect();
        let probabilities = self.probabilities(&actions, view.context);
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
        // Of a name that is written twice the last one counts.
        let mut by_name = BTreeMap::new();
        for (name, coefficients) in members {
            by_name.insert(name.clone(), Coefficients::parse(coefficients)?);
        }
        let actions: Box<[(Box<str>, Coefficients)]> = by_name.into_iter().collect();
        Ok(Self {
            flag: flag.ok_or("the model has no \"flagKey\"")?.into(),
            gamma: finite(value, "gamma")?,
            default_action_score: finite(value, "defaultActionScore")?,
            action_probability_floor: finite(value, "actionProbabilityFloor")?,
            common: Common::of(&actions),
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
        let scores = self.scores(actions, subject);
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

    /// The score of each action; one that the model does not know has the default.
    fn scores(&self, actions: &[&Action], subject: &EvaluationContext) -> Vec<f64> {
        let place = |action: &&Action| {
            let named = self
                .actions
                .binary_search_by(|(name, _)| name.cmp(&action.name));
            named.ok()
        };
        let places: Vec<Option<usize>> = actions.iter().map(place).collect();
        let common = self
            .common
            .as_ref()
            .map(|common| common.sums(&places, subject));
        let score = |(order, (action, place)): (usize, (&&Action, &Option<usize>))| {
            let known = place.and_then(|place| self.actions.get(place));
            let Some((_, coefficients)) = known else {
                return self.default_action_score;
            };
            let sum = common.as_ref().and_then(|sums| sums.get(order).copied());
            coefficients.intercept
                + coefficients.action.sum(&action.attributes)
                + sum.unwrap_or_else(|| coefficients.subject.sum(subject))
        };
        actions.iter().zip(&places).enumerate().map(score).collect()
    }
}

impl Common {
    /// The terms, where each action has the same attributes in the same order: sums then have the
    /// same bits, whoever adds them up.
    fn of(actions: &[(Box<str>, Coefficients)]) -> Option<Self> {
        let (_, first) = actions.first()?;
        let lists: Vec<&[Term]> = actions.iter().map(|(_, of)| &*of.subject.0).collect();
        let terms = first.subject.0.iter().enumerate();
        let terms = terms.map(|(place, term)| {
            let column: Vec<&Term> = lists
                .iter()
                .map(|list| list.get(place))
                .collect::<Option<_>>()?;
            let is_alike = |other: &&Term| {
                let kinds = (&other.kind, &term.kind);
                let same_kind = matches!(
                    kinds,
                    (Kind::Numeric { .. }, Kind::Numeric { .. })
                        | (Kind::Categorical { .. }, Kind::Categorical { .. })
                );
                same_kind && other.attribute == term.attribute
            };
            if column.iter().all(is_alike) {
                CommonTerm::of(&column)
            } else {
                None
            }
        });
        let is_even = lists.iter().all(|list| list.len() == first.subject.0.len());
        is_even.then_some(Self(terms.collect::<Option<_>>()?))
    }

    /// The sum of the terms for each of the actions at those places.
    fn sums(&self, places: &[Option<usize>], subject: &EvaluationContext) -> Vec<f64> {
        // What the sum of nothing is.
        let mut sums = vec![-0.0; places.len()];
        for term in &self.0 {
            let (coefficients, factor) = term.look(subject);
            for (sum, place) in sums.iter_mut().zip(places) {
                if let Some(coefficient) = place.and_then(|place| coefficients.get(place)) {
                    *sum += match factor {
                        Some(factor) => factor * coefficient,
                        None => *coefficient,
                    };
                }
            }
        }
        sums
    }
}

impl CommonTerm {
    /// The term of which each action has its own form; all are over one attribute and of one kind.
    fn of(column: &[&Term]) -> Option<Self> {
        let missing = column.iter().map(|term| term.missing).collect();
        let numeric = column.iter().map(|term| match term.kind {
            Kind::Numeric { coefficient } => Some(coefficient),
            Kind::Categorical { .. } => None,
        });
        let kind = match numeric.collect::<Option<_>>() {
            Some(coefficients) => CommonKind::Numeric(coefficients),
            None => CommonKind::Categorical(categories(column)?),
        };
        let attribute = column.first()?.attribute.clone();
        Some(Self {
            attribute,
            kind,
            missing,
        })
    }

    /// The coefficients that count for the subject, and the number they are multiplied with.
    fn look(&self, subject: &EvaluationContext) -> (&[f64], Option<f64>) {
        let value = subject.get(&self.attribute);
        let known = value.and_then(|value| match &self.kind {
            CommonKind::Numeric(coefficients) => Some((&**coefficients, Some(value.as_f64()?))),
            CommonKind::Categorical(categories) => {
                let category = text_of(value)?;
                let found = categories.binary_search_by(|(name, _)| (**name).cmp(&*category));
                let (_, coefficients) = categories.get(found.ok()?)?;
                Some((&**coefficients, None))
            }
        });
        known.unwrap_or((&self.missing, None))
    }
}

/// How many times as many coefficients as the actions have a common table may hold.
const SPARSITY_MAX: usize = 4;

/// Each category that an action knows, with its coefficient for each action; for those that do not
/// know it, as if the attribute were missing. Nothing where most actions know few of them.
fn categories(column: &[&Term]) -> Option<Box<[Category]>> {
    let of_term = |term: &Term, category: &str| match &term.kind {
        Kind::Categorical { coefficients } => coefficients.get(category).copied(),
        Kind::Numeric { .. } => None,
    };
    let mut names: Vec<&str> = Vec::new();
    for term in column {
        if let Kind::Categorical { coefficients } = &term.kind {
            names.extend(coefficients.keys().map(|name| &**name));
        }
    }
    let n_known = names.len();
    names.sort_unstable();
    names.dedup();
    if names.len().saturating_mul(column.len()) > SPARSITY_MAX * n_known {
        return None;
    }
    let row = |category: &str| {
        let known = column
            .iter()
            .map(|term| of_term(term, category).unwrap_or(term.missing));
        (category.into(), known.collect())
    };
    Some(names.into_iter().map(row).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A model of three actions with as many categories each, from there on.
    fn model(first_category: impl Fn(usize) -> usize) -> Bandit {
        let action = |action: usize| {
            let from = first_category(action);
            let categories: Vec<String> = (from..from + 3)
                .map(|category| format!(r#""c{category}":{}"#, 0.1 * (action + category) as f64))
                .collect();
            format!(
                r#""a{action}":{{"intercept":0.{action},
                "actionNumericCoefficients":[],"actionCategoricalCoefficients":[],
                "subjectNumericCoefficients":[{{"attributeKey":"age","coefficient":0.{action}7,
                    "missingValueCoefficient":-0.3}}],
                "subjectCategoricalCoefficients":[{{"attributeKey":"plan",
                    "missingValueCoefficient":0.{action}3,"valueCoefficients":{{{}}}}}]}}"#,
                categories.join(",")
            )
        };
        let actions: Vec<String> = (0..9).map(action).collect();
        let json = format!(
            r#"{{"flagKey":"f","gamma":1,"defaultActionScore":0,"actionProbabilityFloor":0.1,
            "coefficients":{{{}}}}}"#,
            actions.join(",")
        );
        Bandit::parse(&serde_json::from_str(&json).expect("JSON")).expect("a model")
    }

    #[test]
    fn common_terms_have_the_bits_of_each_actions_own() {
        let bandit = model(|action| action % 3);
        let common = bandit.common.as_ref().expect("common terms");
        let subjects = [
            EvaluationContext::new(),
            EvaluationContext::new().with("age", 37).with("plan", "c2"),
            EvaluationContext::new()
                .with("age", "37")
                .with("plan", "c0"),
            EvaluationContext::new()
                .with("age", 0.1)
                .with("plan", "none"),
            EvaluationContext::new().with("age", true).with("plan", 7),
        ];
        let places: Vec<Option<usize>> = [4, 0, 8].map(Some).into();
        for subject in &subjects {
            let own = places.iter().flatten().filter_map(|place| {
                let (_, coefficients) = bandit.actions.get(*place)?;
                Some(coefficients.subject.sum(subject).to_bits())
            });
            let sums = common.sums(&places, subject);
            let sums: Vec<u64> = sums.into_iter().map(f64::to_bits).collect();
            assert_eq!(sums, own.collect::<Vec<_>>(), "{subject:?}");
        }
    }

    #[test]
    fn sparse_models_have_no_common_table() {
        // Nine actions with three categories each: 27 coefficients.
        assert!(model(|action| action % 3).common.is_some());
        assert!(model(|action| 3 * action).common.is_none());
    }
}
