//! The compact form of everything a ruleset is made of.
//!
//! The numbers of cases are stored: they are only ever added to.

use super::bytes::{Compact, Reader, Writer, cases, record};
use crate::bandit::features::{Feature, FeatureSpec};
use crate::bandit::wire::{
    BanditWire, BetaPriorWire, PolicyWire, RepeatWire, RewardKindWire, RewardWire, StickinessWire,
    checked, to_wire, unlearned,
};
use crate::bandit::{Bandit, POLICY_KINDS, PolicyKind};
use crate::bucketing::{Bucketing, Draw, OnMissing};
use crate::condition::{
    Comparison, Condition, FlagCondition, FlagTest, Matcher, OnFailure, Position, Test, TextMatcher,
};
use crate::context::Attribute;
use crate::dialect::method::Method;
use crate::dialect::{self, Foreign, ForeignPolicy, ForeignProgram, ForeignTest, Source};
use crate::evaluation::{ErrorCode, Failure};
use crate::flag::{
    Expiry, ExpiryAction, FlagState, FlagType, Gate, Interpolation, LayerMembership, OnMiss, Ramp,
    Requirement, Rule, Serve, Share, Variant, Views, Visibility,
};
use crate::page::{Content, Edit, EditAction, InsertAt, PageChange, Redirect};
use crate::pattern::Pattern;
use crate::policy::linear::EXPLORATION_KINDS;
use crate::ruleset::{Holdout, Layer, Segment};
use crate::split::{OwnedRange, Range};
use crate::time::{UnixMillis, Window};
use crate::value::{Number, Value};
use crate::version::Precedence;

record!(Segment {
    key,
    included,
    excluded,
    when
});
record!(Layer { key, bucketing });
record!(Holdout {
    key,
    bucketing,
    range
});
record!(Variant {
    key,
    value,
    config,
    metadata,
    page,
    name,
    views,
    policy
});
record!(Views {
    boolean,
    string,
    number,
    json
});
record!(Expiry { at, action });
record!(Requirement { flag, variants });
record!(LayerMembership { layer, ranges });
record!(Rule {
    id,
    when,
    window,
    gates,
    serve,
    on_miss
});
record!(Gate { bucketing, share });
record!(Ramp {
    initial,
    steps,
    interpolation
});
record!(Bucketing {
    method,
    salt,
    by,
    or_by,
    or_prefix,
    on_missing,
    draw,
    scale
});
record!(OwnedRange { range, owner });
record!(Window { start, end });
record!(Test { attribute, matcher });
record!(FlagCondition {
    flag,
    test,
    on_failure
});
record!(FlagTest {
    must_be_on,
    variants,
    value,
    foreign
});
record!(Source {
    dialect,
    op,
    attribute,
    value
});
record!(Failure { code, detail });
record!(TextMatcher {
    position,
    needles,
    fold_case
});
record!(PageChange {
    paths,
    edits,
    redirect,
    rewrite
});
record!(Edit { selector, action });
record!(Redirect { to, status });
/// What belongs to its kind. Members of later versions stand behind a mark where a kind would be,
/// so that a policy without them reads and is written as ever.
impl Compact for CheckedPolicy {
    fn write(&self, to: &mut Writer) {
        if let Some(exploration) = self.exploration {
            to.byte(LATEST_MEMBERS);
            let place = EXPLORATION_KINDS.iter().position(|it| *it == exploration);
            to.byte(place.unwrap_or_default() as u8);
            self.alpha.write(to);
            (self.epsilon, self.decay).write(to);
        }
        if self.adaptive_window_ms.is_some() {
            to.byte(LATER_MEMBERS);
            self.adaptive_window_ms.write(to);
        }
        let is_late = self.half_life_ms.is_some() || self.window_ms.is_some();
        if is_late {
            to.byte(LATE_MEMBERS);
            self.half_life_ms.write(to);
            self.window_ms.write(to);
        }
        let place = POLICY_KINDS.iter().position(|kind| *kind == self.kind);
        to.byte(place.unwrap_or_default() as u8);
        if self.kind == PolicyKind::Contextual {
            self.features.write(to);
        }
        self.floor.write(to);
        match self.kind {
            PolicyKind::Thompson | PolicyKind::TopTwo => self.prior.write(to),
            PolicyKind::EpsilonGreedy => (self.epsilon, self.decay).write(to),
            _ => {}
        }
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut mark = from.byte()?;
        let (mut half_life_ms, mut window_ms, mut adaptive_window_ms) = (None, None, None);
        let (mut exploration, mut alpha, mut chance) = (None, None, (None, None));
        if mark == LATEST_MEMBERS {
            exploration = Some(*EXPLORATION_KINDS.get(usize::from(from.byte()?))?);
            alpha = Compact::read(from)?;
            chance = Compact::read(from)?;
            mark = from.byte()?;
        }
        if mark == LATER_MEMBERS {
            adaptive_window_ms = Compact::read(from)?;
            mark = from.byte()?;
        }
        if mark == LATE_MEMBERS {
            half_life_ms = Compact::read(from)?;
            window_ms = Compact::read(from)?;
            mark = from.byte()?;
        }
        let kind = *POLICY_KINDS.get(usize::from(mark))?;
        let mut policy = Self {
            kind,
            features: None,
            exploration,
            alpha,
            floor: None,
            prior: None,
            epsilon: chance.0,
            decay: chance.1,
            half_life_ms,
            window_ms,
            adaptive_window_ms,
        };
        if kind == PolicyKind::Contextual {
            policy.features = Compact::read(from)?;
        }
        policy.floor = Compact::read(from)?;
        match kind {
            PolicyKind::Thompson | PolicyKind::TopTwo => policy.prior = Compact::read(from)?,
            PolicyKind::EpsilonGreedy => {
                (policy.epsilon, policy.decay) = Compact::read(from)?;
            }
            _ => {}
        }
        Some(policy)
    }
}
/// Says that members come before the kind of a policy.
const LATE_MEMBERS: u8 = 0x80;
/// The same of members that came later still.
const LATER_MEMBERS: u8 = 0x81;
/// And of the latest.
const LATEST_MEMBERS: u8 = 0x82;
impl Compact for FeatureSpec {
    fn write(&self, to: &mut Writer) {
        to.list(self.features());
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let features = from.list()?;
        if cfg!(feature = "serving") {
            Self::new(features)
        } else {
            Self::known_by(1, 1)
        }
    }
}
cases!(Feature {
    0 => Numeric { attribute, min, max, missing },
    1 => Steps { attribute, bounds },
    2 => OneHot { attribute, categories },
    3 => Hashed { attribute, places },
    4 => Crossed { left, right },
});
/// What the compact form holds of a bandit.
type CheckedBandit = BanditWire<FeatureSpec>;
/// And of its policy.
type CheckedPolicy = PolicyWire<FeatureSpec>;
record!(CheckedBandit {
    actions,
    reward,
    policy,
    attribution_window_ms,
    stickiness,
    snapshot_interval_ms,
});
record!(RewardWire {
    metric,
    kind,
    min,
    max,
    repeat
});
record!(BetaPriorWire {
    successes,
    failures
});

cases!(FlagType { 0 => Boolean, 1 => String, 2 => Number, 3 => Json });
cases!(Visibility { 0 => Server, 1 => Client });
cases!(FlagState { 0 => Live, 1 => Disabled, 2 => Broken(detail) });
cases!(ExpiryAction { 0 => ServeOff, 1 => KeepServing });
cases!(OnMiss { 0 => Next, 1 => End });
cases!(Share { 0 => Ranges(ranges), 1 => Ramp(ramp) });
cases!(Interpolation { 0 => Step, 1 => Linear });
cases!(Serve {
    0 => Variant(variant),
    1 => Split { bucketing, ranges, propensities },
    2 => Bandit { bandit, variants },
    3 => Program(program),
    4 => Nothing,
    5 => Failure(failure),
});
cases!(Draw { 0 => Hash, 1 => Request });
cases!(OnMissing { 0 => Fails, 1 => Misses, 2 => First, 3 => Random });
cases!(OnFailure { 0 => DoesNotHold, 1 => Fails, 2 => Unknown });
cases!(Condition {
    0 => All(parts),
    1 => Any(parts),
    2 => Not(part),
    3 => Segment(index),
    4 => Subjects(names),
    5 => Test(test),
    6 => Flag(condition),
    7 => Chance(gate),
    8 => Foreign(test),
    9 => Listed(index),
});
cases!(Matcher {
    0 => Exists,
    1 => OneOf(values),
    2 => OneOfTexts(texts),
    3 => Text(matcher),
    4 => Pattern(pattern),
    5 => Number(comparison, than),
    6 => Time(comparison, than),
    7 => Version(comparison, than),
    8 => VersionRange(range),
});
cases!(Position { 0 => Whole, 1 => Start, 2 => End, 3 => Anywhere });
cases!(Comparison {
    0 => Equal,
    1 => Less,
    2 => LessOrEqual,
    3 => Greater,
    4 => GreaterOrEqual,
});
cases!(Value {
    0 => Null,
    1 => Bool(truth),
    2 => Number(number),
    3 => String(text),
    4 => List(items),
    5 => Object(members),
});
cases!(Number { 0 => Integer(number), 1 => Unsigned(number), 2 => Float(number) });
cases!(EditAction {
    0 => SetContent(content),
    1 => SetAttribute { name, value },
    2 => RemoveAttribute(name),
    3 => Insert(place, content),
    4 => Replace(content),
    5 => Remove,
});
cases!(ErrorCode {
    0 => ProviderNotReady,
    1 => FlagNotFound,
    2 => ParseError,
    3 => TypeMismatch,
    4 => TargetingKeyMissing,
    5 => InvalidContext,
    6 => General,
});
cases!(InsertAt { 0 => Before, 1 => Prepend, 2 => Append, 3 => After });
cases!(Content { 0 => Text(text), 1 => Html(markup) });
cases!(RewardKindWire { 0 => Binary, 1 => Numeric });
cases!(RepeatWire { 0 => Replace, 1 => Add });
cases!(StickinessWire { 0 => Subject, 1 => Revision, 2 => Request });

impl Compact for UnixMillis {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        i64::read(from).map(Self)
    }
}

/// The bounds; an empty range, or one that is too long, is none.
impl Compact for Range {
    fn write(&self, to: &mut Writer) {
        (self.from(), self.to()).write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (start, end) = Compact::read(from)?;
        Self::within(start, end, u64::MAX)
    }
}

/// Of an attribute with a slot, its slot, from 1. Of another 0, then the kind of entity where it is
/// that of one, the first name and those below it; hashes are computed anew.
impl Compact for Attribute {
    fn write(&self, to: &mut Writer) {
        match self.slot() {
            Some(slot) => (slot + 1).write(to),
            None => write_names(self, to),
        }
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        if let Some(slot) = usize::read(from)?.checked_sub(1) {
            return from.attribute(slot);
        }
        let kind = Option::<Box<str>>::read(from)?;
        let names: Vec<Box<str>> = Compact::read(from)?;
        let (first, path) = names.split_first()?;
        let attribute = Self::nested(first, path.iter().map(|name| &**name));
        Some(match kind {
            Some(kind) => attribute.of(&kind),
            None => attribute,
        })
    }
}

/// The names of an attribute, whether it has a slot or not.
pub(super) fn write_names(attribute: &Attribute, to: &mut Writer) {
    0_usize.write(to);
    attribute.kind().map(Box::<str>::from).write(to);
    let names: Vec<Box<str>> = attribute.names().map(Into::into).collect();
    names.write(to);
}

/// The source, compiled when it is first asked.
impl Compact for Pattern {
    fn write(&self, to: &mut Writer) {
        to.text(self.as_str());
        self.folds_case().write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let source = from.text()?;
        Some(Self::deferred(source, bool::read(from)?))
    }
}

/// What others define is kept as the text that they print and parse.
macro_rules! printed {
    ($($kind:ty),*) => {$(
        impl Compact for $kind {
            fn write(&self, to: &mut Writer) {
                to.text(&self.to_string());
            }
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                Self::parse(from.text()?).ok()
            }
        }
    )*};
}
printed!(Precedence, semver::VersionReq);

/// What is written for something foreign; the code is found again when it is read.
macro_rules! foreign {
    ($($code:ident by $make:ident),*) => {$(
        impl Compact for Foreign<dyn $code> {
            fn write(&self, to: &mut Writer) {
                to.rare();
                self.source().write(to);
            }
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                from.rare()?;
                let made = Self::new(Compact::read(from)?, dialect::$make);
                made.ok().or_else(|| from.unknown())
            }
        }
    )*};
}
foreign!(ForeignTest by test, ForeignProgram by program, ForeignPolicy by policy);

/// The written form, which is checked again when it is read, where the bandit will decide.
impl Compact for Bandit {
    fn write(&self, to: &mut Writer) {
        to.text(self.key());
        to_wire(self).write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let key = from.text()?;
        let wire = BanditWire::read(from)?;
        if cfg!(feature = "serving") {
            checked(key, wire).ok()
        } else {
            Some(unlearned(key, wire))
        }
    }
}

/// By name: an engine that is built without another system's method must not take it for ours.
impl Compact for Method {
    fn write(&self, to: &mut Writer) {
        if *self != Self::default() {
            to.rare();
        }
        to.text(self.name());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::named(from.text()?).or_else(|| from.unknown())
    }
}
