//! MD5 of several short texts at once, on processors.
//!
//! A step of MD5 waits for the one before it, so that one text leaves most of a processor idle.
//! Texts side by side fill it: the loop over [`WIDTH`] of them becomes vector instructions, in two
//! streams that do not wait for each other. Engines in WebAssembly hash one text after the other,
//! with the same result and less code.
//!
//! # Source
//! RFC 1321. Gueron and Krasnov 2012, *Simultaneous hashing of multiple messages*.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are counted below the lengths of arrays, which the compiler sees"
)]

use super::hash::md5_32;
use crate::same::copy_short;

/// Texts of one stream: what a vector register holds.
const WIDTH: usize = 4;
const N_STREAMS: usize = 2;
/// Texts that are hashed at once.
const LANES: usize = WIDTH * N_STREAMS;
const N_WORDS: usize = 16;
const BLOCK_BYTES: usize = 64;
const N_BLOCKS_MAX: usize = 2;
/// A mark of one byte and the length follow the text.
const PADDING_BYTES: usize = 9;
const TEXT_BYTES_MAX: usize = N_BLOCKS_MAX * BLOCK_BYTES - PADDING_BYTES;

type Lanes = [[u32; WIDTH]; N_STREAMS];
/// One lane of each stream.
type Pair = [u32; N_STREAMS];
/// A block of each text, word by word.
type Block = [Lanes; N_WORDS];

/// What MD5 begins with.
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The first 32 bits of MD5 of each text, big-endian, in their order. A text comes in two parts:
/// what many have in common, and what it ends with.
pub(super) fn md5_32_each<'t>(
    texts: impl IntoIterator<Item = [&'t str; 2]>,
    take: &mut dyn FnMut(u64),
) {
    let mut texts = texts.into_iter();
    loop {
        let mut batch = Batch::default();
        let mut n_texts = 0;
        for (lane, text) in texts.by_ref().take(LANES).enumerate() {
            batch.put(lane, text);
            n_texts += 1;
        }
        if n_texts == 0 {
            return;
        }
        batch.finish();
        batch.hashes.into_iter().take(n_texts).for_each(&mut *take);
    }
}

/// Texts that are hashed at once.
#[derive(Default)]
struct Batch {
    blocks: [Block; N_BLOCKS_MAX],
    /// Of each text; none of one that is too long, and hashed already.
    n_blocks: [usize; LANES],
    hashes: [u64; LANES],
}

impl Batch {
    fn put(&mut self, lane: usize, [head, tail]: [&str; 2]) {
        let n_bytes = head.len() + tail.len();
        if n_bytes > TEXT_BYTES_MAX {
            if let Some(hash) = self.hashes.get_mut(lane) {
                *hash = md5_32(&[head, tail].concat());
            }
            return;
        }
        let n_blocks = (n_bytes + PADDING_BYTES).div_ceil(BLOCK_BYTES);
        let mut message = [0; N_BLOCKS_MAX * BLOCK_BYTES];
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(to) = message.get_mut(at..at + bytes.len()) {
                copy_short(bytes, to);
            }
        };
        put(0, head.as_bytes());
        put(head.len(), tail.as_bytes());
        put(n_bytes, &[0x80]);
        let n_bits = 8 * n_bytes as u64;
        put(n_blocks * BLOCK_BYTES - 8, &n_bits.to_le_bytes());
        let (blocks, _) = message.as_chunks::<BLOCK_BYTES>();
        for (block, bytes) in self.blocks.iter_mut().zip(blocks).take(n_blocks) {
            let (words, _) = bytes.as_chunks::<4>();
            for (lanes, word) in block.iter_mut().zip(words) {
                if let Some(to) = lanes.as_flattened_mut().get_mut(lane) {
                    *to = u32::from_le_bytes(*word);
                }
            }
        }
        if let Some(n) = self.n_blocks.get_mut(lane) {
            *n = n_blocks;
        }
    }

    /// Hashes what was put.
    fn finish(&mut self) {
        let mut state = START.map(|word| [[word; WIDTH]; N_STREAMS]);
        let most = self.n_blocks.into_iter().max().unwrap_or_default();
        for (block, n_hashed) in self.blocks.iter().zip(1..).take(most) {
            state = compress(&state, block);
            let [first, ..] = &state;
            let lanes = self.hashes.iter_mut().zip(self.n_blocks);
            for ((hash, n_blocks), word) in lanes.zip(first.as_flattened()) {
                if n_blocks == n_hashed {
                    *hash = word.swap_bytes().into();
                }
            }
        }
    }
}

/// One round: its constants, which words it takes, how far it rotates.
struct Round {
    sines: [u32; N_WORDS],
    first: usize,
    stride: usize,
    rotations: [u32; 4],
}

/// The sines are `floor(2^32 * abs(sin(n + 1)))`.
const ROUNDS: [Round; 4] = [
    Round {
        sines: [
            0xd76a_a478,
            0xe8c7_b756,
            0x2420_70db,
            0xc1bd_ceee,
            0xf57c_0faf,
            0x4787_c62a,
            0xa830_4613,
            0xfd46_9501,
            0x6980_98d8,
            0x8b44_f7af,
            0xffff_5bb1,
            0x895c_d7be,
            0x6b90_1122,
            0xfd98_7193,
            0xa679_438e,
            0x49b4_0821,
        ],
        first: 0,
        stride: 1,
        rotations: [7, 12, 17, 22],
    },
    Round {
        sines: [
            0xf61e_2562,
            0xc040_b340,
            0x265e_5a51,
            0xe9b6_c7aa,
            0xd62f_105d,
            0x0244_1453,
            0xd8a1_e681,
            0xe7d3_fbc8,
            0x21e1_cde6,
            0xc337_07d6,
            0xf4d5_0d87,
            0x455a_14ed,
            0xa9e3_e905,
            0xfcef_a3f8,
            0x676f_02d9,
            0x8d2a_4c8a,
        ],
        first: 1,
        stride: 5,
        rotations: [5, 9, 14, 20],
    },
    Round {
        sines: [
            0xfffa_3942,
            0x8771_f681,
            0x6d9d_6122,
            0xfde5_380c,
            0xa4be_ea44,
            0x4bde_cfa9,
            0xf6bb_4b60,
            0xbebf_bc70,
            0x289b_7ec6,
            0xeaa1_27fa,
            0xd4ef_3085,
            0x0488_1d05,
            0xd9d4_d039,
            0xe6db_99e5,
            0x1fa2_7cf8,
            0xc4ac_5665,
        ],
        first: 5,
        stride: 3,
        rotations: [4, 11, 16, 23],
    },
    Round {
        sines: [
            0xf429_2244,
            0x432a_ff97,
            0xab94_23a7,
            0xfc93_a039,
            0x655b_59c3,
            0x8f0c_cc92,
            0xffef_f47d,
            0x8584_5dd1,
            0x6fa8_7e4f,
            0xfe2c_e6e0,
            0xa301_4314,
            0x4e08_11a1,
            0xf753_7e82,
            0xbd3a_f235,
            0x2ad7_d2bb,
            0xeb86_d391,
        ],
        first: 0,
        stride: 7,
        rotations: [6, 10, 15, 21],
    },
];

/// One lane of each stream in the state after a round.
#[expect(
    clippy::inline_always,
    reason = "the loop around it is vectorised once everything stands in it"
)]
#[inline(always)]
fn round(
    state: [Pair; 4],
    word: impl Fn(usize) -> Pair,
    round: &Round,
    mix: impl Fn(u32, u32, u32) -> u32,
) -> [Pair; 4] {
    let step = |n: usize, a: Pair, b: Pair, c: Pair, d: Pair| -> Pair {
        let word = word((round.first + round.stride * n) % N_WORDS);
        std::array::from_fn(|s| {
            let mixed = a[s].wrapping_add(mix(b[s], c[s], d[s]));
            let sum = mixed.wrapping_add(word[s].wrapping_add(round.sines[n]));
            b[s].wrapping_add(sum.rotate_left(round.rotations[n % 4]))
        })
    };
    let [mut a, mut b, mut c, mut d] = state;
    for quad in 0..N_WORDS / 4 {
        let n = 4 * quad;
        a = step(n, a, b, c, d);
        d = step(n + 1, d, a, b, c);
        c = step(n + 2, c, d, a, b);
        b = step(n + 3, b, c, d, a);
    }
    [a, b, c, d]
}

/// The state after one more block.
fn compress(before: &[Lanes; 4], block: &Block) -> [Lanes; 4] {
    let mut after = *before;
    // The compiler makes this loop vector instructions, as long as all steps stand in it.
    for lane in 0..WIDTH {
        let of = |lanes: &Lanes| -> Pair { [lanes[0][lane], lanes[1][lane]] };
        let word = |n: usize| of(&block[n]);
        let [a, b, c, d] = before;
        let state = [of(a), of(b), of(c), of(d)];
        let state = round(state, word, &ROUNDS[0], |b, c, d| d ^ (b & (c ^ d)));
        let state = round(state, word, &ROUNDS[1], |b, c, d| c ^ (d & (b ^ c)));
        let state = round(state, word, &ROUNDS[2], |b, c, d| b ^ c ^ d);
        let state = round(state, word, &ROUNDS[3], |b, c, d| c ^ (b | !d));
        for (after, state) in after.iter_mut().zip(state) {
            for (after, state) in after.iter_mut().zip(state) {
                after[lane] = after[lane].wrapping_add(state);
            }
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[[&str; 2]]) {
        let mut hashes = Vec::new();
        md5_32_each(texts.iter().copied(), &mut |hash| hashes.push(hash));
        let expected: Vec<u64> = texts.iter().map(|text| md5_32(&text.concat())).collect();
        assert_eq!(hashes, expected, "{texts:?}");
    }

    #[test]
    fn texts_of_every_length_hash_as_one_by_one() {
        let long: String = (b'a'..=b'z').cycle().take(300).map(char::from).collect();
        let lengths = 0..=TEXT_BYTES_MAX + 10;
        let texts: Vec<[&str; 2]> = lengths
            .map(|length| {
                let (head, tail) = long[length..2 * length].split_at(length * 2 / 3);
                [head, tail]
            })
            .collect();
        check(&texts);
        // Lanes of one block beside lanes of two, and of none.
        let mixed: Vec<[&str; 2]> = (0..texts.len())
            .map(|n| texts[n * 37 % texts.len()])
            .collect();
        check(&mixed);
    }

    #[test]
    fn any_number_of_texts_is_hashed() {
        let texts: Vec<String> = (0..3 * LANES).map(|n| format!("action{n}")).collect();
        let texts: Vec<[&str; 2]> = texts.iter().map(|text| ["flag-ana-", &**text]).collect();
        for n in 0..=texts.len() {
            check(&texts[..n]);
        }
    }
}
