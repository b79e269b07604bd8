//! Where chance decides: gates, holdouts, layers, splits and bandits.

use super::{Choosing, Drawn, Participation, Walker};
use crate::bucketing::{Bucket, Bucketing, NoBucket};
use crate::context::TARGETING_KEY;
use crate::decision::{Choice, check_offers, decide, start};
use crate::dialect::{Chosen, View};
use crate::evaluation::{Details, ErrorCode, Failure, KeptOut};
use crate::flag::{Flag, Gate, Rule, Serve, Share};
use crate::split::{Range, owner_of};

impl<'a> Walker<'_, 'a> {
    /// Why the subject takes no part in the flag's experiments.
    pub(super) fn kept_out(&self, flag: &'a Flag) -> Result<Option<KeptOut<'a>>, Box<Failure>> {
        if self.participation == Participation::Excluded {
            return Ok(Some(KeptOut::NotParticipating));
        }
        for index in &flag.holdouts {
            let Some(holdout) = self.ruleset.holdouts().get(*index) else {
                continue;
            };
            let Some(range) = holdout.range else { continue };
            let bucket = self.bucket(&holdout.bucketing)?;
            if bucket.is_some_and(|bucket| range.contains(bucket)) {
                return Ok(Some(KeptOut::Holdout(&holdout.key)));
            }
        }
        let Some(membership) = &flag.layer else {
            return Ok(None);
        };
        let Some(layer) = self.ruleset.layers().get(membership.layer) else {
            return Ok(None);
        };
        let bucket = self.bucket(&layer.bucketing)?;
        let contains = |range: &Range| bucket.is_some_and(|bucket| range.contains(bucket));
        let inside = membership.ranges.iter().any(contains);
        Ok((!inside).then_some(KeptOut::Layer(&layer.key)))
    }

    /// Whether the gate lets the subject pass, and the bucket where one was needed to tell.
    pub(super) fn passes(&self, gate: &Gate) -> Result<(bool, Option<Bucket>), Box<Failure>> {
        let ramped;
        let ranges = match &gate.share {
            Share::Ranges(ranges) => &**ranges,
            Share::Ramp(ramp) => {
                ramped = Range::new(0, ramp.buckets_at(self.at));
                ramped.as_slice()
            }
        };
        match ranges {
            [] => Ok((false, None)),
            [full] if gate.bucketing.is_ours() && *full == Range::FULL => Ok((true, None)),
            ranges => match self.bucket(&gate.bucketing) {
                Ok(Some(bucket)) => Ok((
                    ranges.iter().any(|range| range.contains(bucket)),
                    Some(bucket),
                )),
                Ok(None) => Ok((false, None)),
                Err(_) if self.participation == Participation::Excluded => Ok((false, None)),
                Err(failure) => Err(failure),
            },
        }
    }

    /// The subject's bucket; `None` where the bucketing passes the subject over.
    fn bucket(&self, bucketing: &Bucketing) -> Result<Option<Bucket>, Box<Failure>> {
        match bucketing.draw_in(self.gaze, self.draw) {
            Ok(bucket) => Ok(Some(bucket)),
            Err(NoBucket::Missed) => Ok(None),
            Err(NoBucket::Missing(attribute)) if attribute.is_targeting_key() => no_targeting_key(),
            Err(NoBucket::Missing(attribute)) => {
                let detail =
                    format!("the flag is bucketed by \"{attribute}\", which the context lacks");
                Err(Failure::new(ErrorCode::InvalidContext, detail))
            }
        }
    }

    pub(super) fn view(&self) -> View<'a> {
        View {
            context: self.context,
            at: self.at,
            draw: self.draw,
        }
    }

    /// What the rule serves to those it lets through.
    pub(super) fn choose(
        &self,
        flag: &Flag,
        rule: &Rule,
        details: &mut Details<'a>,
    ) -> Result<Choosing, Box<Failure>> {
        match &rule.serve {
            Serve::Variant(variant) => Ok(Choosing::Drawn(Some((*variant, None, None)))),
            Serve::Split {
                bucketing,
                ranges,
                propensities,
            } => {
                let bucket = self.bucket(bucketing)?;
                let drawn =
                    bucket.and_then(|bucket| Some((owner_of(ranges, bucket)?, Some(bucket), None)));
                let propensity = propensities.as_ref().zip(drawn.as_ref());
                let propensity = propensity.and_then(|(list, (variant, ..))| list.get(*variant));
                details.chosen = propensity.map(|propensity| Chosen {
                    action: None,
                    propensity: *propensity,
                });
                Ok(Choosing::Drawn(drawn))
            }
            Serve::Bandit { bandit, variants } => {
                self.decide(*bandit, variants, details).map(Choosing::Drawn)
            }
            Serve::Program(program) => {
                let Some(name) = program.code().variant(&self.view())? else {
                    return Ok(Choosing::Fallback);
                };
                if let Some(variant) = flag.variant_named(&name) {
                    return Ok(Choosing::Drawn(Some((variant, None, None))));
                }
                // What the expression names may be the text of an attribute.
                let detail = if self.ruleset.private().is_empty() {
                    format!("its expression names \"{name}\", which is no variant")
                } else {
                    "its expression names something that is no variant".to_owned()
                };
                Err(Failure::new(ErrorCode::ParseError, detail))
            }
            Serve::Nothing => Ok(Choosing::Default),
            Serve::Failure(failure) => Err(Box::new(failure.clone())),
        }
    }

    /// The variant that a bandit chooses, or the one that stands for whatever a request offers.
    fn decide(
        &self,
        bandit: usize,
        variants: &[usize],
        details: &mut Details<'a>,
    ) -> Result<Option<Drawn>, Box<Failure>> {
        let Some(bandit) = self.ruleset.bandits().get(bandit) else {
            return Ok(None);
        };
        let Some(unit) = self.context.targeting_key() else {
            return no_targeting_key();
        };
        if bandit.takes_offers() {
            check_offers(self.context)
                .map_err(|detail| Failure::new(ErrorCode::InvalidContext, detail))?;
        }
        if !cfg!(feature = "serving") {
            let place = start(bandit, unit, self.draw);
            let variant = place.and_then(|place| variants.get(place));
            return Ok(variant.map(|variant| (*variant, None, None)));
        }
        let decision = decide(&Choice {
            bandit,
            snapshot: self.policies.get(bandit.key()),
            sticky: self.sticky,
            context: self.context,
            unit,
            draw: self.draw,
            at: self.at,
        });
        Ok(decision.and_then(|decision| {
            let place = if bandit.takes_offers() {
                // Among its attributes the name is a value, which lives as long as the context.
                let mut actions = self.context.actions().iter();
                let action = actions.find(|it| it.name == decision.action)?;
                details.offered = action.attributes.attribute(TARGETING_KEY);
                0
            } else {
                let mut actions = bandit.actions().iter();
                actions.position(|action| *action == decision.action)?
            };
            let variant = variants.get(place)?;
            Some((*variant, None, Some(Box::new(decision))))
        }))
    }
}

fn no_targeting_key<T>() -> Result<T, Box<Failure>> {
    let detail = "the flag needs a targeting key";
    Err(Failure::new(ErrorCode::TargetingKeyMissing, detail))
}
