//! Writing the compact form.

use super::body::write_flag;
use super::bytes::{Compact, Writer};
use super::image::{CHANGES_PAGES, FORMAT_VERSION, HAS_RARE, HEADER_BYTES, MAGIC, PREFIX_BYTES};
use super::parts::write_names;
use crate::ruleset::{Ruleset, Segment};
use xxhash_rust::xxh3::xxh3_64;

/// The compact form of a ruleset; [`Ruleset::from_compact`] reads it.
///
/// Evaluating what was read gives the same answers and the same explanations. The same ruleset
/// gives the same bytes.
#[must_use]
pub fn encode(ruleset: &Ruleset) -> Vec<u8> {
    let (mut flag_table, mut keys, mut flags) = <(Vec<u8>, Vec<u8>, Vec<u8>)>::default();
    let mut by_hash = Vec::with_capacity(ruleset.len());
    let mut has_rare = false;
    let mut finished = |writer: Writer| {
        has_rare |= writer.has_rare();
        writer.finish()
    };
    for (flag, position) in ruleset.flags().zip(0_u32..) {
        by_hash.push((xxh3_64(flag.key.as_bytes()), position));
        keys.extend_from_slice(flag.key.as_bytes());
        let mut body = Writer::default();
        write_flag(flag, &mut body);
        flags.append(&mut finished(body));
        let changes_pages = flag.variants.iter().any(|variant| variant.page.is_some());
        put(&mut flag_table, keys.len());
        put(&mut flag_table, flags.len());
        let marks = if changes_pages { CHANGES_PAGES } else { 0 };
        flag_table.extend_from_slice(&marks.to_le_bytes());
    }
    let (mut segment_table, mut segments) = <(Vec<u8>, Vec<u8>)>::default();
    for (index, cost) in segment_costs(ruleset).into_iter().enumerate() {
        // One that cannot be read has no body, and cannot be read again.
        if let Some(segment) = ruleset.segment_at(index) {
            let mut body = Writer::default();
            segment.write(&mut body);
            segments.append(&mut finished(body));
        }
        put(&mut segment_table, segments.len());
        put(&mut segment_table, cost as usize);
    }
    let mut shared = Writer::default();
    ruleset
        .subject_salt()
        .map(Box::<str>::from)
        .write(&mut shared);
    shared.whole(ruleset.attributes().iter().count() as u64);
    for attribute in ruleset.attributes().iter() {
        write_names(attribute, &mut shared);
    }
    shared.list(ruleset.private().attributes());
    shared.list(ruleset.layers());
    shared.list(ruleset.holdouts());
    shared.list(ruleset.bandits());
    let shared = finished(shared);

    by_hash.sort_unstable();
    let mut rest = Vec::new();
    put(&mut rest, ruleset.len());
    put(&mut rest, ruleset.n_segments());
    put(&mut rest, shared.len());
    for (hash, position) in by_hash {
        rest.extend_from_slice(&hash.to_le_bytes());
        rest.extend_from_slice(&position.to_le_bytes());
    }
    for part in [flag_table, segment_table, shared, keys, segments, flags] {
        rest.extend_from_slice(&part);
    }
    framed(&rest, if has_rare { HAS_RARE } else { 0 })
}

/// Magic, version, length and checksum before the rest.
pub(super) fn framed(rest: &[u8], marks: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + rest.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&marks.to_le_bytes());
    put(&mut bytes, PREFIX_BYTES + rest.len());
    bytes.extend_from_slice(&xxh3_64(rest).to_le_bytes());
    bytes.extend_from_slice(rest);
    bytes
}

/// Lengths and positions of a ruleset, whose document is bounded, fit 32 bits.
fn put(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&(number as u32).to_le_bytes());
}

/// The segments that a look into each may look into, as compiling counts them.
fn segment_costs(ruleset: &Ruleset) -> Vec<u64> {
    let asked = |index| ruleset.segment_at(index).map(Segment::asks);
    let references: Vec<Vec<usize>> = (0..ruleset.n_segments())
        .map(|index| asked(index).unwrap_or_default())
        .collect();
    costs(&references)
}

/// Compiling has excluded circles and bounded the costs.
fn costs(references: &[Vec<usize>]) -> Vec<u64> {
    fn cost(node: usize, references: &[Vec<usize>], known: &mut [Option<u64>]) -> u64 {
        if let Some(Some(known)) = known.get(node) {
            return *known;
        }
        let uses = references.get(node).map_or(&[][..], Vec::as_slice);
        let total = uses.iter().fold(1_u64, |sum, used| {
            sum.saturating_add(cost(*used, references, known))
        });
        if let Some(slot) = known.get_mut(node) {
            *slot = Some(total);
        }
        total
    }
    let mut known = vec![None; references.len()];
    (0..references.len())
        .map(|node| cost(node, references, &mut known))
        .collect()
}
