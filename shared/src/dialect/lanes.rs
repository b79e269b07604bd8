//! MD5 of several short texts at once, on processors.
//!
//! A step of MD5 waits for the one before it, so that one text leaves most of a processor idle.
//! Texts side by side fill it: the loop over [`WIDTH`] of them becomes vector instructions, in two
//! streams that do not wait for each other. What all texts begin with is put once. Engines in
//! WebAssembly hash one text after the other, with the same result and less code.
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
const WORD_BYTES: usize = 4;
const BLOCK_BYTES: usize = N_WORDS * WORD_BYTES;
const N_BLOCKS_MAX: usize = 2;
/// A mark of one byte and the length follow the text.
const PADDING_BYTES: usize = 9;
const MESSAGE_BYTES: usize = N_BLOCKS_MAX * BLOCK_BYTES;

type Lanes = [[u32; WIDTH]; N_STREAMS];
/// One lane of each stream; the compiler would take an array for one long integer.
type Pair = (u32, u32);
/// A block of each text, word by word.
type Block = [Lanes; N_WORDS];
/// What MD5 begins with.
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The first 32 bits of MD5 of each text, big-endian, in their order: of the head, in three parts,
/// then of the head, a dash and the name of each item.
pub(super) fn md5_32_each<T>(
    head: [&str; 3],
    mut items: &[T],
    name: impl Fn(&T) -> &str,
    take: &mut dyn FnMut(u64),
) {
    let mut message = [0; MESSAGE_BYTES];
    let put_part = |at, part: &&str| put(&mut message, at, part.as_bytes());
    let n_head = head.iter().fold(0, put_part);
    let mut n_bare = 1;
    while n_bare + items.len() > 0 {
        let (now, later) = items.split_at(items.len().min(LANES - n_bare));
        let longest = now.iter().map(|item| name(item).len()).max();
        let n_bytes = n_head + DASH.len() + longest.unwrap_or_default();
        let names = now.iter().map(|item| Some(name(item)));
        let texts = [None].into_iter().take(n_bare).chain(names);
        let n_blocks = (n_bytes + PADDING_BYTES).div_ceil(BLOCK_BYTES);
        match (n_blocks, message.get(..n_head)) {
            (1, Some(head)) => hash_each::<1>(head, texts, n_bytes, take),
            (2, Some(head)) => hash_each::<2>(head, texts, n_bytes, take),
            _ => texts.for_each(|name| {
                let [a, b, c] = head;
                let dash = name.map_or("", |_| DASH);
                take(md5_32(&[a, b, c, dash, name.unwrap_or_default()].concat()));
            }),
        }
        (items, n_bare) = (later, 0);
    }
}

/// What stands between the head and a name.
const DASH: &str = "-";

/// Puts the text there, if there is room; says where it ends.
#[inline]
fn put(to: &mut [u8], at: usize, text: &[u8]) -> usize {
    let end = at + text.len();
    if let Some(to) = to.get_mut(at..end) {
        copy_short(text, to);
    }
    end
}

/// Hashes texts of at most that many bytes, which take at most so many blocks: of the head alone
/// where there is no name.
fn hash_each<'t, const N_BLOCKS: usize>(
    head: &[u8],
    names: impl Iterator<Item = Option<&'t str>>,
    n_bytes_max: usize,
    take: &mut dyn FnMut(u64),
) {
    let (common, rest) = head.as_chunks::<WORD_BYTES>();
    let mut blocks: [Block; N_BLOCKS] = [[[[0; WIDTH]; N_STREAMS]; N_WORDS]; N_BLOCKS];
    let words = blocks.as_flattened_mut();
    for (lanes, word) in words.iter_mut().zip(common) {
        *lanes = [[u32::from_le_bytes(*word); WIDTH]; N_STREAMS];
    }
    // Behind those words each text has its own.
    let mut tails = [[[0; BLOCK_BYTES]; N_BLOCKS]; LANES];
    let mut n_bytes = [0; LANES];
    let mut n_texts = 0;
    for (name, (tail, n_bytes)) in names.zip(tails.iter_mut().zip(&mut n_bytes)) {
        n_texts += 1;
        let tail = tail.as_flattened_mut();
        let mut end = put(tail, 0, rest);
        if let Some(name) = name {
            end = put(tail, end, DASH.as_bytes());
            end = put(tail, end, name.as_bytes());
        }
        if let Some(mark) = tail.get_mut(end) {
            *mark = 0x80;
        }
        *n_bytes = WORD_BYTES * common.len() + end;
    }
    let n_words = n_bytes_max / WORD_BYTES + 1;
    let own = words.iter_mut().take(n_words).skip(common.len());
    for (place, lanes) in own.enumerate() {
        for (to, tail) in lanes.as_flattened_mut().iter_mut().zip(&tails) {
            let (words, _) = tail.as_flattened().as_chunks();
            *to = words.get(place).map_or(0, |word| u32::from_le_bytes(*word));
        }
    }
    let n_blocks = n_bytes.map(|n| match N_BLOCKS {
        1 => 1,
        _ => (n + PADDING_BYTES).div_ceil(BLOCK_BYTES),
    });
    for (lane, (n_bytes, n_blocks)) in n_bytes.into_iter().zip(n_blocks).enumerate() {
        if let Some(lanes) = words.get_mut(n_blocks * N_WORDS - 2)
            && let Some(to) = lanes.as_flattened_mut().get_mut(lane)
        {
            *to = 8 * n_bytes as u32;
        }
    }
    let mut state = START.map(|word| [[word; WIDTH]; N_STREAMS]);
    let mut hashes = [0; LANES];
    for (block, n_hashed) in blocks.iter().zip(1..) {
        state = compress(&state, block);
        let [first, ..] = &state;
        for ((hash, n_blocks), word) in hashes.iter_mut().zip(n_blocks).zip(first.as_flattened()) {
            if N_BLOCKS == 1 || n_blocks == n_hashed {
                *hash = word.swap_bytes();
            }
        }
    }
    let hashes = hashes.into_iter().take(n_texts);
    hashes.for_each(|hash| take(hash.into()));
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
    add_mixed: impl Fn(u32, [u32; 3]) -> u32,
) -> [Pair; 4] {
    let step = |n: usize, a: Pair, b: Pair, c: Pair, d: Pair| -> Pair {
        let word = word((round.first + round.stride * n) % N_WORDS);
        let one = |a: u32, b: u32, c: u32, d: u32, word: u32| {
            let sum = a.wrapping_add(word.wrapping_add(round.sines[n]));
            b.wrapping_add(add_mixed(sum, [b, c, d]).rotate_left(round.rotations[n % 4]))
        };
        (
            one(a.0, b.0, c.0, d.0, word.0),
            one(a.1, b.1, c.1, d.1, word.1),
        )
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

/// The state after one more block. By itself: where it is inlined, one stream is computed after the
/// other, and waits.
#[inline(never)]
fn compress(before: &[Lanes; 4], block: &Block) -> [Lanes; 4] {
    let mut after = *before;
    // The compiler makes this loop vector instructions, as long as all steps stand in it.
    for lane in 0..WIDTH {
        let of = |lanes: &Lanes| -> Pair { (lanes[0][lane], lanes[1][lane]) };
        let word = |n: usize| of(&block[n]);
        let [a, b, c, d] = before;
        let state = [of(a), of(b), of(c), of(d)];
        let state = round(state, word, &ROUNDS[0], |sum, [b, c, d]| {
            sum.wrapping_add(d ^ (b & (c ^ d)))
        });
        // The newest of the three comes last: nothing waits for the others.
        let state = round(state, word, &ROUNDS[1], |sum, [b, c, d]| {
            sum.wrapping_add(c & !d).wrapping_add(b & d)
        });
        let state = round(state, word, &ROUNDS[2], |sum, [b, c, d]| {
            sum.wrapping_add(b ^ (c ^ d))
        });
        let state = round(state, word, &ROUNDS[3], |sum, [b, c, d]| {
            sum.wrapping_add(c ^ (b | !d))
        });
        for (after, (first, second)) in after.iter_mut().zip(state) {
            after[0][lane] = after[0][lane].wrapping_add(first);
            after[1][lane] = after[1][lane].wrapping_add(second);
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: [&str; 3], names: &[&str]) {
        let mut hashes = Vec::new();
        md5_32_each(head, names, |name| name, &mut |hash| hashes.push(hash));
        let head = head.concat();
        let texts = names.iter().map(|name| format!("{head}-{name}"));
        let texts = std::iter::once(head.clone()).chain(texts);
        let expected: Vec<u64> = texts.map(|text| md5_32(&text)).collect();
        assert_eq!(hashes, expected, "{head:?} {names:?}");
    }

    #[test]
    fn texts_of_every_length_hash_as_one_by_one() {
        let long: String = (b'a'..=b'z').cycle().take(300).map(char::from).collect();
        for length in 0..=MESSAGE_BYTES + 10 {
            let text = &long[length..2 * length];
            for common in [0, length / 3, length * 2 / 3, length] {
                let (head, tail) = text.split_at(common);
                let (first, rest) = head.split_at(common / 2);
                check([first, rest, ""], &[tail]);
                // Lanes of one block beside lanes of two, and of none.
                let names: Vec<&str> = (0..10)
                    .map(|n| &tail[..tail.len() * (n * 7 % 10) / 9])
                    .collect();
                check([rest, first, "-"], &names);
            }
        }
    }

    #[test]
    fn any_number_of_texts_is_hashed() {
        let texts: Vec<String> = (0..3 * LANES).map(|n| format!("action{n}")).collect();
        let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        for n in 0..=texts.len() {
            check(["flag", "-", "ana"], &texts[..n]);
        }
    }
}
