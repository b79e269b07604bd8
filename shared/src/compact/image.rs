//! Where things lie in the compact form, and taking them out one by one.
//!
//! # Layout
//! Whole numbers have a fixed width here, the lowest byte first:
//!
//! ```text
//! magic 8 | format version 2 | marks 2 | length of everything 4 | XXH3 of the rest 8
//! flags 4 | segments 4 | length of the shared parts 4
//! for each flag, by hash:  XXH3 of the key 8, position by key 4
//! for each flag, by key:   end of its key 4, end of its body 4, marks 4
//! for each segment:        end of its body 4, cost 4
//! shared parts | keys | bodies of segments | bodies of flags
//! ```
//!
//! The shared parts begin with the names of the attributes that have slots; flags and segments
//! refer to those by slot. Behind the segments come tests against named lists, as segments of
//! those that pass.
//!
//! A segment's cost is what [`EVALUATION_COST_MAX`] bounds. It is more than that of the segments it
//! asks, which is looked at when it is first read: no chain of segments can be endless. Chains of
//! flags end by what evaluation itself remembers.

use super::CompactError;
use super::body::{Unread, read_flag, read_segment};
use crate::compile::limits::EVALUATION_COST_MAX;
use crate::context::Attributes;
use crate::flag::Flag;
use crate::rare::UNKNOWN;
use crate::ruleset::Segment;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// What every compact ruleset begins with.
pub(super) const MAGIC: [u8; 8] = *b"BNDRRULE";
/// The format that this code reads and writes.
pub(super) const FORMAT_VERSION: u16 = 6;
/// Bytes before those that the checksum covers.
pub(super) const PREFIX_BYTES: usize = 24;
/// Bytes before the tables.
pub(super) const HEADER_BYTES: usize = PREFIX_BYTES + 12;
const HASH_ENTRY_BYTES: usize = 12;
const FLAG_ENTRY_BYTES: usize = 12;
const SEGMENT_ENTRY_BYTES: usize = 8;
/// Mark of a ruleset in which something is rare: not every engine knows all of it.
pub(super) const HAS_RARE: u16 = 1;
/// Mark of a flag with a variant that changes pages.
pub(super) const CHANGES_PAGES: u32 = 1;

/// The bytes, and where their parts begin.
#[derive(Debug)]
pub(crate) struct Image {
    bytes: Box<[u8]>,
    n_flags: usize,
    n_segments: usize,
    flag_table: usize,
    segment_table: usize,
    shared: Range<usize>,
    segment_bodies: usize,
    flag_bodies: usize,
    attributes: Attributes,
}

/// Where a flag lies.
struct FlagEntry {
    key: Range<usize>,
    body: Range<usize>,
    marks: u32,
}

impl Image {
    /// Checks the frame; what lies inside is looked at later.
    pub(super) fn open(bytes: Box<[u8]>) -> Result<Self, CompactError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(CompactError::NotCompact);
        }
        let (found, marks) = version_and_marks(&bytes).ok_or(CompactError::Truncated)?;
        if found != FORMAT_VERSION || marks & !HAS_RARE != 0 {
            return Err(CompactError::UnknownVersion { found });
        }
        let length = number(&bytes, 12).ok_or(CompactError::Truncated)? as usize;
        if bytes.len() < length.max(HEADER_BYTES) {
            return Err(CompactError::Truncated);
        }
        let sum = long(&bytes, 16).ok_or(CompactError::Truncated)?;
        let covered = bytes.get(PREFIX_BYTES..).ok_or(CompactError::Truncated)?;
        if bytes.len() != length || xxh3_64(covered) != sum {
            return Err(CompactError::Checksum);
        }
        Self::measured(bytes).ok_or(CompactError::Malformed)
    }

    /// Finds the parts; `None` when they cannot all be there.
    fn measured(bytes: Box<[u8]>) -> Option<Self> {
        let count = |at| number(&bytes, at).map(|count| count as usize);
        let (n_flags, n_segments) = (count(PREFIX_BYTES)?, count(PREFIX_BYTES + 4)?);
        let shared_bytes = count(PREFIX_BYTES + 8)?;
        let after = |start: usize, n: usize, each: usize| start.checked_add(n.checked_mul(each)?);
        let flag_table = after(HEADER_BYTES, n_flags, HASH_ENTRY_BYTES)?;
        let segment_table = after(flag_table, n_flags, FLAG_ENTRY_BYTES)?;
        let shared = after(segment_table, n_segments, SEGMENT_ENTRY_BYTES)?;
        let keys = shared.checked_add(shared_bytes)?;
        // The last entry of a table says how long all bodies are.
        let last = |table, n: usize, each, at| match n.checked_sub(1) {
            Some(last) => number(&bytes, after(table, last, each)? + at).map(|end| end as usize),
            None => Some(0),
        };
        let segment_bodies = keys.checked_add(last(flag_table, n_flags, FLAG_ENTRY_BYTES, 0)?)?;
        let segment_bytes = last(segment_table, n_segments, SEGMENT_ENTRY_BYTES, 0)?;
        let flag_bodies = segment_bodies.checked_add(segment_bytes)?;
        let end = flag_bodies.checked_add(last(flag_table, n_flags, FLAG_ENTRY_BYTES, 4)?)?;
        (end == bytes.len()).then_some(Self {
            bytes,
            n_flags,
            n_segments,
            flag_table,
            segment_table,
            shared: shared..keys,
            segment_bodies,
            flag_bodies,
            attributes: Attributes::default(),
        })
    }

    /// Takes over what flags and segments refer to by slot.
    pub(super) fn know(&mut self, attributes: Attributes) {
        self.attributes = attributes;
    }

    pub(crate) fn n_flags(&self) -> usize {
        self.n_flags
    }

    pub(crate) fn n_segments(&self) -> usize {
        self.n_segments
    }

    pub(super) fn shared(&self) -> &[u8] {
        self.bytes.get(self.shared.clone()).unwrap_or_default()
    }

    /// Hashes of keys with positions, in the order in which they were written.
    pub(crate) fn by_hash(&self) -> Box<[(u64, u32)]> {
        let table = self.bytes.get(HEADER_BYTES..self.flag_table);
        let (entries, _) = table.unwrap_or_default().as_chunks::<HASH_ENTRY_BYTES>();
        let entry = |entry: &[u8; HASH_ENTRY_BYTES]| Some((long(entry, 0)?, number(entry, 8)?));
        entries.iter().filter_map(entry).collect()
    }

    /// Positions of the flags that may change pages.
    pub(crate) fn changing_pages(&self) -> Box<[u32]> {
        let table = self.bytes.get(self.flag_table..self.segment_table);
        let (entries, _) = table.unwrap_or_default().as_chunks::<FLAG_ENTRY_BYTES>();
        let marked = |entry: &[u8; FLAG_ENTRY_BYTES]| {
            number(entry, 8).is_some_and(|marks| marks & CHANGES_PAGES != 0)
        };
        let positions = entries.iter().zip(0..).filter(|(entry, _)| marked(entry));
        positions.map(|(_, position)| position).collect()
    }

    fn flag_entry(&self, index: usize) -> Option<FlagEntry> {
        let at = (index < self.n_flags).then_some(self.flag_table + index * FLAG_ENTRY_BYTES)?;
        let (key_start, body_start) = if index == 0 {
            (0, 0)
        } else {
            let before = at - FLAG_ENTRY_BYTES;
            (
                number(&self.bytes, before)?,
                number(&self.bytes, before + 4)?,
            )
        };
        let within = |start: usize, from: u32, to: u32| start + from as usize..start + to as usize;
        Some(FlagEntry {
            key: within(self.shared.end, key_start, number(&self.bytes, at)?),
            body: within(self.flag_bodies, body_start, number(&self.bytes, at + 4)?),
            marks: number(&self.bytes, at + 8)?,
        })
    }

    fn segment_entry(&self, index: usize) -> Option<(Range<usize>, u64)> {
        let at = (index < self.n_segments)
            .then_some(self.segment_table + index * SEGMENT_ENTRY_BYTES)?;
        let start = match index {
            0 => 0,
            _ => number(&self.bytes, at - SEGMENT_ENTRY_BYTES)?,
        };
        let end = number(&self.bytes, at)?;
        let body = self.segment_bodies + start as usize..self.segment_bodies + end as usize;
        Some((body, number(&self.bytes, at + 4)?.into()))
    }

    /// The key of the flag at that position; empty when it cannot be read.
    pub(crate) fn key(&self, index: usize) -> &str {
        self.flag_entry(index)
            .and_then(|entry| self.bytes.get(entry.key))
            .and_then(|key| std::str::from_utf8(key).ok())
            .unwrap_or_default()
    }

    /// The flag at that position; one that cannot be read is broken and says so.
    pub(crate) fn flag(&self, index: usize) -> Flag {
        let key = self.key(index);
        let read = || {
            let entry = self.flag_entry(index).ok_or(Unread::Damaged)?;
            let body = self.bytes.get(entry.body).ok_or(Unread::Damaged)?;
            let flag = read_flag(key, body, &self.attributes)?;
            let marked = entry.marks & CHANGES_PAGES != 0;
            let changes = flag.variants.iter().any(|variant| variant.page.is_some());
            (marked || !changes).then_some(flag).ok_or(Unread::Damaged)
        };
        read().unwrap_or_else(|why| {
            let words = match why {
                Unread::Damaged => "the compact form of the flag is damaged",
                Unread::Unknown => UNKNOWN,
            };
            Flag::broken(key, words)
        })
    }

    /// The segment at that position, unless it cannot be read.
    pub(crate) fn segment(&self, index: usize) -> Option<Segment> {
        let (body, cost) = self.segment_entry(index)?;
        let segment = read_segment(self.bytes.get(body)?, &self.attributes).ok()?;
        let asked = segment.asks();
        let costs = asked
            .iter()
            .map(|used| self.segment_entry(*used).map_or(0, |(_, cost)| cost));
        affordable(cost, costs).then_some(segment)
    }
}

/// Whether something of that cost may use what costs as much as those together.
fn affordable(cost: u64, mut used: impl Iterator<Item = u64>) -> bool {
    let total = used.try_fold(1_u64, u64::checked_add);
    cost <= EVALUATION_COST_MAX && total.is_some_and(|total| total <= cost)
}

/// What tells how to read the rest.
pub(super) fn version_and_marks(bytes: &[u8]) -> Option<(u16, u16)> {
    let both = number(bytes, MAGIC.len())?;
    Some((both as u16, (both >> u16::BITS) as u16))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let chunk = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*chunk))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*chunk))
}
