//! Contextual bandits of Eppo: a linear model scores the request's actions, scores become
//! probabilities, and the subject's hash chooses among them.
//!
//! The choice is no matter of chance: one subject with the same actions and attributes gets the
//! same action each time. Its probability is that over all subjects.

use crate::context::{Action, Attribute, EvaluationContext};
use crate::dialect::hash::md5_32_each;
use crate::dialect::text::text_of;
use crate::dialect::{Chosen, ForeignPolicy, View};
use crate::same::same;
use crate::texts::Texts;
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
struct Common {
    n_actions: usize,
    terms: Box<[CommonTerm]>,
}

/// A term, and its coefficients action by action.
#[derive(Debug)]
struct CommonTerm {
    attribute: Attribute,
    /// Known categories, where it has some; otherwise it is over a number.
    categories: Option<Texts>,
    /// One for each action where the attribute is absent, then as many for a number, or for each
    /// category in turn. Each of these rows ends with zeros, for as many as are added at once.
    coefficients: Box<[[f64; AT_ONCE]]>,
}

/// Sums that are added to at once.
const AT_ONCE: usize = 4;

/// Times [`AT_ONCE`], the actions whose sums are all taken; of a larger model only those of the
/// actions that are offered.
const N_SUMS_MAX: usize = 4;

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

/// An action of the request, and what becomes of it.
struct Offer<'a> {
    action: &'a Action,
    /// Its place in the model, where it is known.
    place: Option<usize>,
    shard: u64,
    score: f64,
    probability: f64,
}

impl ForeignPolicy for Bandit {
    fn choose(&self, view: &View<'_>) -> Option<Chosen> {
        let subject = view.context.targeting_key()?;
        let (mut offers, drawn) = self.offers(subject, view.context.actions());
        self.score(&mut offers, view.context);
        // When probabilities shift a little, those who change go to all other actions alike.
        offers.sort_unstable_by(|a, b| {
            let order = a.shard.cmp(&b.shard);
            order.then_with(|| a.action.name.cmp(&b.action.name))
        });
        self.weigh(&mut offers);
        let mut cumulative = 0.0;
        let mut reached = offers.iter().skip_while(|offer| {
            cumulative += offer.probability;
            cumulative <= drawn
        });
        let chosen = reached.next().or(offers.last())?;
        Some(Chosen {
            action: Some((*chosen.action.name).into()),
            propensity: chosen.probability.clamp(f64::MIN_POSITIVE, 1.0),
        })
    }
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

    /// The actions with their shards, and what the subject has drawn.
    fn offers<'a>(&self, subject: &str, actions: &'a [Action]) -> (Vec<Offer<'a>>, f64) {
        let names = actions.iter().map(|action| ["-", &*action.name]);
        let texts = std::iter::once(["", ""]).chain(names);
        let mut drawn = None;
        let mut offers = Vec::with_capacity(actions.len());
        let mut next = 0;
        let mut take = |hash: u64| {
            let shard = hash % SHARDS;
            if drawn.is_none() {
                drawn = Some(shard as f64 / SHARDS as f64);
            } else if let Some(action) = actions.get(offers.len()) {
                let place = self.place(&action.name, next);
                next = place.map_or(next, |place| place + 1);
                offers.push(Offer {
                    action,
                    place,
                    shard,
                    score: 0.0,
                    probability: 0.0,
                });
            }
        };
        md5_32_each([&self.flag, "-", subject], texts, &mut take);
        (offers, drawn.unwrap_or_default())
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
    fn weigh(&self, offers: &mut [Offer<'_>]) {
        let best = offers.iter().enumerate().max_by(|(_, a), (_, b)| {
            let order = a.score.total_cmp(&b.score);
            order.then_with(|| b.action.name.cmp(&a.action.name))
        });
        let Some((best, best_score)) = best.map(|(best, offer)| (best, offer.score)) else {
            return;
        };
        let n_actions = offers.len() as f64;
        let floor = self.action_probability_floor / n_actions;
        for (index, offer) in offers.iter_mut().enumerate() {
            if index != best {
                let gap = best_score - offer.score;
                offer.probability = (1.0 / (n_actions + self.gamma * gap)).max(floor);
            }
        }
        let others: f64 = offers.iter().map(|offer| offer.probability).sum();
        if let Some(offer) = offers.get_mut(best) {
            offer.probability = (1.0 - others).max(0.0);
        }
    }

    /// Gives each action its score; one that the model does not know has the default.
    fn score(&self, offers: &mut [Offer<'_>], subject: &EvaluationContext) {
        if let Some(common) = &self.common {
            common.sum(offers, subject);
        }
        for offer in offers {
            let known = offer.place.and_then(|place| self.actions.get(place));
            let Some((_, coefficients)) = known else {
                offer.score = self.default_action_score;
                continue;
            };
            let of_subject = match &self.common {
                Some(_) => offer.score,
                None => coefficients.subject.sum(subject),
            };
            let of_action = coefficients.action.sum(&offer.action.attributes);
            offer.score = coefficients.intercept + of_action + of_subject;
        }
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
        is_even.then_some(Self {
            n_actions: actions.len(),
            terms: terms.collect::<Option<_>>()?,
        })
    }

    /// Gives each known action the sum of its terms.
    fn sum(&self, offers: &mut [Offer<'_>], subject: &EvaluationContext) {
        let length = self.n_actions.div_ceil(AT_ONCE);
        let mut next = 0;
        let rows = self.terms.iter();
        let rows = rows.map(|term| term.look(subject, &mut next, length));
        // What the sum of nothing is.
        let mut sums = [[-0.0; AT_ONCE]; N_SUMS_MAX];
        if let Some(sums) = sums.get_mut(..length) {
            for (row, factor) in rows {
                add(row, factor, sums);
            }
            for offer in offers {
                let sum = offer.place.and_then(|place| sums.as_flattened().get(place));
                offer.score = sum.copied().unwrap_or_default();
            }
            return;
        }
        for offer in &mut *offers {
            offer.score = -0.0;
        }
        for (row, factor) in rows {
            for offer in &mut *offers {
                let coefficient = offer.place.and_then(|place| row.as_flattened().get(place));
                if let Some(coefficient) = coefficient {
                    offer.score += factor * coefficient;
                }
            }
        }
    }
}

impl CommonTerm {
    /// The term of which each action has its own form; all are over one attribute and of one kind.
    fn of(column: &[&Term]) -> Option<Self> {
        let mut coefficients = Vec::new();
        put_row(column.iter().map(|term| term.missing), &mut coefficients);
        let is_numeric = |term: &&Term| matches!(term.kind, Kind::Numeric { .. });
        let categories = if column.iter().all(is_numeric) {
            let row = column.iter().filter_map(|term| match term.kind {
                Kind::Numeric { coefficient } => Some(coefficient),
                Kind::Categorical { .. } => None,
            });
            put_row(row, &mut coefficients);
            None
        } else {
            Some(categories(column, &mut coefficients)?)
        };
        Some(Self {
            attribute: column.first()?.attribute.clone(),
            categories,
            coefficients: coefficients.into(),
        })
    }

    /// Which of the rows of coefficients, of that length, counts for the subject, and the number
    /// it is multiplied with. The attribute may be the subject's next one.
    fn look(
        &self,
        subject: &EvaluationContext,
        next: &mut usize,
        length: usize,
    ) -> (&[[f64; AT_ONCE]], f64) {
        let known = subject.get_next(&self.attribute, next).and_then(|value| {
            let Some(categories) = &self.categories else {
                return Some((1, value.as_f64()?));
            };
            Some((1 + categories.place_sorted(&text_of(value)?)?, 1.0))
        });
        let (row, factor) = known.unwrap_or((0, 1.0));
        let row = self.coefficients.get(row * length..(row + 1) * length);
        (row.unwrap_or_default(), factor)
    }
}

/// Adds a row to the sums. By itself it becomes vector instructions.
#[inline(never)]
fn add(row: &[[f64; AT_ONCE]], factor: f64, sums: &mut [[f64; AT_ONCE]]) {
    for (sums, row) in sums.iter_mut().zip(row) {
        let before = *sums;
        for ((sum, before), coefficient) in sums.iter_mut().zip(before).zip(row) {
            *sum = before + factor * coefficient;
        }
    }
}

/// Appends a row, and zeros to its end.
fn put_row(row: impl Iterator<Item = f64>, to: &mut Vec<[f64; AT_ONCE]>) {
    let row: Vec<f64> = row.collect();
    to.extend(row.chunks(AT_ONCE).map(|chunk| {
        let mut filled = [0.0; AT_ONCE];
        filled
            .iter_mut()
            .zip(chunk)
            .for_each(|(to, from)| *to = *from);
        filled
    }));
}

/// How many times as many coefficients as the actions have a common table may hold.
const SPARSITY_MAX: usize = 4;

/// The categories that an action knows in rising order; the coefficients of each for each action
/// are added to the others, for an action that does not know it as if the attribute were missing.
/// Nothing where most actions know few of them.
fn categories(column: &[&Term], coefficients: &mut Vec<[f64; AT_ONCE]>) -> Option<Texts> {
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
    for name in &names {
        let row = column.iter().map(|term| {
            let known = match &term.kind {
                Kind::Categorical { coefficients } => coefficients.get(*name).copied(),
                Kind::Numeric { .. } => None,
            };
            known.unwrap_or(term.missing)
        });
        put_row(row, coefficients);
    }
    Some(names.into_iter().collect())
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
            r#"{{"flagKey":"f","gamma":1,"defaultActionScore":0,"actionProbabilityFloor":0.1,
            "coefficients":{{{}}}}}"#,
            actions.join(",")
        );
        Bandit::parse(&serde_json::from_str(&json).expect("JSON")).expect("a model")
    }

    #[test]
    fn common_terms_have_the_bits_of_each_actions_own() {
        let all_at_once = AT_ONCE * N_SUMS_MAX;
        for n_actions in [9, all_at_once, all_at_once + 1, 2 * all_at_once] {
            check_common(&model(n_actions, |action| action % 3));
        }
    }

    #[track_caller]
    fn check_common(bandit: &Bandit) {
        let common = bandit.common.as_ref().expect("common terms");
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
        let offered = ["a4", "a0", "none", "a8", "a1"].map(|name| Action {
            name: name.into(),
            attributes: EvaluationContext::new(),
        });
        for subject in &subjects {
            let (mut offers, _) = bandit.offers("ana", &offered);
            common.sum(&mut offers, subject);
            for offer in &offers {
                let Some(place) = offer.place else {
                    assert_eq!(&*offer.action.name, "none");
                    continue;
                };
                let (name, coefficients) = &bandit.actions[place];
                assert_eq!(*name, offer.action.name);
                let own = coefficients.subject.sum(subject);
                assert_eq!(offer.score.to_bits(), own.to_bits(), "{subject:?}");
            }
        }
    }

    #[test]
    fn sparse_models_have_no_common_table() {
        // Nine actions with three categories each: 27 coefficients.
        assert!(model(9, |action| action % 3).common.is_some());
        assert!(model(9, |action| 3 * action).common.is_none());
    }
}
