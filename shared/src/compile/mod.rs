//! From a document to a [`Ruleset`]: strict, once, with a diagnostic for every fault.
//!
//! One broken flag never takes another down: a member that does not compile is reported and, when
//! it is a flag, answers with an error; the rest is unharmed.

mod comparisons;
pub(crate) mod condition;
mod document;
mod flag;
mod graph;
pub mod limits;
mod lists;
mod page;
mod references;
mod rule;
mod scope;
mod split;
mod tail;
#[cfg(test)]
mod tests;
mod within;
mod zone;

use crate::bandit::wire::{BanditFault, BanditWire};
use crate::bandit::{self, Bandit};
use crate::bucketing::Bucketing;
use crate::context::Attributes;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Diagnostics, Place};
use crate::flag::{Flag, FlagState};
use crate::private::{PRIVATE_MAX, Private};
use crate::ruleset::{Holdout, Layer, Parts, Ruleset, Segment};
use crate::split::Range;
use crate::texts::ShortText;
use crate::wire::condition::{AttributeWire, UnitWire};
use crate::wire::ruleset::{FlagText, FlagWire, Member, RulesetWire, SCHEMA_VERSION, VariantWire};
use crate::wire::text::{Members, Text};
use crate::wire::{read_member, read_plain};
use comparisons::Comparisons;
pub use document::RulesetError;
use document::{outline, text};
use flag::{Answers, Neighbours};
use limits::FLAGS_MAX;
use lists::Lists;
use references::{Segments, check_layers, check_prerequisites};
use scope::{Names, Scope, default_salt};
use serde::Deserialize;
use std::collections::BTreeSet;
pub use tail::{CANARY_RULE, CANARY_SHARE_RULE, EXPERIMENT_RULE, ROLLOUT_RULE};

/// A ruleset and what there is to say about it.
#[derive(Debug)]
pub struct Compiled {
    /// Everything that compiled.
    pub ruleset: Ruleset,
    /// Number of segments.
    pub n_segments: usize,
    /// Number of named lists.
    pub n_lists: usize,
    /// Faults and remarks, in the order of the document.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a document.
///
/// # Errors
/// `RulesetError` when the document as a whole cannot be read. Faults of single members are
/// diagnostics, and the rest of the ruleset works.
/// # Examples
/// ```
/// let compiled = bandera_shared::compile(br#"{"schemaVersion": 1}"#).unwrap();
/// assert!(compiled.diagnostics.is_empty());
/// ```
pub fn compile(bytes: &[u8]) -> Result<Compiled, RulesetError> {
    let text = text(bytes)?;
    let plain = read_plain::<RulesetWire<'_>>(text);
    if let Some(wire) = plain.filter(|wire| wire.schema_version == SCHEMA_VERSION) {
        let (compiled, is_plain) = Compiler::compiled(wire);
        if is_plain {
            return Ok(compiled);
        }
    }
    let (compiled, _) = Compiler::compiled(outline(text)?);
    Ok(compiled)
}

/// A flag on its way through the compiler.
enum Source<'w> {
    /// To be read when it is its turn.
    Plain(&'w str),
    /// As it is written, or why it cannot be read.
    Read(Result<Box<FlagWire<'w>>, String>),
}

impl<'w> Source<'w> {
    /// The flag, if it has been read.
    fn flag(&self) -> Option<&FlagWire<'w>> {
        match self {
            Self::Read(Ok(flag)) => Some(flag),
            _ => None,
        }
    }
}

struct Compiler<'w, 'd> {
    wire: RulesetWire<'w>,
    segments: Names<'w>,
    layers: Names<'w>,
    holdouts: Names<'w>,
    made_holdouts: Vec<Holdout>,
    bandits: Names<'w>,
    flags: Names<'w>,
    lists: Lists<'w>,
    attributes: Attributes,
    /// Whether every flag that was to be read plainly could be.
    is_plain: bool,
    diagnostics: &'d mut Diagnostics,
}

impl Compiler<'_, '_> {
    /// The ruleset, and whether it was as plain as it seemed; otherwise it is to be read again.
    fn compiled(wire: RulesetWire<'_>) -> (Compiled, bool) {
        let (n_segments, n_lists) = (wire.segments.len(), wire.lists.len());
        let mut diagnostics = Diagnostics::default();
        let (parts, is_plain) = Compiler::new(wire, &mut diagnostics).parts();
        let compiled = Compiled {
            ruleset: Ruleset::new(parts),
            n_segments,
            n_lists,
            diagnostics: diagnostics.list,
        };
        (compiled, is_plain)
    }
}

impl<'w, 'd> Compiler<'w, 'd> {
    fn new(wire: RulesetWire<'w>, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            segments: Names::new(&wire.segments),
            layers: Names::new(&wire.layers),
            holdouts: Names::new(&wire.holdouts),
            made_holdouts: Vec::new(),
            bandits: Names::new(&wire.bandits),
            flags: Names::new(&wire.flags),
            lists: Lists::new(Names::new(&wire.lists), wire.segments.len()),
            attributes: Attributes::default(),
            wire,
            is_plain: true,
            diagnostics,
        }
    }

    fn parts(mut self) -> (Parts, bool) {
        let private = self.private();
        self.lists();
        self.made_holdouts = self.holdouts();
        let (mut segments, broken_segments, mut comparisons) = self.segments();
        let layers = self.layers();
        let bandits = self.bandits(&private);
        let (mut flags, asked) = self.flags(&bandits, &broken_segments);
        comparisons.add(segments.len(), self.lists.tests());
        segments.extend(self.lists.into_tests());
        check_prerequisites(&mut flags, &asked, comparisons, self.diagnostics);
        check_layers(&mut flags, &layers, self.diagnostics);
        // A bandit that did not compile keeps no place: flags that serve it are broken, so the
        // indices of the others may close up.
        let kept: Vec<Option<usize>> = positions(&bandits);
        for flag in &mut flags {
            references::renumber_bandits(flag, &kept);
        }
        let bandits = bandits.into_iter().flatten().collect();
        let parts = Parts {
            subject_salt: self.wire.subject_salt.map(Into::into),
            attributes: self.attributes,
            private,
            flags,
            segments,
            layers,
            holdouts: self.made_holdouts,
            bandits,
        };
        (parts, self.is_plain)
    }

    /// The attributes that are never told; none that could not be kept back.
    fn private(&mut self) -> Private {
        let root = Place::ROOT.key("privateAttributes");
        let declared = std::mem::take(&mut self.wire.private_attributes);
        if declared.len() > PRIVATE_MAX {
            let found = declared.len();
            let message = format!(
                "{found} private attributes; at most {PRIVATE_MAX} are allowed: declare what they \
                 have around them"
            );
            let code = DiagnosticCode::LimitExceeded;
            self.diagnostics.error(&root, code, message);
        }
        let attributes = declared
            .into_iter()
            .map(|AttributeWire(attribute)| attribute);
        for (index, attribute) in attributes.clone().enumerate() {
            let message = if attribute.is_targeting_key() {
                "the targeting key names the subject to browsers and servers: let it be an id, and \
                 the private text another attribute"
            } else if attribute.kind().is_some() {
                "write the names alone, such as [\"org\", \"plan\"]"
            } else {
                continue;
            };
            let (place, code) = (root.index(index), DiagnosticCode::NoEffect);
            self.diagnostics.error(&place, code, message.to_owned());
        }
        Private::new(attributes)
    }

    fn scope<'s>(&'s mut self, neighbours: Neighbours<'s, 'w>) -> Scope<'s, 'w> {
        Scope {
            neighbours,
            answers: Answers::default(),
            flag_key: "",
            salt: &self.wire.salt,
            segments: &self.segments,
            layers: &self.layers,
            holdouts: &self.holdouts,
            made_holdouts: &self.made_holdouts,
            bandits: &self.bandits,
            flags: &self.flags,
            lists: &mut self.lists,
            attributes: &mut self.attributes,
            diagnostics: &mut *self.diagnostics,
            used_segments: BTreeSet::new(),
            used_flags: Vec::new(),
        }
    }

    /// The named lists, for those who test against them.
    fn lists(&mut self) {
        let root = Place::ROOT.key("lists");
        for (key, member) in std::mem::take(&mut self.wire.lists) {
            let place = root.key(&key);
            let read = self.member(member, &place);
            self.lists.push(read, &place, self.diagnostics);
        }
        self.lists.finish(&root, self.diagnostics);
    }

    /// Segments, the indices of those that are broken, directly or through another, and what each
    /// may take.
    fn segments(&mut self) -> (Vec<Segment>, BTreeSet<usize>, Comparisons) {
        let root = Place::ROOT.key("segments");
        let mut made = Segments::default();
        for (key, member) in std::mem::take(&mut self.wire.segments) {
            let place = root.key(&key);
            let before = self.diagnostics.errors();
            let read = self.member(member, &place).unwrap_or_default();
            let mut scope = self.scope(Neighbours::NONE);
            let when = read
                .when
                .map(|when| scope.condition(when, &place.key("when")));
            let used = std::mem::take(&mut scope.used_segments);
            let is_broken = self.diagnostics.errors() > before;
            let segment = Segment {
                key: key.into(),
                included: sorted(read.included),
                excluded: sorted(read.excluded),
                when,
            };
            made.push(segment, used, is_broken);
        }
        made.finish(self.lists.tests(), self.diagnostics)
    }

    fn layers(&mut self) -> Vec<Layer> {
        let root = Place::ROOT.key("layers");
        let members = std::mem::take(&mut self.wire.layers);
        let mut layers = Vec::with_capacity(members.len());
        for (key, member) in members {
            let read = self.member(member, &root.key(&key)).unwrap_or_default();
            let bucketing = self.spread(&key, read.salt, read.bucket_by);
            layers.push(Layer {
                key: key.into(),
                bucketing,
            });
        }
        layers
    }

    fn holdouts(&mut self) -> Vec<Holdout> {
        let root = Place::ROOT.key("holdouts");
        let members = std::mem::take(&mut self.wire.holdouts);
        let mut holdouts = Vec::with_capacity(members.len());
        for (key, member) in members {
            let place = root.key(&key);
            let read = self.member(member, &place);
            let percentage = read.as_ref().map_or(0.0, |read| read.percentage);
            let count = self
                .scope(Neighbours::NONE)
                .percentage(percentage, &place.key("percentage"));
            let (salt, by) = read
                .map(|read| (read.salt, read.bucket_by))
                .unwrap_or_default();
            let bucketing = self.spread(&key, salt, by);
            let range = Range::new(0, count);
            holdouts.push(Holdout {
                key: key.into(),
                bucketing,
                range,
            });
        }
        holdouts
    }

    fn bandits(&mut self, private: &Private) -> Vec<Option<Bandit>> {
        let root = Place::ROOT.key("bandits");
        let members = std::mem::take(&mut self.wire.bandits);
        let mut bandits = Vec::with_capacity(members.len());
        for (key, member) in members {
            let parsed = match member {
                Member::<BanditWire>::Read(wire) => bandit::wire::from_wire(&key, wire),
                Member::Raw(raw) => bandit::wire::parse(&key, raw.get()),
            };
            let parsed = parsed.and_then(|bandit| check_told(bandit, private));
            if let Err(fault) = &parsed {
                let pointer = format!("{}{}", root.key(&key).pointer(), fault.pointer);
                let message = fault.message.clone();
                self.diagnostics
                    .push(pointer, DiagnosticCode::InvalidBandit, message);
            }
            bandits.push(parsed.ok());
        }
        bandits
    }

    /// Flags, and which others the conditions of each ask.
    fn flags(
        &mut self,
        bandits: &[Option<Bandit>],
        broken_segments: &BTreeSet<usize>,
    ) -> (Vec<Flag>, Vec<Vec<usize>>) {
        let root = Place::ROOT.key("flags");
        let members = std::mem::take(&mut self.wire.flags);
        if members.len() > FLAGS_MAX {
            let found = members.len();
            let message = format!(
                "{found} flags; at most {FLAGS_MAX} are allowed: remove those that nobody asks \
                 for, or divide them among environments"
            );
            let code = DiagnosticCode::LimitExceeded;
            self.diagnostics.error(&root, code, message);
        }
        let texts: Vec<Option<&str>> = members.iter().map(|(_, text)| text.plain()).collect();
        let sources = self.sources(members, &root);
        let mut answers = self.answers(&sources);
        let mut flags = Vec::with_capacity(sources.len());
        let mut asked = Vec::with_capacity(sources.len());
        for (key, source) in sources {
            let read = match source {
                Source::Read(read) => read.map(|read| *read),
                Source::Plain(text) => {
                    let Some(read) = read_plain(text) else {
                        self.is_plain = false;
                        break;
                    };
                    self.look_ahead(&read, &texts, &mut answers);
                    Ok(read)
                }
            };
            let neighbours = Neighbours {
                answers: &answers,
                bandits,
            };
            let place = root.key(&key);
            let before = self.diagnostics.errors();
            let mut flag = match read {
                Ok(read) => {
                    let mut scope = self.scope(neighbours);
                    let mut flag = scope.flag(&key, read, &place);
                    let used = std::mem::take(&mut scope.used_segments);
                    asked.push(std::mem::take(&mut scope.used_flags));
                    if let Some(index) = used.intersection(broken_segments).next() {
                        let name = self.segments.get(*index).unwrap_or_default();
                        let message = format!("the segment \"{name}\" has errors of its own");
                        let code = DiagnosticCode::BrokenDependency;
                        self.diagnostics.error(&place, code, message.clone());
                        flag.state = FlagState::Broken(message.into());
                    }
                    flag
                }
                Err(message) => {
                    asked.push(Vec::new());
                    Flag::broken(&key, &message)
                }
            };
            if let Some(first) = self.diagnostics.first_since(before) {
                flag.state = FlagState::Broken(first.to_string().into());
            }
            flags.push(flag);
        }
        (flags, asked)
    }

    /// Each flag: as text where it seems plain, otherwise as it is written, or why it cannot be
    /// read.
    fn sources(
        &mut self,
        members: Members<'w, FlagText<'w>>,
        root: &Place<'_>,
    ) -> Members<'w, Source<'w>> {
        let read = |(key, text): (Text<'w>, FlagText<'w>)| {
            let raw = match text {
                FlagText::Plain(text) => return (key, Source::Plain(text)),
                FlagText::Raw(raw) => raw,
            };
            let before = self.diagnostics.errors();
            let read = self.member(Member::Raw(raw), &root.key(&key));
            let why = || {
                let first = self.diagnostics.first_since(before);
                first.map_or_else(String::new, ToString::to_string)
            };
            (key, Source::Read(read.map(Box::new).ok_or_else(why)))
        };
        members.into_iter().map(read).collect()
    }

    /// Variant names of the flags that others require, by index, as far as they have been read.
    fn answers(&self, sources: &[(Text<'w>, Source<'w>)]) -> Vec<Option<Answers<'w>>> {
        let mut answers = Vec::new();
        let sound = sources.iter().filter_map(|(_, source)| source.flag());
        for required in sound.flat_map(|flag| &flag.requires) {
            let index = self.flags.index(&required.flag);
            let flag = index.and_then(|index| sources.get(index)?.1.flag());
            if let (Some(index), Some(flag)) = (index, flag) {
                remember(&mut answers, index, &flag.variants);
            }
        }
        answers
    }

    /// Variant names of the flags that this one requires, wherever they stand in the document.
    fn look_ahead(
        &self,
        flag: &FlagWire<'w>,
        texts: &[Option<&'w str>],
        answers: &mut Vec<Option<Answers<'w>>>,
    ) {
        for required in &flag.requires {
            let Some(index) = self.flags.index(&required.flag) else {
                continue;
            };
            if answers.get(index).is_some_and(Option::is_some) {
                continue;
            }
            let text = texts.get(index).copied().flatten();
            if let Some(other) = text.and_then(read_plain::<FlagWire<'w>>) {
                remember(answers, index, &other.variants);
            }
        }
    }

    /// Bucketing of a layer or holdout: by its own key unless it names a salt.
    fn spread(&mut self, key: &str, own: Option<Text<'_>>, by: Option<UnitWire>) -> Bucketing {
        let salt = own.map_or_else(|| default_salt(&self.wire.salt, key), ShortText::from);
        let mut bucketing = Bucketing::by_targeting_key(salt);
        if let Some(UnitWire(by)) = by
            && !by.is_empty()
        {
            bucketing.by = by.into();
        }
        bucketing.intern(&mut self.attributes);
        bucketing
    }

    /// A member as it is written; faults are reported, and unknown fields as warnings.
    fn member<T: Deserialize<'w>>(
        &mut self,
        member: Member<'w, T>,
        place: &Place<'_>,
    ) -> Option<T> {
        let raw = match member {
            Member::Read(value) => return Some(value),
            Member::Raw(raw) => raw,
        };
        match read_member::<T>(raw) {
            Ok(read) => {
                for unknown in read.unknown {
                    let pointer = format!("{}{unknown}", place.pointer());
                    let message = "nobody knows this field; is it misspelt?".to_owned();
                    self.diagnostics
                        .warn(pointer, DiagnosticCode::UnknownField, message);
                }
                Some(read.value)
            }
            Err(fault) => {
                let pointer = format!("{}{}", place.pointer(), fault.pointer);
                self.diagnostics
                    .push(pointer, DiagnosticCode::Malformed, fault.message);
                None
            }
        }
    }
}

/// The bandit, unless it would tell what is private: its receipts carry what it looked at.
fn check_told(bandit: Bandit, private: &Private) -> Result<Bandit, BanditFault> {
    let looked_at = |bandit: &Bandit| {
        let mut attributes = bandit.features()?.attributes();
        let (place, attribute) = attributes.find(|(_, attribute)| private.covers(attribute))?;
        Some((place, attribute.to_string()))
    };
    match looked_at(&bandit) {
        None => Ok(bandit),
        Some((place, attribute)) => Err(BanditFault {
            pointer: format!("/policy/features/{place}/attribute"),
            message: format!(
                "\"{attribute}\" is private, and a receipt tells whoever holds it what the bandit \
                 looked at: leave the feature out, or tell the attribute"
            ),
        }),
    }
}

/// Puts the variant names of the flag at that place.
fn remember<'w>(
    answers: &mut Vec<Option<Answers<'w>>>,
    index: usize,
    variants: &[(Text<'w>, VariantWire<'w>)],
) {
    if answers.len() <= index {
        answers.resize(index + 1, None);
    }
    if let Some(slot @ None) = answers.get_mut(index) {
        *slot = Some(Answers::of(variants));
    }
}

fn sorted(keys: Vec<Text<'_>>) -> Box<[Box<str>]> {
    let mut keys: Vec<Box<str>> = keys.into_iter().map(Into::into).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into()
}

/// The position each present item has among the present ones.
fn positions<T>(items: &[Option<T>]) -> Vec<Option<usize>> {
    let mut next = 0;
    items
        .iter()
        .map(|item| {
            item.as_ref().map(|_| {
                next += 1;
                next - 1
            })
        })
        .collect()
}
