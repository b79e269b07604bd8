//! The bodies of flags and segments.

use super::bytes::{Compact, Reader, Writer};
use crate::context::Attributes;
use crate::flag::{Flag, FlagState};
use crate::ruleset::Segment;
use std::sync::OnceLock;

/// Why something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not what was written.
    Damaged,
    /// It is more than this engine knows.
    Unknown,
}

/// Reads all of the bytes.
fn read_whole<T>(
    bytes: &[u8],
    attributes: &Attributes,
    read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Result<T, Unread> {
    let mut from = Reader::new(bytes, attributes).ok_or(Unread::Damaged)?;
    match read(&mut from) {
        Some(whole) if from.is_done() => Ok(whole),
        _ if from.met_unknown() => Err(Unread::Unknown),
        _ => Err(Unread::Damaged),
    }
}

/// Writes the body of a flag; its key lies elsewhere. Of a broken one only what answers is kept.
pub(super) fn write_flag(flag: &Flag, to: &mut Writer) {
    let Flag {
        key: _,
        kind,
        visibility,
        state,
        variants,
        off,
        fallback,
        requires,
        overrides,
        rules,
        layer,
        holdouts,
        window,
        expiry,
        tracked,
        plan: _,
    } = flag;
    kind.write(to);
    visibility.write(to);
    state.write(to);
    if matches!(state, FlagState::Broken(_)) {
        return;
    }
    variants.write(to);
    off.write(to);
    fallback.write(to);
    requires.write(to);
    overrides.write(to);
    rules.write(to);
    layer.write(to);
    holdouts.write(to);
    window.write(to);
    expiry.write(to);
    tracked.write(to);
}

/// The flag of that key with that body.
pub(super) fn read_flag(key: &str, body: &[u8], attributes: &Attributes) -> Result<Flag, Unread> {
    read_whole(body, attributes, |from| flag_of(key, from))
}

fn flag_of(key: &str, from: &mut Reader<'_>) -> Option<Flag> {
    let (kind, visibility, state) = (
        Compact::read(from)?,
        Compact::read(from)?,
        Compact::read(from)?,
    );
    if let FlagState::Broken(why) = &state {
        return Some(Flag {
            kind,
            visibility,
            ..Flag::broken(key, why)
        });
    }
    Some(Flag {
        key: key.into(),
        kind,
        visibility,
        state,
        variants: Compact::read(from)?,
        off: Compact::read(from)?,
        fallback: Compact::read(from)?,
        requires: Compact::read(from)?,
        overrides: Compact::read(from)?,
        rules: Compact::read(from)?,
        layer: Compact::read(from)?,
        holdouts: Compact::read(from)?,
        window: Compact::read(from)?,
        expiry: Compact::read(from)?,
        tracked: Compact::read(from)?,
        plan: OnceLock::new(),
    })
}

/// The segment with that body.
pub(super) fn read_segment(body: &[u8], attributes: &Attributes) -> Result<Segment, Unread> {
    read_whole(body, attributes, Segment::read)
}
