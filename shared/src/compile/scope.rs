//! What compiling one member needs to know of the others: their names and where they stand.

use super::flag::{Answers, Neighbours};
use super::limits::SCALE_MAX;
use super::lists::Lists;
use crate::bucketing::{BUCKETS, BUCKETS_PER_PERCENT, Bucketing, Draw, OnMissing};
use crate::context::{Attributes, TARGETING_KEY};
use crate::diagnostic::{DiagnosticCode, Diagnostics, Place};
use crate::dialect::method::Method;
use crate::ruleset::Holdout;
use crate::texts::ShortText;
use crate::time::UnixMillis;
use crate::time::Window;
use crate::wire::condition::BucketingWire;
use crate::wire::ruleset::WindowWire;
use crate::wire::text::Text;
use std::collections::BTreeSet;

/// Names in rising order; a name's index is its position.
#[derive(Default)]
pub(super) struct Names<'w>(Vec<Text<'w>>);

impl<'w> Names<'w> {
    pub(super) fn new<T>(members: &[(Text<'w>, T)]) -> Self {
        Self(members.iter().map(|(name, _)| name.clone()).collect())
    }

    pub(super) fn index(&self, key: &str) -> Option<usize> {
        self.0.binary_search_by(|name| (**name).cmp(key)).ok()
    }

    pub(super) fn get(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(|name| &**name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }
}

/// The names a member may refer to, the diagnostics it adds to, and the references it made.
pub(super) struct Scope<'a, 'w> {
    pub(super) salt: &'a str,
    pub(super) segments: &'a Names<'w>,
    pub(super) layers: &'a Names<'w>,
    pub(super) holdouts: &'a Names<'w>,
    /// Holdouts by index.
    pub(super) made_holdouts: &'a [Holdout],
    pub(super) bandits: &'a Names<'w>,
    pub(super) flags: &'a Names<'w>,
    pub(super) lists: &'a mut Lists<'w>,
    pub(super) attributes: &'a mut Attributes,
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) neighbours: Neighbours<'a, 'w>,
    /// Variants of the flag at hand.
    pub(super) answers: Answers<'w>,
    /// The key of the flag at hand.
    pub(super) flag_key: &'a str,
    /// Segments, and tests against lists, that the member at hand refers to.
    pub(super) used_segments: BTreeSet<usize>,
    /// Flags that its conditions ask, each as often as they do, where a circle would be an error.
    pub(super) used_flags: Vec<usize>,
}

impl Scope<'_, '_> {
    pub(super) fn fault(&mut self, place: &Place<'_>, code: DiagnosticCode, message: String) {
        self.diagnostics.error(place, code, message);
    }

    /// The segment's index; an unknown one is reported.
    pub(super) fn segment(&mut self, key: &str, place: &Place<'_>) -> Option<usize> {
        let index = self.segments.index(key);
        match index {
            Some(index) => drop(self.used_segments.insert(index)),
            None => self.unknown(place, "segment", key, self.segments),
        }
        index
    }

    /// Reports a reference to nothing, with the nearest existing name where one is near.
    pub(super) fn unknown(&mut self, place: &Place<'_>, noun: &str, key: &str, known: &Names<'_>) {
        let message = unknown_message(noun, key, known.iter());
        self.fault(place, DiagnosticCode::UnknownReference, message);
    }

    pub(super) fn time(&mut self, text: Option<&str>, place: &Place<'_>) -> Option<UnixMillis> {
        let parsed = UnixMillis::parse(text?);
        if parsed.is_err() {
            let message = format!(
                "\"{}\" is no RFC 3339 time with an offset, such as 2026-03-01T09:00:00Z",
                text.unwrap_or_default()
            );
            self.fault(place, DiagnosticCode::InvalidTime, message);
        }
        parsed.ok()
    }

    pub(super) fn window(&mut self, wire: Option<&WindowWire<'_>>, place: &Place<'_>) -> Window {
        let Some(wire) = wire else {
            return Window::default();
        };
        let start = self.time(wire.start_at.as_deref(), &place.key("startAt"));
        let end = self.time(wire.end_at.as_deref(), &place.key("endAt"));
        if let (Some(start), Some(end)) = (start, end)
            && end <= start
        {
            let message = "endAt must be later than startAt".to_owned();
            self.fault(&place.key("endAt"), DiagnosticCode::InvalidTime, message);
        }
        Window { start, end }
    }

    /// Buckets of a percentage in 0..=100, rounded to the nearest bucket.
    pub(super) fn percentage(&mut self, percentage: f64, place: &Place<'_>) -> u64 {
        if (0.0..=100.0).contains(&percentage) {
            return (percentage * BUCKETS_PER_PERCENT as f64).round() as u64;
        }
        let message = format!("{percentage} is no percentage: it must lie in 0..=100");
        self.fault(place, DiagnosticCode::InvalidPercentage, message);
        0
    }

    /// Flags that name no salt are spread each in its own way.
    pub(super) fn bucketing(
        &mut self,
        wire: Option<Box<BucketingWire<'_>>>,
        place: &Place<'_>,
    ) -> Bucketing {
        let Some(wire) = wire else {
            let salt = default_salt(self.salt, self.flag_key);
            return Bucketing::over(self.attributes.named(TARGETING_KEY), salt);
        };
        let place = place.key("bucketing");
        let (method, scale) = self.method(&wire, &place);
        let on_missing = self.on_missing(wire.on_missing.as_deref(), &place);
        let draw = match wire.draw.as_deref() {
            None | Some("hash") => Draw::Hash,
            Some("request") => Draw::Request,
            Some(other) => {
                let message = format!("unknown draw \"{other}\": use \"hash\" or \"request\"");
                self.fault(&place.key("draw"), DiagnosticCode::InvalidSplit, message);
                Draw::Hash
            }
        };
        let salt = wire
            .salt
            .map_or_else(|| default_salt(self.salt, self.flag_key), ShortText::from);
        let mut bucketing = Bucketing::by_targeting_key(salt);
        bucketing.draw = draw;
        bucketing.method = method;
        bucketing.scale = scale;
        bucketing.on_missing = on_missing;
        bucketing.or_by = wire.or_by.map(|unit| unit.0.into()).unwrap_or_default();
        bucketing.or_prefix = wire.or_prefix.map(Into::into).unwrap_or_default();
        if let Some(unit) = wire.by {
            if unit.0.is_empty() {
                let message = "\"by\" needs at least one attribute".to_owned();
                self.fault(&place.key("by"), DiagnosticCode::InvalidSplit, message);
            }
            bucketing.by = unit.0.into();
        }
        bucketing.intern(self.attributes);
        bucketing
    }
}

impl Scope<'_, '_> {
    /// The method, and how many numbers it draws from.
    fn method(&mut self, wire: &BucketingWire<'_>, place: &Place<'_>) -> (Method, u64) {
        let kind = wire.kind.as_deref().unwrap_or(Method::Xxh3.name());
        let Some(method) = Method::named(kind) else {
            let known: Vec<&str> = Method::names().collect();
            let message = format!("unknown bucketing \"{kind}\": one of {}", known.join(", "));
            self.fault(&place.key("kind"), DiagnosticCode::InvalidSplit, message);
            return (Method::Xxh3, BUCKETS);
        };
        let scale = match (method.own_scale(), wire.scale) {
            (Some(scale), None) => Ok(scale),
            (None, Some(scale)) if (1..=SCALE_MAX).contains(&scale) => Ok(scale),
            (Some(_), Some(_)) => Err(format!("\"{kind}\" has a scale of its own")),
            (None, _) => Err(format!("\"{kind}\" needs a scale in 1..={SCALE_MAX}")),
        };
        let scale = scale.unwrap_or_else(|message| {
            self.fault(&place.key("scale"), DiagnosticCode::InvalidSplit, message);
            BUCKETS
        });
        (method, scale)
    }

    fn on_missing(&mut self, text: Option<&str>, place: &Place<'_>) -> OnMissing {
        match text {
            None | Some("fails") => OnMissing::Fails,
            Some("misses") => OnMissing::Misses,
            Some("first") => OnMissing::First,
            Some("random") => OnMissing::Random,
            Some(other) => {
                let message = format!(
                    "unknown \"{other}\": use \"fails\", \"misses\", \"first\" or \"random\""
                );
                self.fault(
                    &place.key("onMissing"),
                    DiagnosticCode::InvalidSplit,
                    message,
                );
                OnMissing::Fails
            }
        }
    }
}

/// The salt of a member that names none: another key, another spread.
pub(super) fn default_salt(salt: &str, key: &str) -> ShortText {
    if salt.is_empty() {
        key.into()
    } else {
        [salt, "/", key].into_iter().collect()
    }
}

/// `unknown segment "x"`, and the nearest name where one is near.
pub(super) fn unknown_message<'n>(
    noun: &str,
    key: &str,
    known: impl Iterator<Item = &'n str>,
) -> String {
    let near = known
        .map(|name| (strsim::jaro_winkler(name, key), name))
        .filter(|(s, _)| *s > 0.8);
    match near.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((_, name)) => format!("unknown {noun} \"{key}\"; did you mean \"{name}\"?"),
        None => format!("unknown {noun} \"{key}\""),
    }
}
