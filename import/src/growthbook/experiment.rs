//! Experiments: splits over variations, also those of contextual bandits.

use super::feature::{Importer, Writing, bucketing, filters, gate, hashed, seed, text};
use super::ranges::{Claim, Hash, cumulative, is_true, number, pairs, shares};
use crate::draft::{all, below, not};
use serde_json::{Map, Value as Json, json};

/// A rule being written.
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Conditions, each of which has to hold.
    pub(super) when: Vec<Json>,
    pub(super) gates: Vec<Json>,
}

/// A variation of an experiment.
struct Variation {
    /// Its variant; `None` where it serves null, and with it the caller's default.
    variant: Option<String>,
    /// Whether subjects pass on to the next rule.
    is_passed_through: bool,
}

/// How an experiment spreads subjects.
struct Spread {
    hash: Hash,
    bucketing: Json,
    variations: Vec<Variation>,
}

/// A way to spread them, for those who meet a condition.
struct Leaf {
    name: String,
    /// Everybody when absent.
    when: Option<Json>,
    claims: Vec<Claim>,
    /// Probabilities to report.
    shares: Option<Vec<f64>>,
}

impl Importer<'_, '_> {
    /// Writes the rules of an experiment.
    pub(super) fn experiment(
        &mut self,
        rule: &Json,
        mut parts: Rule,
        writing: &mut Writing,
        pointer: &str,
    ) {
        let list = |name: &str| rule.get(name).and_then(Json::as_array);
        let written = list("contextualVariations").or_else(|| list("variations"));
        let Some(written) = written.filter(|list| list.len() >= 2) else {
            return;
        };
        let Some(hash) = Hash::version(rule.get("hashVersion"), 1) else {
            let message = "nobody knows this version of the hash: the rule serves nobody, as there";
            self.draft.mapped(below(pointer, "hashVersion"), message);
            return;
        };
        self.sticky(rule, pointer);
        let attributes = hashed(rule);
        if filters(rule).is_none() {
            parts.gates.extend(namespace(rule, &attributes));
        }
        let key = text(rule.get("key").filter(|key| is_true(key)), &writing.key);
        let spread = Spread {
            bucketing: bucketing(hash, &seed(rule, &key), &attributes),
            variations: variations(rule, written, &parts.name, writing),
            hash,
        };
        let leaves = self.leaves(rule, &parts.name, &spread, pointer);
        // Whom a leaf leaves out, the next leaf must not take in.
        let is_exclusive = leaves.iter().any(|leaf| !spread.is_full(&leaf.claims));
        let mut before = Vec::new();
        for leaf in leaves {
            let mut parts = parts.clone();
            if is_exclusive {
                parts.when.extend(before.iter().cloned().map(not));
            }
            before.extend(leaf.when.clone());
            parts.when.extend(leaf.when.clone());
            spread.write(&parts, &leaf, writing);
        }
    }

    /// The ways in which a rule spreads subjects, of which the first that applies counts: the
    /// leaves of a contextual bandit, then the rule's own.
    fn leaves(&mut self, rule: &Json, name: &str, spread: &Spread, pointer: &str) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        if let Some(ranges) = rule.get("ranges").and_then(Json::as_array) {
            leaves.push(Leaf {
                name: name.to_owned(),
                when: None,
                claims: spread.claims(rule, &pairs(ranges)),
                shares: None,
            });
            return leaves;
        }
        let coverage = rule.get("coverage").map_or(1.0, number);
        let leaf = |name: String, when: Option<Json>, written: Option<&Json>| {
            let shares = shares(written, spread.variations.len());
            Leaf {
                name,
                when,
                claims: spread.claims(rule, &cumulative(&shares, coverage)),
                shares: Some(shares),
            }
        };
        let bandit = rule.get("contextualBanditRef").and_then(Json::as_str);
        let bandit = bandit.and_then(|key| Some((key, self.payload.bandits?.get(key)?)));
        if bandit.is_none() && rule.get("contextualBanditRef").is_some_and(is_true) {
            let message = "there is no such bandit: the rule's own weights count, as there";
            self.draft
                .mapped(below(pointer, "contextualBanditRef"), message);
        }
        let contexts = bandit.and_then(|(_, bandit)| bandit.get("contexts")?.as_array());
        for (index, context) in contexts.into_iter().flatten().enumerate() {
            let key = bandit.map_or("", |(key, _)| key);
            let place = below(&below("/contextualBandits", key), "contexts");
            let place = below(&below(&place, &index.to_string()), "condition");
            let when = self.conditions().written(context.get("condition"), &place);
            let when = when.filter(|when| *when != all(Vec::new()));
            let id = text(context.get("leafId"), &index.to_string());
            let is_last = when.is_none();
            leaves.push(leaf(
                format!("{name} leaf {id}"),
                when,
                context.get("weights"),
            ));
            if is_last {
                return leaves;
            }
        }
        let mut own = leaf(name.to_owned(), None, rule.get("weights"));
        if bandit.is_none() {
            own.shares = None;
        }
        leaves.push(own);
        leaves
    }

    /// Notes what a rule does with assignments that were remembered.
    fn sticky(&mut self, rule: &Json, pointer: &str) {
        let is_sticky = !rule.get("disableStickyBucketing").is_some_and(is_true);
        let versions = ["minBucketVersion", "bucketVersion"];
        let versions = versions.into_iter().filter(|_| is_sticky);
        for name in versions.filter(|name| rule.get(name).is_some_and(is_true)) {
            let message = "assignments that an SDK has remembered are not taken over: everybody \
                           gets the variation that the hash gives";
            self.draft.approximated(below(pointer, name), message);
        }
    }
}

impl Spread {
    /// Numbers of each range, or all of them for the variation that is forced.
    fn claims(&self, rule: &Json, ranges: &[(f64, f64)]) -> Vec<Claim> {
        let mut claims = self.hash.claims(ranges);
        if let Some(forced) = rule.get("force") {
            let index = forced
                .as_u64()
                .and_then(|index| usize::try_from(index).ok());
            for claim in &mut claims {
                claim.owner = index.unwrap_or(usize::MAX);
            }
        }
        claims.retain(|claim| self.served(claim).is_some());
        claims
    }

    /// The variation that a claim leads to, unless subjects pass on.
    fn served(&self, claim: &Claim) -> Option<&Variation> {
        let variation = self.variations.get(claim.owner);
        variation.filter(|variation| !variation.is_passed_through)
    }

    /// Whether every number leads somewhere.
    fn is_full(&self, claims: &[Claim]) -> bool {
        let total: u64 = claims.iter().map(|claim| claim.to - claim.from).sum();
        total == self.hash.scale()
    }

    /// Writes a rule for those who get the caller's default, and one with a split for the others.
    fn write(&self, parts: &Rule, leaf: &Leaf, writing: &mut Writing) {
        let (mut nulls, mut ranges, mut propensities) = (Vec::new(), Vec::new(), Map::new());
        for claim in &leaf.claims {
            let Some(variation) = self.served(claim) else {
                continue;
            };
            let Some(variant) = &variation.variant else {
                nulls.push((claim.from, claim.to));
                continue;
            };
            ranges.push(json!({ "variant": variant, "from": claim.from, "to": claim.to }));
            let share = leaf
                .shares
                .as_ref()
                .and_then(|shares| shares.get(claim.owner));
            if let Some(share) = share {
                propensities.insert(variant.clone(), share.clamp(0.0, 1.0).into());
            }
        }
        if !nulls.is_empty() {
            let mut parts = parts.clone();
            parts.gates.push(gate(&nulls, &self.bucketing));
            let name = format!("{} without value", leaf.name);
            writing.rule(&name, &parts, &json!({ "default": true }));
        }
        if !ranges.is_empty() {
            let mut split = Map::from_iter([
                ("ranges".to_owned(), ranges.into()),
                ("bucketing".to_owned(), self.bucketing.clone()),
            ]);
            if !propensities.is_empty() {
                split.insert("propensities".to_owned(), propensities.into());
            }
            writing.rule(&leaf.name, parts, &json!({ "split": split }));
        }
    }
}

/// The variations of an experiment, named by its metadata or by their number.
fn variations(rule: &Json, written: &[Json], name: &str, writing: &mut Writing) -> Vec<Variation> {
    let variation = |(index, value): (usize, &Json)| {
        let meta = rule.get("meta").and_then(|meta| meta.get(index));
        let member = |name: &str| {
            meta.and_then(|meta| meta.get(name))
                .filter(|it| is_true(it))
        };
        let key = text(member("key"), &index.to_string());
        let is_passed_through = member("passthrough").is_some();
        let is_served = !value.is_null() && !is_passed_through;
        Variation {
            variant: is_served.then(|| writing.variants.variation(name, &key, value)),
            is_passed_through,
        }
    };
    written.iter().enumerate().map(variation).collect()
}

/// The gate that a namespace makes.
fn namespace(rule: &Json, attributes: &[String]) -> Option<Json> {
    let namespace = rule
        .get("namespace")
        .filter(|namespace| is_true(namespace))?;
    let hash = Hash::version(None, 1)?;
    let seed = format!("__{}", text(namespace.get(0), "undefined"));
    let end = |index| namespace.get(index).map_or(f64::NAN, number);
    let ranges = Vec::from_iter(hash.range((end(1), end(2))));
    Some(gate(&ranges, &bucketing(hash, &seed, attributes)))
}
