//! Written splits, gates and ramps to ranges of buckets.

use super::flag::Answers;
use super::scope::{Scope, unknown_message};
use crate::bucketing::Bucketing;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::flag::{Gate, Interpolation, Ramp, Share};
use crate::split::{OwnedRange, Range, allocate, apportion, overlap};
use crate::wire::ruleset::{GateWire, InterpolationWire, OwnedRangeWire, RampWire};
use crate::wire::text::{ByName, Text};

/// What an author wrote about shares: ranges decide, weights stand in until they are published.
pub(super) struct Shares<'w> {
    /// How subjects are spread over them.
    pub(super) bucketing: &'w Bucketing,
    pub(super) weights: Option<&'w ByName<'w, f64>>,
    pub(super) ranges: Option<&'w [OwnedRangeWire<Text<'w>>]>,
}

impl Scope<'_, '_> {
    /// Sorted, disjoint ranges owned by variants.
    pub(super) fn ranges(&mut self, shares: &Shares<'_>, place: &Place<'_>) -> Box<[OwnedRange]> {
        match (shares.ranges, shares.weights) {
            (Some(ranges), _) => {
                self.explicit(ranges, shares.bucketing.scale, &place.key("ranges"))
            }
            (None, Some(_)) if !shares.bucketing.is_ours() => {
                self.needs_ranges(&place.key("weights"));
                Box::default()
            }
            (None, Some(weights)) => self.weighted(weights, &place.key("weights")),
            (None, None) => {
                let message = "a split needs \"weights\" or \"ranges\"".to_owned();
                self.fault(place, DiagnosticCode::InvalidSplit, message);
                Box::default()
            }
        }
    }

    fn needs_ranges(&mut self, place: &Place<'_>) {
        let message = "shares of another system's bucketing are written as \"ranges\"".to_owned();
        self.fault(place, DiagnosticCode::InvalidSplit, message);
    }

    fn explicit(
        &mut self,
        ranges: &[OwnedRangeWire<Text<'_>>],
        scale: u64,
        place: &Place<'_>,
    ) -> Box<[OwnedRange]> {
        let mut owned = Vec::with_capacity(ranges.len());
        for (index, wire) in ranges.iter().enumerate() {
            let place = place.index(index);
            let owner = self.variant(&wire.variant, &place.key("variant"));
            let range = self.range((wire.from, wire.to), scale, &place);
            owned.extend(
                range
                    .zip(owner)
                    .map(|(range, owner)| OwnedRange { range, owner }),
            );
        }
        owned.sort_unstable();
        if let Some((a, b)) = overlap(&owned) {
            self.overlapping(a, b, place);
        }
        owned.into()
    }

    fn weighted(&mut self, weights: &ByName<'_, f64>, place: &Place<'_>) -> Box<[OwnedRange]> {
        let mut shares = vec![0.0; self.answers.len()];
        for (key, weight) in &weights.0 {
            let owner = self.variant(key, &place.key(key));
            if let Some(share) = owner.and_then(|owner| shares.get_mut(owner)) {
                *share = *weight;
            }
        }
        if let Some(targets) = apportion(&shares) {
            return allocate(&[], &targets).into();
        }
        let message = "weights must be finite, not negative, and not all zero".to_owned();
        self.fault(place, DiagnosticCode::InvalidSplit, message);
        Box::default()
    }

    /// The index of a variant of the flag at hand.
    pub(super) fn variant(&mut self, key: &str, place: &Place<'_>) -> Option<usize> {
        let answers = std::mem::take(&mut self.answers);
        let index = self.variant_of(&answers, key, place);
        self.answers = answers;
        index
    }

    /// The index of a variant; an unknown one is reported.
    pub(super) fn variant_of(
        &mut self,
        answers: &Answers<'_>,
        key: &str,
        place: &Place<'_>,
    ) -> Option<usize> {
        let index = answers.index(key);
        if index.is_none() {
            let message = unknown_message("variant", key, answers.iter());
            self.fault(place, DiagnosticCode::UnknownReference, message);
        }
        index
    }

    pub(super) fn range(
        &mut self,
        (from, to): (u64, u64),
        scale: u64,
        place: &Place<'_>,
    ) -> Option<Range> {
        let range = Range::within(from, to, scale);
        if range.is_none() {
            let message = format!("buckets {from}..{to}: 0 <= from < to <= {scale} must hold");
            self.fault(place, DiagnosticCode::InvalidSplit, message);
        }
        range
    }

    pub(super) fn overlapping(&mut self, a: Range, b: Range, place: &Place<'_>) {
        let message = format!(
            "ranges {}..{} and {}..{} overlap: a bucket has one owner",
            a.from(),
            a.to(),
            b.from(),
            b.to()
        );
        self.fault(place, DiagnosticCode::Overlap, message);
    }

    pub(super) fn gate(&mut self, wire: GateWire<'_>, place: &Place<'_>) -> Gate {
        let bucketing = self.bucketing(wire.bucketing, place);
        let share = match (wire.percentage, wire.ranges) {
            (Some(_), None) if !bucketing.is_ours() => {
                self.needs_ranges(&place.key("percentage"));
                Share::Ranges(Box::default())
            }
            (Some(percentage), None) => {
                first_buckets(self.percentage(percentage, &place.key("percentage")))
            }
            (None, Some(ranges)) => {
                let place = place.key("ranges");
                Share::Ranges(self.plain_ranges(&ranges, bucketing.scale, &place))
            }
            _ => {
                let message = "a gate needs either \"percentage\" or \"ranges\"".to_owned();
                self.fault(place, DiagnosticCode::InvalidSplit, message);
                Share::Ranges(Box::default())
            }
        };
        Gate { bucketing, share }
    }

    pub(super) fn plain_ranges(
        &mut self,
        wires: &[(u64, u64)],
        scale: u64,
        place: &Place<'_>,
    ) -> Box<[Range]> {
        let mut ranges = Vec::with_capacity(wires.len());
        for (index, ends) in wires.iter().enumerate() {
            ranges.extend(self.range(*ends, scale, &place.index(index)));
        }
        ranges.sort_unstable();
        for pair in ranges.clone().windows(2) {
            if let [a, b] = pair
                && a.overlaps(*b)
            {
                self.overlapping(*a, *b, place);
            }
        }
        ranges.into()
    }

    pub(super) fn ramp(&mut self, wire: &RampWire<'_>, initial: u64, place: &Place<'_>) -> Share {
        let steps_place = place.key("steps");
        let mut steps: Vec<(_, u64)> = Vec::with_capacity(wire.steps.len());
        for (index, step) in wire.steps.iter().enumerate() {
            let place = steps_place.index(index);
            let at = self.time(Some(&step.at), &place.key("at"));
            let buckets = self.percentage(step.percentage, &place.key("percentage"));
            let Some(at) = at else { continue };
            if steps.last().is_some_and(|(before, _)| at <= *before) {
                let message = "steps must be in rising order of time".to_owned();
                self.fault(&place.key("at"), DiagnosticCode::InvalidTime, message);
            }
            steps.push((at, buckets));
        }
        let interpolation = match wire.interpolation {
            InterpolationWire::Step => Interpolation::Step,
            InterpolationWire::Linear => Interpolation::Linear,
        };
        Share::Ramp(Ramp {
            initial,
            steps: steps.into(),
            interpolation,
        })
    }
}

/// A gate that the first buckets pass: raising it never shuts anybody out.
pub(super) fn first_buckets(count: u64) -> Share {
    Share::Ranges(Range::new(0, count).into_iter().collect())
}

/// A gate for a share of subjects, independent of the split behind it.
pub(super) fn traffic_gate(bucketing: &Bucketing, count: u64) -> Gate {
    let salt = format!("{}/traffic", bucketing.salt).into();
    Gate {
        bucketing: Bucketing {
            salt,
            ..bucketing.clone()
        },
        share: first_buckets(count),
    }
}
