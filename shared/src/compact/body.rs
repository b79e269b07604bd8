//! The bodies of flags and segments.

use super::bytes::{Compact, Reader, Writer};
use crate::context::Attributes;
use crate::flag::{Flag, FlagState};
use crate::ruleset::Segment;
use std::sync::OnceLock;

/// The body of a flag; its key lies elsewhere. Of a broken one only what answers is kept.
pub(super) fn flag_body(flag: &Flag) -> Vec<u8> {
    let mut writer = Writer::default();
    write_flag(flag, &mut writer);
    writer.finish()
}

fn write_flag(flag: &Flag, to: &mut Writer) {
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
pub(super) fn read_flag(key: &str, body: &[u8], attributes: &Attributes) -> Option<Flag> {
    let from = &mut Reader::new(body, attributes)?;
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
    let flag = Flag {
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
    };
    from.is_done().then_some(flag)
}

/// The body of a segment.
pub(super) fn segment_body(segment: &Segment) -> Vec<u8> {
    let mut writer = Writer::default();
    segment.write(&mut writer);
    writer.finish()
}

/// The segment with that body.
pub(super) fn read_segment(body: &[u8], attributes: &Attributes) -> Option<Segment> {
    let mut from = Reader::new(body, attributes)?;
    let segment = Segment::read(&mut from)?;
    from.is_done().then_some(segment)
}
