//! What decisions of one action and their rewards add up to: all that a linear model needs.

use crate::bandit::ContextVector;
use crate::bandit::features::{FEATURES_MAX, ONE};
use crate::ledger::WarmStart;
use crate::policy::index::IndexArm;

/// Exact sums over decisions of one action.
///
/// With terms `x`, an intercept and the context's numbers, and rewards `r`: `sum x x'`, `sum r x`
/// and `sum r^2`. A decision is worth what no reward is worth until one comes, so that what is
/// learned needs no join. Whole numbers: the order of events cannot show, and shards add up to what
/// one would have.
///
/// Products of terms are in parts of 2^24, so a sum holds half a trillion decisions before it
/// stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    n_terms: usize,
    /// Rows of the upper triangle of `sum x x'`, in parts of [`ONE`] squared.
    products: Box<[i64]>,
    /// `sum r x`, in units of reward and parts of [`ONE`].
    rewards: Box<[i128]>,
    /// `sum r^2`, in squared units of reward.
    squares: u128,
}

impl Block {
    /// Numbers of 64 bits that a block keeps.
    #[must_use]
    pub const fn n_sums(n_features: usize) -> usize {
        let n_terms = n_features + 1;
        n_products(n_terms) + 2 * n_terms + 2
    }

    /// The block of no decisions.
    #[must_use]
    pub fn new(n_features: usize) -> Self {
        let n_terms = n_features + 1;
        Self {
            n_terms,
            products: vec![0; n_products(n_terms)].into(),
            rewards: vec![0; n_terms].into(),
            squares: 0,
        }
    }

    /// The block of so many decisions as a warm start is worth, all of them in the middle of every
    /// feature, where the intercept alone decides.
    #[must_use]
    pub fn warm(n_features: usize, start: &WarmStart) -> Self {
        let mut block = Self::new(n_features);
        let (n_decisions, units) = (start.n_decisions(), start.units());
        let one = i64::from(ONE);
        if let (Some(product), Some(reward)) =
            (block.products.first_mut(), block.rewards.first_mut())
        {
            *product = i64::from(n_decisions) * one * one;
            *reward = i128::from(n_decisions) * i128::from(units) * i128::from(one);
        }
        block.squares = u128::from(n_decisions) * u128::from(units) * u128::from(units);
        block
    }

    /// Terms of its model: the features and an intercept.
    #[must_use]
    pub fn n_terms(&self) -> usize {
        self.n_terms
    }

    /// Counts a decision that is worth `units` so far. A vector of another length counts nothing.
    pub fn observe(&mut self, context: &ContextVector, units: u64) {
        let terms = terms(context);
        if terms.len() != self.n_terms {
            return;
        }
        let (mut products, mut right) = (&mut *self.products, &*terms);
        while let Some((term, tail)) = right.split_first() {
            let Some((row, below)) = products.split_at_mut_checked(right.len()) else {
                return;
            };
            if *term != 0 {
                for (sum, other) in row.iter_mut().zip(right) {
                    *sum = sum.saturating_add(term * other);
                }
            }
            (products, right) = (below, tail);
        }
        self.add_reward(&terms, 0, units);
    }

    /// Counts that a decision is worth something else. A vector of another length counts nothing.
    pub fn revalue(&mut self, context: &ContextVector, before: u64, after: u64) {
        let terms = terms(context);
        if terms.len() == self.n_terms {
            self.add_reward(&terms, before, after);
        }
    }

    fn add_reward(&mut self, terms: &[i64], before: u64, after: u64) {
        let change = i128::from(after) - i128::from(before);
        for (sum, term) in self.rewards.iter_mut().zip(terms) {
            *sum = sum.saturating_add(change * i128::from(*term));
        }
        let square = |units: u64| u128::from(units) * u128::from(units);
        let squares = self.squares.saturating_add(square(after));
        self.squares = squares.saturating_sub(square(before));
    }

    /// Adds what another set of decisions adds up to; one of another length adds nothing.
    pub fn add(&mut self, other: &Self) {
        if other.n_terms != self.n_terms {
            return;
        }
        for (sum, other) in self.products.iter_mut().zip(&other.products) {
            *sum = sum.saturating_add(*other);
        }
        for (sum, other) in self.rewards.iter_mut().zip(&other.rewards) {
            *sum = sum.saturating_add(*other);
        }
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// The bytes that are stored and sent: every sum, little endian, in the order of the members.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 * Self::n_sums(self.n_terms - 1));
        bytes.extend(self.products.iter().flat_map(|sum| sum.to_le_bytes()));
        bytes.extend(self.rewards.iter().flat_map(|sum| sum.to_le_bytes()));
        bytes.extend(self.squares.to_le_bytes());
        bytes
    }

    /// The block of these bytes; `None` where no block has as many.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let is_length = |n: &usize| bytes.len() == 8 * Self::n_sums(*n);
        let mut block = Self::new((0..=FEATURES_MAX).find(is_length)?);
        let (products, rest) = bytes.split_at_checked(8 * block.products.len())?;
        for (sum, bytes) in block.products.iter_mut().zip(products.as_chunks().0) {
            *sum = i64::from_le_bytes(*bytes);
        }
        let (wide, _) = rest.as_chunks();
        let (squares, rewards) = wide.split_last()?;
        for (sum, bytes) in block.rewards.iter_mut().zip(rewards) {
            *sum = i128::from_le_bytes(*bytes);
        }
        block.squares = u128::from_le_bytes(*squares);
        Some(block)
    }
}

/// A block as numbers, which may count in part: rewards in shares of the range.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    pub(super) n_terms: usize,
    /// Rows of the upper triangle of `sum x x'`.
    pub(super) products: Vec<f64>,
    /// `sum r x`.
    pub(super) rewards: Vec<f64>,
    /// `sum r^2`.
    pub(super) squares: f64,
}

impl Sums {
    /// The numbers of a block.
    #[must_use]
    pub fn of(block: &Block) -> Self {
        let square = f64::from(ONE) * f64::from(ONE);
        let unit = crate::bandit::REWARD_UNITS as f64;
        let products = block.products.iter().map(|sum| *sum as f64 / square);
        let rewards = block.rewards.iter();
        let rewards = rewards.map(|sum| *sum as f64 / (f64::from(ONE) * unit));
        Self {
            n_terms: block.n_terms,
            products: products.collect(),
            rewards: rewards.collect(),
            squares: block.squares as f64 / (unit * unit),
        }
    }

    /// Those of decisions whose only term is the intercept, where what is known of them is how many
    /// there were, and the sums of their rewards and of their squares.
    #[must_use]
    pub fn plain(arm: &IndexArm) -> Self {
        Self {
            n_terms: 1,
            products: vec![arm.n],
            rewards: vec![arm.sum],
            squares: arm.squares,
        }
    }

    /// Rows of the upper triangle of `sum x x'`.
    #[must_use]
    pub fn products(&self) -> &[f64] {
        &self.products
    }

    /// `sum r x`.
    #[must_use]
    pub fn rewards(&self) -> &[f64] {
        &self.rewards
    }

    /// Adds what other decisions add up to, each counting for `weight`.
    pub fn add(&mut self, other: &Self, weight: f64) {
        for (sum, other) in self.products.iter_mut().zip(&other.products) {
            *sum += weight * other;
        }
        for (sum, other) in self.rewards.iter_mut().zip(&other.rewards) {
            *sum += weight * other;
        }
        self.squares += weight * other.squares;
    }
}

const fn n_products(n_terms: usize) -> usize {
    n_terms * (n_terms + 1) / 2
}

fn terms(context: &ContextVector) -> Vec<i64> {
    let mut terms = vec![i64::from(ONE)];
    terms.extend(context.values().iter().map(|value| i64::from(*value)));
    terms
}
