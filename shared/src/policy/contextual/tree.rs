//! A tree of contexts for one action: what a linear predictor leaves unexplained, leaf by leaf.
//!
//! It begins as one leaf that adds nothing, so that a learner with trees is its linear part until
//! a split is worth it. Each leaf has a normal posterior of what it adds to the predictor.

use super::COVARIANCES_MAX;
use super::posterior::Evidence;
use super::state::Walk;

/// Standard values that a leaf may be split at, about an eighth of a normal feature between each.
const BORDERS: [f64; 7] = [-1.25, -0.75, -0.3, 0.0, 0.3, 0.75, 1.25];
const N_BINS: usize = BORDERS.len() + 1;
/// Observations between two looks for a split.
const LOOK_OBSERVATIONS: f64 = 8.0;
/// Most leaves of a tree.
const LEAVES_MAX: usize = 64;
/// Logarithm of how much likelier a split must make what was seen, beyond one for each border that
/// was tried: 55 to 1, so that noise makes few.
const GAIN: f64 = 4.0;
/// Precision of what a leaf adds, before anything is seen: one in log-odds, or in noise deviations.
const PRECISION: f64 = 1.0;

/// Most leaves of each action's tree, so that all of them keep no more numbers than covariances.
fn leaves_max(d: usize, n_actions: usize) -> usize {
    let numbers = n_actions.saturating_mul(d).saturating_mul(2 * N_BINS);
    (COVARIANCES_MAX / numbers.max(1)).clamp(1, LEAVES_MAX)
}

/// Sums over observations of how far rewards lay above what was expected of them, and of how much
/// they say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cell {
    excess: f64,
    information: f64,
}

impl Cell {
    fn add(&mut self, other: Self) {
        self.excess += other.excess;
        self.information += other.information;
    }

    fn less(self, other: Self) -> Self {
        Self {
            excess: self.excess - other.excess,
            information: self.information - other.information,
        }
    }

    /// Log of how much likelier a shift of the predictor with a normal prior makes them than none.
    ///
    /// # Formula
    /// With `g` the excess, `h` the information, `l` the prior's precision, all in the noise's
    /// units: `g^2 / (2 (h + l)) - ln (1 + h / l) / 2`, to second order.
    fn evidence(self, noise: f64) -> f64 {
        let Self {
            excess,
            information,
        } = self;
        let fit = 0.5 * excess * excess / ((information + PRECISION) * noise);
        fit - 0.5 * libm::log1p(information / PRECISION)
    }

    /// What the shift then is.
    fn shift(self) -> f64 {
        self.excess / (self.information + PRECISION)
    }

    fn walk(&mut self, walk: &mut impl Walk) {
        walk.number(&mut self.excess);
        walk.number(&mut self.information);
    }
}

/// What is known of the contexts that come to a leaf.
#[derive(Debug, Clone, PartialEq)]
struct Leaf {
    mean: f64,
    precision: f64,
    all: Cell,
    /// Of each feature, its bins.
    cells: Box<[Cell]>,
    n: f64,
    n_looked: f64,
}

impl Leaf {
    fn new(d: usize, mean: f64, precision: f64) -> Self {
        Self {
            mean,
            precision,
            all: Cell::default(),
            cells: vec![Cell::default(); d * N_BINS].into(),
            n: 0.0,
            n_looked: 0.0,
        }
    }

    /// Where it is best split, if it is worth it: feature, border, and what lies below that.
    ///
    /// # Formula
    /// The evidence of a shift on each side, against that of one shift or none, must be more than
    /// [`GAIN`] and the logarithm of how many borders there are: Bayes' factor of the split, each
    /// border as likely as any other. The greatest wins.
    fn split(&self, noise: f64) -> Option<(usize, f64, Cell)> {
        let mut best = None;
        let mut most = f64::NEG_INFINITY;
        for (feature, cells) in self.cells.chunks_exact(N_BINS).enumerate() {
            let mut below = Cell::default();
            for (cell, border) in cells.iter().zip(BORDERS) {
                below.add(*cell);
                let above = self.all.less(below);
                // Rounding may leave a trace of what is all on one side.
                if cell.information <= 0.0 || above.information < 1e-9 {
                    continue;
                }
                let evidence = below.evidence(noise) + above.evidence(noise);
                if evidence > most {
                    (most, best) = (evidence, Some((feature, border, below)));
                }
            }
        }
        let least = GAIN
            + libm::log(f64::max(
                (self.cells.len() / N_BINS * BORDERS.len()) as f64,
                1.0,
            ));
        best.filter(|_| most - self.all.evidence(noise).max(0.0) > least)
    }

    fn walk(&mut self, walk: &mut impl Walk) {
        walk.number(&mut self.mean);
        walk.number(&mut self.precision);
        self.all.walk(walk);
        self.cells.iter_mut().for_each(|cell| cell.walk(walk));
        walk.number(&mut self.n);
        walk.number(&mut self.n_looked);
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Leaf(Leaf),
    /// The node at `next` has what is below the border, the one after it what is not.
    Split {
        feature: usize,
        border: f64,
        next: usize,
    },
}

/// An observation, as a tree sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// The reward less what was expected of it.
    pub(crate) excess: f64,
    /// How much it says of the predictor.
    pub(crate) information: f64,
    /// How it moves the predictor, per variance.
    pub(crate) evidence: Evidence,
    /// Variance of a reward, in the units of the above.
    pub(crate) noise: f64,
}

/// The tree of one action.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    d: usize,
    nodes_max: usize,
    nodes: Vec<Node>,
}

impl Tree {
    /// A tree that adds nothing yet.
    pub(crate) fn new(d: usize, n_actions: usize) -> Self {
        Self {
            d,
            nodes_max: 2 * leaves_max(d, n_actions) - 1,
            nodes: vec![Node::Leaf(Leaf::new(d, 0.0, PRECISION))],
        }
    }

    /// Before its first split it adds nothing: the linear part has an intercept of its own.
    fn is_split(&self) -> bool {
        self.nodes.len() > 1
    }

    /// The place of the leaf that standard values belong to.
    fn place(&self, z: &[f64]) -> Option<usize> {
        let mut at = 0;
        loop {
            let Node::Split {
                feature,
                border,
                next,
            } = self.nodes.get(at)?
            else {
                return Some(at);
            };
            let further = next + usize::from(z.get(*feature)? >= border);
            // Whatever bytes say, a walk down a tree ends.
            at = (further > at).then_some(further)?;
        }
    }

    /// Mean and variance of what it adds to the predictor at these standard values.
    pub(crate) fn outlook(&self, z: &[f64]) -> (f64, f64) {
        if !self.is_split() {
            return (0.0, 0.0);
        }
        match self.place(z).and_then(|place| self.nodes.get(place)) {
            Some(Node::Leaf(leaf)) => (leaf.mean, 1.0 / leaf.precision),
            _ => (0.0, 0.0),
        }
    }

    /// Learns what a reward says of its leaf, and splits that where it is worth it.
    pub(crate) fn observe(&mut self, z: &[f64], seen: Seen) {
        let Some(place) = self.place(z) else {
            return;
        };
        let (next, is_split) = (self.nodes.len(), self.is_split());
        let Some(Node::Leaf(leaf)) = self.nodes.get_mut(place) else {
            return;
        };
        if is_split {
            leaf.mean += seen.evidence.step / leaf.precision;
            leaf.precision += seen.evidence.information;
        }
        let cell = Cell {
            excess: seen.excess,
            information: seen.information,
        };
        leaf.all.add(cell);
        for (cells, x) in leaf.cells.chunks_exact_mut(N_BINS).zip(z) {
            let bin = BORDERS.iter().filter(|border| x >= border).count();
            if let Some(of_bin) = cells.get_mut(bin) {
                of_bin.add(cell);
            }
        }
        leaf.n += 1.0;
        if next + 2 > self.nodes_max || leaf.n < leaf.n_looked + LOOK_OBSERVATIONS {
            return;
        }
        leaf.n_looked = leaf.n;
        let Some((feature, border, below)) = leaf.split(seen.noise) else {
            return;
        };
        let (d, mean, above) = (self.d, leaf.mean, leaf.all.less(below));
        let half = |of: Cell| Leaf::new(d, mean + of.shift(), PRECISION + of.information);
        if let Some(node) = self.nodes.get_mut(place) {
            *node = Node::Split {
                feature,
                border,
                next,
            };
        }
        self.nodes.extend([below, above].map(half).map(Node::Leaf));
    }

    /// Adds what the same tree learned elsewhere since both were `start`. Where one of them was
    /// split meanwhile, the one that was split more often is taken.
    pub(crate) fn merge(&mut self, other: &Self, start: &Self) {
        if other.nodes.len() > self.nodes.len() {
            *self = other.clone();
        }
        if self.nodes.len() != start.nodes.len() || other.nodes.len() != start.nodes.len() {
            return;
        }
        let others = other.nodes.iter().zip(&start.nodes);
        for (node, others) in self.nodes.iter_mut().zip(others) {
            let (Node::Leaf(leaf), (Node::Leaf(other), Node::Leaf(start))) = (node, others) else {
                continue;
            };
            let shift = leaf.precision * leaf.mean + other.precision * other.mean
                - start.precision * start.mean;
            leaf.precision += other.precision - start.precision;
            leaf.mean = shift / leaf.precision;
            leaf.all.add(other.all.less(start.all));
            let cells = other.cells.iter().zip(&start.cells);
            for (cell, (other, start)) in leaf.cells.iter_mut().zip(cells) {
                cell.add(other.less(*start));
            }
            leaf.n += other.n - start.n;
        }
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        let mut n_nodes = self.nodes.len();
        walk.size(&mut n_nodes, self.nodes_max);
        let (d, empty) = (self.d, |d| Node::Leaf(Leaf::new(d, 0.0, PRECISION)));
        self.nodes.resize_with(n_nodes, || empty(d));
        for node in &mut self.nodes {
            let mut is_split = u64::from(matches!(node, Node::Split { .. }));
            walk.whole(&mut is_split, 1);
            match (is_split, &mut *node) {
                (1, Node::Leaf(_)) => {
                    *node = Node::Split {
                        feature: 0,
                        border: 0.0,
                        next: 0,
                    }
                }
                (0, Node::Split { .. }) => *node = empty(d),
                _ => {}
            }
            match node {
                Node::Leaf(leaf) => leaf.walk(walk),
                Node::Split {
                    feature,
                    border,
                    next,
                } => {
                    walk.size(feature, d.saturating_sub(1));
                    walk.number(border);
                    walk.size(next, n_nodes);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
