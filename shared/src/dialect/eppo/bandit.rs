//! Contextual bandits of Eppo: a linear model scores the request's actions, scores become
//! probabilities, and the subject's hash chooses among them.
//!
//! The choice is no matter of chance: one subject with the same actions and attributes gets the
//! same action each time. Its probability is that over all subjects.

use super::common::{AT_ONCE, Common};
use crate::context::{Action, Attribute, EvaluationContext};
use crate::dialect::hash::{Md5Each, Space};
use crate::dialect::text::text_of;
use crate::dialect::{Chosen, ForeignPolicy, View};
use crate::dialect::{Unfit, unfit};
use crate::same::same;
use crate::value::Value;
use std::collections::BTreeMap;

/// Hashes of subjects and actions are taken modulo this.
const SHARDS: u32 = 10_000;

/// A trained model, as the variant of one flag.
#[derive(Debug)]
pub(super) struct Bandit {
    flag: Box<str>,
    gamma: f64,
    default_action_score: f64,
    action_probability_floor: f64,
    /// By name in rising order.
    actions: Box<[(Box<str>, Coefficients)]>,
    /// The terms over the subject that each [`AT_ONCE`] actions have in common.
    common: Box<[Option<Common>]>,
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
pub(super) struct Linear(pub(super) Box<[Term]>);

#[derive(Debug)]
pub(super) struct Term {
    pub(super) attribute: Attribute,
    pub(super) kind: Kind,
    pub(super) missing: f64,
}

#[derive(Debug)]
pub(super) enum Kind {
    Numeric {
        coefficient: f64,
    },
    Categorical {
        coefficients: BTreeMap<Box<str>, f64>,
    },
}

/// Actions of a request that need no memory set aside.
const FEW: usize = 8;

/// An action of the request, and what becomes of it.
#[derive(Clone, Copy, Default)]
struct Offer {
    shard: u32,
    /// Its place in the request.
    index: u32,
    /// Its place in the model; beyond all places where the model does not know it.
    place: usize,
    score: f64,
    probability: f64,
}

impl ForeignPolicy for Bandit {
    fn choose(&self, view: &View<'_>) -> Option<Chosen> {
        let subject = view.context.targeting_key()?;
        let actions = view.context.actions();
        let mut space = Space::EMPTY;
        let head = [&*self.flag, "-", subject];
        let hashes = Md5Each::of(head, actions, |action| &action.name, &mut space);
        let (mut few, mut many) = ([Offer::default(); FEW], Vec::new());
        let offers = if let Some(few) = few.get_mut(..actions.len()) {
            few
        } else {
            many.resize(actions.len(), Offer::default());
            many.as_mut_slice()
        };
        self.score(offers, actions, view.context);
        let mut drawn = 0;
        let mut shards = std::iter::once(&mut drawn).chain(offers.iter_mut().map(|o| &mut o.shard));
        hashes.take(&mut |hash| {
            if let Some(shard) = shards.next() {
                *shard = hash as u32 % SHARDS;
            }
        });
        let drawn = f64::from(drawn) / f64::from(SHARDS);
        let name = |offer: &Offer| {
            actions
                .get(offer.index as usize)
                .map(|action| &*action.name)
        };
        // When probabilities shift a little, those who change go to all other actions alike.
        offers.sort_unstable_by(|a, b| {
            let order = a.shard.cmp(&b.shard);
            order.then_with(|| name(a).cmp(&name(b)))
        });
        self.weigh(offers, name);
        let mut cumulative = 0.0;
        let mut reached = offers.iter().skip_while(|offer| {
            cumulative += offer.probability;
            cumulative <= drawn
        });
        let chosen = reached.next().or(offers.last())?;
        Some(Chosen {
            action: Some(name(chosen)?.into()),
            propensity: chosen.probability.clamp(f64::MIN_POSITIVE, 1.0),
        })
    }
}

impl Bandit {
    /// The model as Eppo writes it, and the `flagKey` it is used by.
    pub(super) fn parse(value: &Value) -> Result<Self, Unfit> {
        let flag = value.member("flagKey").and_then(Value::as_str);
        let Some(Value::Object(members)) = value.member("coefficients") else {
            return Err("the model has no \"coefficients\" by action".into());
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
            common: actions.chunks(AT_ONCE).map(common).collect(),
            actions,
        })
    }

    /// Where the model has the action of that name; perhaps there.
    fn place(&self, name: &str, guess: usize) -> Option<usize> {
        let guessed = self.actions.get(guess);
        if guessed.is_some_and(|(known, _)| same(known.as_bytes(), name.as_bytes())) {
            return Some(guess);
        }
        let found = self
            .actions
            .binary_search_by(|(known, _)| (**known).cmp(name));
        found.ok()
    }

    /// Gives each action its probability by its score.
    ///
    /// # Formula
    /// `max(1 / (n + gamma * (best - s_i)), floor / n)`; the best action gets what is left. Of
    /// equal scores that of the first name is the best.
    /// # Source
    /// Simchi-Levi and Xu 2020, inverse gap weighting; the floor is Eppo's.
    fn weigh<'a>(&self, offers: &mut [Offer], name: impl Fn(&Offer) -> Option<&'a str>) {
        let best = offers.iter().enumerate().max_by(|(_, a), (_, b)| {
            let order = a.score.total_cmp(&b.score);
            order.then_with(|| name(b).cmp(&name(a)))
        });
        let Some((best, best_score)) = best.map(|(best, offer)| (best, offer.score)) else {
            return;
        };
        let n_actions = offers.len() as f64;
        let floor = self.action_probability_floor / n_actions;
        let mut others = 0.0;
        for (index, offer) in offers.iter_mut().enumerate() {
            if index != best {
                let gap = best_score - offer.score;
                offer.probability = (1.0 / (n_actions + self.gamma * gap)).max(floor);
                others += offer.probability;
            }
        }
        if let Some(offer) = offers.get_mut(best) {
            offer.probability = (1.0 - others).max(0.0);
        }
    }

    /// Gives each action its score; one that the model does not know has the default.
    fn score(&self, offers: &mut [Offer], actions: &[Action], subject: &EvaluationContext) {
        let mut next = 0;
        for ((offer, action), index) in offers.iter_mut().zip(actions).zip(0..) {
            let place = self.place(&action.name, next);
            next = place.map_or(next, |place| place + 1);
            offer.index = index;
            offer.place = place.unwrap_or(usize::MAX);
            offer.score = self.default_action_score;
        }
        let parts = self.actions.chunks(AT_ONCE).zip(&self.common);
        for (first, (known, common)) in (0..).step_by(AT_ONCE).zip(parts) {
            let mut sums = None;
            for (offer, action) in offers.iter_mut().zip(actions) {
                let place = offer.place.wrapping_sub(first);
                let Some((_, of)) = known.get(place) else {
                    continue;
                };
                let of_subject = match common {
                    Some(common) => {
                        let sums = sums.get_or_insert_with(|| common.sum(subject));
                        sums.get(place).copied().unwrap_or_default()
                    }
                    None => of.subject.sum(subject),
                };
                offer.score = of.intercept + of.action.sum(&action.attributes) + of_subject;
            }
        }
    }
}

/// What the models of those actions have in common.
fn common(actions: &[(Box<str>, Coefficients)]) -> Option<Common> {
    let of_subject: Vec<&Linear> = actions.iter().map(|(_, of)| &of.subject).collect();
    Common::of(&of_subject)
}

impl Coefficients {
    fn parse(value: &Value) -> Result<Self, Unfit> {
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
    fn parse(value: &Value, numeric: &str, categorical: &str) -> Result<Self, Unfit> {
        let numeric = list(value, numeric)?.iter().map(|term| {
            let coefficient = finite(term, "coefficient")?;
            Term::parse(term, Kind::Numeric { coefficient })
        });
        let categorical = list(value, categorical)?.iter().map(|term| {
            let by_category = term.member("valueCoefficients");
            let Some(by_category @ Value::Object(members)) = by_category else {
                return Err("a coefficient has no \"valueCoefficients\"".into());
            };
            let mut coefficients = BTreeMap::new();
            for (category, _) in members {
                coefficients.insert(category.clone(), finite(by_category, category)?);
            }
            Term::parse(term, Kind::Categorical { coefficients })
        });
        Ok(Self(
            numeric.chain(categorical).collect::<Result<_, Unfit>>()?,
        ))
    }

    #[inline]
    fn sum(&self, attributes: &EvaluationContext) -> f64 {
        if self.0.is_empty() {
            return -0.0;
        }
        self.0.iter().map(|term| term.value(attributes)).sum()
    }
}

impl Term {
    /// What a number is multiplied with.
    pub(super) fn coefficient(&self) -> Option<f64> {
        match self.kind {
            Kind::Numeric { coefficient } => Some(coefficient),
            Kind::Categorical { .. } => None,
        }
    }

    /// What the category adds.
    pub(super) fn coefficient_of(&self, name: &str) -> Option<f64> {
        match &self.kind {
            Kind::Numeric { .. } => None,
            Kind::Categorical { coefficients } => {
                Some(coefficients.get(name).copied().unwrap_or(self.missing))
            }
        }
    }

    fn parse(value: &Value, kind: Kind) -> Result<Self, Unfit> {
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

fn finite(value: &Value, name: &str) -> Result<f64, Unfit> {
    let number = value.member(name).and_then(Value::as_f64);
    number.ok_or_else(|| unfit!("\"{name}\" is no number"))
}

fn list<'v>(value: &'v Value, name: &str) -> Result<&'v [Value], Unfit> {
    match value.member(name) {
        Some(Value::List(items)) => Ok(items),
        _ => Err(unfit!("\"{name}\" is no list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model of so many actions with three categories each, from there on.
    fn model(n_actions: usize, first_category: impl Fn(usize) -> usize) -> Bandit {
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
        let actions: Vec<String> = (0..n_actions).map(action).collect();
        let json = format!(
            r#"{{"flagKey":"f","gamma":1,"defaultActionScore":0.25,"actionProbabilityFloor":0.1,
            "coefficients":{{{}}}}}"#,
            actions.join(",")
        );
        Bandit::parse(&serde_json::from_str(&json).expect("JSON")).expect("a model")
    }

    #[test]
    fn common_terms_have_the_bits_of_each_actions_own() {
        for n_actions in [5, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE] {
            check_common(&model(n_actions, |action| action % 3));
        }
    }

    #[track_caller]
    fn check_common(bandit: &Bandit) {
        assert!(bandit.common.iter().all(Option::is_some));
        let subjects = [
            EvaluationContext::new(),
            EvaluationContext::new().with("age", 37).with("plan", "c2"),
            EvaluationContext::new().with("plan", "c1").with("age", 0.7),
            EvaluationContext::new()
                .with("age", "37")
                .with("plan", "c0"),
            EvaluationContext::new()
                .with("age", 0.1)
                .with("plan", "none"),
            EvaluationContext::new().with("age", true).with("plan", 7),
        ];
        let offered = ["a4", "a0", "none", "a15", "a8", "a1"].map(|name| Action {
            name: name.into(),
            attributes: EvaluationContext::new(),
        });
        for subject in &subjects {
            let mut offers = [Offer::default(); 6];
            bandit.score(&mut offers, &offered, subject);
            for (offer, action) in offers.iter().zip(&offered) {
                let Some((name, of)) = bandit.actions.get(offer.place) else {
                    let is_it = |(known, _): &(Box<str>, Coefficients)| *known == action.name;
                    assert!(!bandit.actions.iter().any(is_it));
                    assert_eq!(offer.score.to_bits(), 0.25_f64.to_bits());
                    continue;
                };
                assert_eq!(*name, action.name);
                let own = of.intercept + of.action.sum(subject) + of.subject.sum(subject);
                assert_eq!(offer.score.to_bits(), own.to_bits(), "{subject:?}");
            }
        }
    }

    #[test]
    fn sparse_models_have_no_common_table() {
        // Eight actions with three categories each: 24 coefficients.
        let is_common = |bandit: &Bandit| bandit.common.iter().any(Option::is_some);
        assert!(is_common(&model(8, |action| action % 3)));
        assert!(!is_common(&model(8, |action| 3 * action)));
    }
}
