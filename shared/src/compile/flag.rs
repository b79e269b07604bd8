//! Written flags to compiled ones: every status is lowered to rules and a fallback.

use super::limits::{KEY_BYTES_MAX, RULES_MAX, VARIANTS_MAX};
use super::scope::Scope;
use super::tail::TailWires;
use crate::bandit::Bandit;
use crate::bucketing::BUCKETS;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::dialect;
use crate::flag::{
    Expiry, ExpiryAction, Flag, FlagState, FlagType, LayerMembership, Rule, Variant, Views,
    Visibility,
};
use crate::page::merge_patch;
use crate::value::Value;
use crate::wire::ruleset::{
    ExpiryActionWire, ExpiryWire, FlagTypeWire, FlagWire, MembershipWire, StatusWire, VariantWire,
    ViewsWire, VisibilityWire,
};
use crate::wire::text::{Members, Text};
use std::sync::OnceLock;

/// Variant names in rising order; a variant's index is its position.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers<'w>(Vec<Text<'w>>);

impl<'w> Answers<'w> {
    pub(super) fn of(variants: &[(Text<'w>, VariantWire<'w>)]) -> Self {
        Self(variants.iter().map(|(name, _)| name.clone()).collect())
    }

    pub(super) fn index(&self, key: &str) -> Option<usize> {
        self.0.binary_search_by(|name| (**name).cmp(key)).ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What all flags see of each other.
#[derive(Clone, Copy)]
pub(super) struct Neighbours<'a, 'w> {
    /// Variant names of each flag that another requires and that could be read, by index.
    pub(super) answers: &'a [Option<Answers<'w>>],
    /// Each bandit that compiled, by index.
    pub(super) bandits: &'a [Option<Bandit>],
}

impl Neighbours<'_, '_> {
    /// For members that are not flags.
    pub(super) const NONE: Self = Neighbours {
        answers: &[],
        bandits: &[],
    };
}

impl<'s, 'w> Scope<'s, 'w> {
    pub(super) fn flag(&mut self, key: &'s str, wire: FlagWire<'w>, place: &Place<'_>) -> Flag {
        self.limit(key.len(), KEY_BYTES_MAX, "bytes in the flag's key", place);
        self.limit(
            wire.variants.len(),
            VARIANTS_MAX,
            "variants",
            &place.key("variants"),
        );
        self.limit(wire.rules.len(), RULES_MAX, "rules", &place.key("rules"));
        self.answers = Answers::of(&wire.variants);
        self.flag_key = key;
        let kind = flag_type(wire.kind);
        let off = self.optional_variant(wire.off_variant.as_deref(), place, "offVariant");
        let default = wire.default_variant.as_deref();
        let default = self.optional_variant(default, place, "defaultVariant");
        let requires = self.requirements(&wire.requires, &place.key("requires"));
        let overrides = self.overrides(wire.overrides, &place.key("overrides"));
        let mut rules = self.rules(wire.rules, &place.key("rules"));
        self.reserved_names(&rules, &place.key("rules"));
        let has_experiment = wire.experiment.is_some();
        let wires = TailWires {
            rollout: wire.rollout,
            experiment: wire.experiment,
            canary: wire.canary,
        };
        let tails = self.tails(wires, off, default, place);
        let tail = self.choose_tail(wire.status, tails, place);
        rules.extend(tail.rules);
        if !has_experiment && !rules.iter().any(Rule::is_experimental) {
            self.idle_holdouts(&wire.holdouts, &place.key("holdouts"));
        }
        let state = match wire.status {
            StatusWire::Disabled => FlagState::Disabled,
            _ => FlagState::Live,
        };
        Flag {
            key: key.into(),
            kind,
            visibility: visibility(wire.visibility),
            state,
            off,
            fallback: tail.fallback,
            requires,
            overrides,
            rules: rules.into(),
            layer: self.membership(wire.layer.as_deref(), &place.key("layer")),
            holdouts: self.holdouts(&wire.holdouts, &place.key("holdouts")),
            window: self.window(wire.schedule.as_deref(), &place.key("schedule")),
            expiry: self.expiry(wire.expiry.as_deref(), &place.key("expiry")),
            tracked: wire.track_exposures.unwrap_or(true),
            variants: self.variants(wire.variants, wire.config.as_ref(), kind, place),
            plan: OnceLock::new(),
        }
    }

    pub(super) fn limit(&mut self, found: usize, max: usize, what: &str, place: &Place<'_>) {
        if found > max {
            let message = format!("{found} {what}; at most {max} are allowed");
            self.fault(place, DiagnosticCode::LimitExceeded, message);
        }
    }

    fn variants(
        &mut self,
        wires: Members<'_, VariantWire<'_>>,
        base: Option<&Value>,
        kind: FlagType,
        place: &Place<'_>,
    ) -> Box<[Variant]> {
        self.config_object(base, &place.key("config"));
        let place = place.key("variants");
        let mut variants = Vec::with_capacity(wires.len());
        for (key, wire) in wires {
            let place = place.key(&key);
            self.limit(
                key.len(),
                KEY_BYTES_MAX,
                "bytes in the variant's name",
                &place,
            );
            if !kind.admits(&wire.value) {
                let message = format!("the value is not of the flag's type {kind:?}");
                self.fault(&place.key("value"), DiagnosticCode::TypeMismatch, message);
            }
            self.config_object(wire.config.as_ref(), &place.key("config"));
            let config = match (base, &wire.config) {
                (Some(base), Some(overrides)) => Some(merge_patch(base, overrides)),
                (base, overrides) => overrides.as_ref().or(base).cloned(),
            };
            let page = wire.page.map(|page| self.page(*page, &place.key("page")));
            let policy_place = place.key("policy");
            let policy = wire
                .policy
                .and_then(|wire| self.foreign(*wire, dialect::policy, &policy_place));
            variants.push(Variant {
                value: wire.value,
                config,
                metadata: wire.metadata,
                page: page.map(Box::new),
                name: wire.name.map(Into::into),
                views: wire.views.map(|views| Box::new((*views).into())),
                policy: policy.map(Box::new),
                key: key.into(),
            });
        }
        variants.into()
    }

    fn config_object(&mut self, config: Option<&Value>, place: &Place<'_>) {
        if config.is_some_and(|config| !matches!(config, Value::Object(_))) {
            let message = "configuration is a JSON object".to_owned();
            self.fault(place, DiagnosticCode::TypeMismatch, message);
        }
    }

    pub(super) fn optional_variant(
        &mut self,
        key: Option<&str>,
        place: &Place<'_>,
        field: &str,
    ) -> Option<usize> {
        self.variant(key?, &place.key(field))
    }

    fn overrides(
        &mut self,
        wires: Members<'_, Text<'_>>,
        place: &Place<'_>,
    ) -> Box<[(Box<str>, usize)]> {
        let mut overrides = Vec::with_capacity(wires.len());
        for (subject, variant) in wires {
            let index = self.variant(&variant, &place.key(&subject));
            overrides.extend(index.map(|index| (subject.into(), index)));
        }
        overrides.into()
    }

    fn membership(
        &mut self,
        wire: Option<&MembershipWire<'_>>,
        place: &Place<'_>,
    ) -> Option<LayerMembership> {
        let wire = wire?;
        let layer = self.layers.index(&wire.key);
        if layer.is_none() {
            self.unknown(&place.key("key"), "layer", &wire.key, self.layers);
        }
        let ranges = self.plain_ranges(&wire.ranges, BUCKETS, &place.key("ranges"));
        Some(LayerMembership {
            layer: layer?,
            ranges,
        })
    }

    fn holdouts(&mut self, keys: &[Text<'_>], place: &Place<'_>) -> Box<[usize]> {
        let mut indices = Vec::with_capacity(keys.len());
        for (position, key) in keys.iter().enumerate() {
            let index = self.holdouts.index(key);
            if index.is_none() {
                self.unknown(&place.index(position), "holdout", key, self.holdouts);
            }
            indices.extend(index);
        }
        indices.into()
    }

    /// Remarks on holdouts of a flag without experiment or bandit: they keep nobody out.
    fn idle_holdouts(&mut self, keys: &[Text<'_>], place: &Place<'_>) {
        if !keys.is_empty() {
            let message = "the flag has no experiment or bandit to keep subjects out of";
            let code = DiagnosticCode::NoEffect;
            self.diagnostics.warn(place.pointer(), code, message.into());
        }
    }

    fn expiry(&mut self, wire: Option<&ExpiryWire<'_>>, place: &Place<'_>) -> Option<Expiry> {
        let wire = wire?;
        let at = self.time(Some(&wire.at), &place.key("at"))?;
        let action = match wire.action {
            ExpiryActionWire::ServeOff => ExpiryAction::ServeOff,
            ExpiryActionWire::KeepServing => ExpiryAction::KeepServing,
        };
        Some(Expiry { at, action })
    }

    /// Refuses a rule's name that is taken.
    pub(super) fn unique_rule(&mut self, rules: &[Rule], id: &str, place: &Place<'_>) {
        if rules.iter().any(|rule| &*rule.id == id) {
            let message = format!("two rules are called \"{id}\"");
            self.fault(place, DiagnosticCode::Duplicate, message);
        }
    }
}

impl From<ViewsWire> for Views {
    fn from(wire: ViewsWire) -> Self {
        Self {
            boolean: wire.boolean,
            string: wire.string,
            number: wire.number,
            json: wire.json,
        }
    }
}

pub(super) fn flag_type(wire: FlagTypeWire) -> FlagType {
    match wire {
        FlagTypeWire::Boolean => FlagType::Boolean,
        FlagTypeWire::String => FlagType::String,
        FlagTypeWire::Number => FlagType::Number,
        FlagTypeWire::Json => FlagType::Json,
    }
}

fn visibility(wire: VisibilityWire) -> Visibility {
    match wire {
        VisibilityWire::Server => Visibility::Server,
        VisibilityWire::Client => Visibility::Client,
    }
}
