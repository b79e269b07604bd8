//! Faults that only show between members: circles, cost, and buckets with two owners.

use super::comparisons::{self, Comparisons};
use super::graph::order;
use super::limits::{COMPARISONS_MAX, EVALUATION_COST_MAX};
use crate::diagnostic::{DiagnosticCode, Diagnostics, Place};
use crate::flag::{Flag, FlagState, Serve};
use crate::ruleset::{Layer, Segment};
use crate::split::Range;
use crate::texts::ShortText;
use std::collections::BTreeSet;

/// Segments as they come, with what they refer to.
#[derive(Default)]
pub(super) struct Segments {
    list: Vec<Segment>,
    uses: Vec<Vec<usize>>,
    broken: BTreeSet<usize>,
}

impl Segments {
    pub(super) fn push(&mut self, segment: Segment, uses: BTreeSet<usize>, is_broken: bool) {
        if is_broken {
            self.broken.insert(self.list.len());
        }
        self.list.push(segment);
        self.uses.push(uses.into_iter().collect());
    }

    /// The segments, the indices of those that are broken, directly or through another, and what
    /// each may take; they may refer to tests against lists, which stand behind them.
    pub(super) fn finish(
        mut self,
        tests: &[Segment],
        diagnostics: &mut Diagnostics,
    ) -> (Vec<Segment>, BTreeSet<usize>, Comparisons) {
        let order = order(&self.uses);
        let root = Place::ROOT.key("segments");
        let mut report = |segment: &Segment, code, message: &str| {
            diagnostics.error(&root.key(&segment.key), code, message.to_owned());
        };
        for index in order.circular {
            if let Some(segment) = self.list.get(index) {
                report(
                    segment,
                    DiagnosticCode::Cycle,
                    "segments contain each other in a circle",
                );
            }
            self.broken.insert(index);
        }
        let mut cost = vec![1_u64; self.list.len() + tests.len()];
        let mut comparisons = Comparisons {
            segments: vec![0; self.list.len()],
            flags: Vec::new(),
        };
        comparisons.add(self.list.len(), tests);
        for index in order.resolved {
            let uses = self.uses.get(index).map_or(&[][..], Vec::as_slice);
            let total = total_cost(uses, &cost);
            if let Some(own) = cost.get_mut(index) {
                *own = total;
            }
            let Some(segment) = self.list.get(index) else {
                continue;
            };
            let found = comparisons.of_segment(segment);
            let is_over = total > EVALUATION_COST_MAX || found > COMPARISONS_MAX;
            if total > EVALUATION_COST_MAX {
                report(segment, DiagnosticCode::LimitExceeded, COST);
            } else if is_over {
                let message = comparisons::message(found);
                report(segment, DiagnosticCode::LimitExceeded, &message);
            } else if let Some(own) = comparisons.segments.get_mut(index) {
                *own = found;
            }
            if is_over || uses.iter().any(|used| self.broken.contains(used)) {
                self.broken.insert(index);
            }
        }
        // Nobody looks into a broken segment, so it need not be able to look into others.
        for index in &self.broken {
            if let Some(segment) = self.list.get_mut(*index) {
                segment.when = None;
            }
        }
        (self.list, self.broken, comparisons)
    }
}

const COST: &str = "following its references takes more than 256 evaluations";

/// One, and the costs of everything that is used, along every path.
fn total_cost(uses: &[usize], cost: &[u64]) -> u64 {
    let costs = uses.iter().filter_map(|used| cost.get(*used));
    costs.fold(1, |sum: u64, cost| sum.saturating_add(*cost))
}

/// Breaks flags whose prerequisites run in circles or cost too much to follow, and those that take
/// too much themselves.
pub(super) fn check_prerequisites(
    flags: &mut [Flag],
    asked: &[Vec<usize>],
    mut comparisons: Comparisons,
    diagnostics: &mut Diagnostics,
) {
    let requires: Vec<Vec<usize>> = flags
        .iter()
        .zip(asked)
        .map(|(flag, asked)| {
            let required = flag.requires.iter().map(|requirement| requirement.flag);
            required.chain(asked.iter().copied()).collect()
        })
        .collect();
    let order = order(&requires);
    let root = Place::ROOT.key("flags");
    let mut fail = |flag: &mut Flag, member, code, message: &str| {
        diagnostics.error(&root.key(&flag.key).key(member), code, message.to_owned());
        flag.state = FlagState::Broken(message.into());
    };
    for index in order.circular {
        if let Some(flag) = flags.get_mut(index) {
            fail(
                flag,
                "requires",
                DiagnosticCode::Cycle,
                "flags require each other in a circle",
            );
        }
    }
    let mut cost = vec![1_u64; flags.len()];
    comparisons.flags = vec![0; flags.len()];
    for index in order.resolved {
        let total = total_cost(requires.get(index).map_or(&[], Vec::as_slice), &cost);
        let Some(flag) = flags.get_mut(index) else {
            continue;
        };
        let found = comparisons.of_flag(flag, asked.get(index).map_or(&[], Vec::as_slice));
        if total > EVALUATION_COST_MAX {
            fail(flag, "requires", DiagnosticCode::LimitExceeded, COST);
        } else if found > COMPARISONS_MAX {
            let message = comparisons::message(found);
            fail(flag, "rules", DiagnosticCode::LimitExceeded, &message);
        } else if let (Some(own), FlagState::Live) = (cost.get_mut(index), &flag.state) {
            *own = total;
            if let Some(own) = comparisons.flags.get_mut(index) {
                *own = found;
            }
        }
    }
}

/// Breaks the later of two flags that claim the same buckets of a layer.
pub(super) fn check_layers(flags: &mut [Flag], layers: &[Layer], diagnostics: &mut Diagnostics) {
    let root = Place::ROOT.key("flags");
    for (index, layer) in layers.iter().enumerate() {
        let mut taken: Vec<(Range, ShortText)> = Vec::new();
        for flag in flags.iter_mut() {
            let Some(membership) = flag.layer.as_ref().filter(|m| m.layer == index) else {
                continue;
            };
            let claims = membership.ranges.iter();
            let clash = claims.flat_map(|claim| taken.iter().map(move |other| (claim, other)));
            let clash = clash
                .into_iter()
                .find(|(claim, (range, _))| claim.overlaps(*range));
            let owner = clash.map(|(_, (_, owner))| owner.clone());
            if let Some(owner) = owner {
                let place = root.key(&flag.key);
                let message = format!(
                    "its buckets of the layer \"{}\" overlap those of the flag \"{owner}\"",
                    layer.key
                );
                let code = DiagnosticCode::Overlap;
                diagnostics.error(&place.key("layer").key("ranges"), code, message.clone());
                flag.state = FlagState::Broken(message.into());
                continue;
            }
            taken.extend(
                membership
                    .ranges
                    .iter()
                    .map(|range| (*range, flag.key.clone())),
            );
        }
    }
}

/// Points the flag's rules to where its bandits have moved.
pub(super) fn renumber_bandits(flag: &mut Flag, kept: &[Option<usize>]) {
    for rule in &mut flag.rules {
        if let Serve::Bandit { bandit, .. } = &mut rule.serve
            && let Some(Some(position)) = kept.get(*bandit)
        {
            *bandit = *position;
        }
    }
}
