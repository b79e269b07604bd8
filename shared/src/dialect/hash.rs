//! Hash functions of other systems, as their publications define them.

use md5::{Digest, Md5};
use sha1::Sha1;

/// `MurmurHash3_x86_32`.
///
/// # Source
/// Austin Appleby, `MurmurHash3.cpp` (public domain): the 32-bit variant for x86.
/// # Examples
/// ```
/// assert_eq!(bandera_shared::dialect::hash::murmur3_32(b"hello", 0), 0x248b_fa47);
/// ```
#[must_use]
pub fn murmur3_32(bytes: &[u8], seed: u32) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let scramble = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut h = blocks.iter().fold(seed, |h, block| {
        let mixed = (h ^ scramble(u32::from_le_bytes(*block))).rotate_left(13);
        mixed.wrapping_mul(5).wrapping_add(0xe654_6b64)
    });
    if !tail.is_empty() {
        let last = tail
            .iter()
            .rev()
            .fold(0, |k, byte| (k << 8) | u32::from(*byte));
        h ^= scramble(last);
    }
    // The length enters modulo 2^32, as in the original.
    h ^= bytes.len() as u32;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// FNV-1a with 32 bits over any units.
///
/// # Source
/// Fowler, Noll, Vo: offset basis 2166136261, prime 16777619. `GrowthBook` feeds UTF-16 units.
#[must_use]
pub fn fnv1a_32(units: impl IntoIterator<Item = u32>) -> u32 {
    let step = |h: u32, unit: u32| (h ^ unit).wrapping_mul(16_777_619);
    units.into_iter().fold(2_166_136_261, step)
}

/// The UTF-16 units of text, for [`fnv1a_32`].
pub fn utf16_units(text: &str) -> impl Iterator<Item = u32> {
    text.encode_utf16().map(u32::from)
}

/// CRC-32 as in zip and Ethernet, without tables: what is hashed is a name.
///
/// # Source
/// ISO 3309; reflected polynomial 0xEDB88320.
/// # Examples
/// ```
/// assert_eq!(bandera_shared::dialect::hash::crc32(b"123456789"), 0xcbf4_3926);
/// ```
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), step)
    })
}

/// The first 60 bits of SHA-1: fifteen hexadecimal digits read as a number.
#[must_use]
pub fn sha1_60(text: &str) -> u64 {
    leading(&Sha1::digest(text.as_bytes())) >> 4
}

/// The first 28 bits of SHA-1: seven hexadecimal digits read as a number.
#[must_use]
pub fn sha1_28(text: &str) -> u64 {
    leading(&Sha1::digest(text.as_bytes())) >> 36
}

/// The first 32 bits of MD5, big-endian.
#[must_use]
pub fn md5_32(text: &str) -> u64 {
    leading(&Md5::digest(text.as_bytes())) >> 32
}

#[cfg(not(target_family = "wasm"))]
pub(super) use super::lanes::{Md5Each, Space};

#[cfg(target_family = "wasm")]
pub(super) struct Space;

#[cfg(target_family = "wasm")]
impl Space {
    pub(super) const EMPTY: Self = Self;
}

/// [`md5_32`] of a head, in three parts, then for each item of the head, a dash and the item's
/// name.
#[cfg(target_family = "wasm")]
pub(super) struct Md5Each<'t, T, N> {
    head: [&'t str; 3],
    items: &'t [T],
    name: N,
}

#[cfg(target_family = "wasm")]
impl<'t, T, N: Fn(&T) -> &str> Md5Each<'t, T, N> {
    pub(super) fn of(head: [&'t str; 3], items: &'t [T], name: N, _: &'t mut Space) -> Self {
        Self { head, items, name }
    }

    pub(super) fn take(&self, take: &mut dyn FnMut(u64)) {
        let [a, b, c] = self.head;
        take(md5_32(&[a, b, c].concat()));
        for item in self.items {
            take(md5_32(&[a, b, c, "-", (self.name)(item)].concat()));
        }
    }
}

/// MD5 as one number.
#[must_use]
pub fn md5_128(text: &str) -> u128 {
    let digest = Md5::digest(text.as_bytes());
    digest
        .iter()
        .fold(0, |n, byte| (n << 8) | u128::from(*byte))
}

/// The first eight bytes, big-endian.
fn leading(digest: &[u8]) -> u64 {
    let first = digest.iter().take(8);
    first.fold(0, |n, byte| (n << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murmur_as_published() {
        let check = |bytes: &[u8], seed, expected| assert_eq!(murmur3_32(bytes, seed), expected);
        check(b"", 0, 0);
        check(b"", 1, 0x514e_28b7);
        check(b"", u32::MAX, 0x81f1_6f39);
        check(&[0, 0, 0, 0], 0, 0x2362_f9de);
        check(&[0x21, 0x43, 0x65, 0x87], 0x5082_edee, 0x2362_f9de);
        check(&[0x21, 0x43, 0x65], 0, 0x7e4a_8634);
        check(&[0x21], 0, 0x7266_1cf4);
        check(b"Hello, world!", 0x9747_b28c, 0x2488_4cba);
    }

    #[test]
    fn the_others_as_published() {
        assert_eq!(fnv1a_32([]), 0x811c_9dc5);
        assert_eq!(fnv1a_32(b"foobar".map(u32::from)), 0xbf9c_f968);
        assert_eq!(crc32(b""), 0);
        assert_eq!(sha1_60("abc"), 0xa99_93e3_6470_6816);
        assert_eq!(sha1_28("abc"), 0xa99_93e3);
        assert_eq!(md5_32("abc"), 0x9001_5098);
        assert_eq!(md5_128("abc"), 0x9001_5098_3cd2_4fb0_d696_3f7d_28e1_7f72);
    }
}
