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

type Lanes = [[u32; WIDTH]; N_STREAMS];
/// One lane of each stream; the compiler would take an array for one long integer.
type Pair = (u32, u32);
/// A block of each text, word by word.
type Block = [Lanes; N_WORDS];
const EMPTY: Block = [[[0; WIDTH]; N_STREAMS]; N_WORDS];
/// What MD5 begins with.
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// Where texts are put to be hashed.
pub(super) struct Space([Block; 1]);

impl Space {
    /// One without texts.
    pub(super) const EMPTY: Self = Self([EMPTY]);
}

/// Texts that are hashed beside each other: a head, in three parts, then for each item the head, a
/// dash and the item's name.
///
/// Where they are few and short, they are put where they are hashed when this is made. What a
/// caller does before it takes the hashes then fills the time until they have arrived there.
pub(super) struct Md5Each<'t, T, N> {
    head: [&'t str; 3],
    items: &'t [T],
    name: N,
    /// All texts, where each takes one block.
    put: Option<&'t Space>,
}

impl<'t, T, N: Fn(&T) -> &str> Md5Each<'t, T, N> {
    /// These texts, in an empty space.
    #[inline]
    pub(super) fn of(head: [&'t str; 3], items: &'t [T], name: N, space: &'t mut Space) -> Self {
        let is_put = items.len() < LANES
            && n_blocks(head.iter().map(|part| part.len()).sum()) == 1
            && put(head, true, items, &name, &mut space.0)
                .iter()
                .all(|n_bytes| n_blocks(*n_bytes) == 1);
        Self {
            head,
            items,
            name,
            put: is_put.then_some(space),
        }
    }

    /// Takes the first 32 bits of MD5 of each text, big-endian, in their order.
    #[inline]
    pub(super) fn take(&self, take: &mut dyn FnMut(u64)) {
        match self.put {
            Some(Space([block])) => {
                let first = hash(block);
                let hashes = first.as_flattened().iter().take(1 + self.items.len());
                hashes.for_each(|hash| take(hash.swap_bytes().into()));
            }
            None => self.take_many(take),
        }
    }

    /// The same for any number of texts of any length.
    #[inline(never)]
    fn take_many(&self, take: &mut dyn FnMut(u64)) {
        let Self {
            head, items, name, ..
        } = self;
        let n_head: usize = head.iter().map(|part| part.len()).sum();
        let mut items = *items;
        let mut is_first = true;
        while is_first || !items.is_empty() {
            let n_bare = usize::from(is_first);
            let (now, later) = items.split_at(items.len().min(LANES - n_bare));
            let longest = now.iter().map(|item| name(item).len()).max();
            let n_bytes = n_head + DASH.len() + longest.unwrap_or_default();
            if n_blocks(n_bytes) <= N_BLOCKS_MAX {
                let mut blocks = [EMPTY; N_BLOCKS_MAX];
                let n_bytes = put(*head, is_first, now, name, &mut blocks);
                let [first, second] = &blocks;
                let once = compress(&START.map(of_all), first);
                let [twice, ..] = compress(&once, second);
                let [once, ..] = once;
                let hashes = once.as_flattened().iter().zip(twice.as_flattened());
                for ((once, twice), n_bytes) in hashes.zip(n_bytes).take(n_bare + now.len()) {
                    let hash = if n_blocks(n_bytes) == 1 { once } else { twice };
                    take(hash.swap_bytes().into());
                }
            } else {
                let [a, b, c] = *head;
                if is_first {
                    take(md5_32(&[a, b, c].concat()));
                }
                for item in now {
                    take(md5_32(&[a, b, c, DASH, name(item)].concat()));
                }
            }
            (items, is_first) = (later, false);
        }
    }
}

/// Puts the padded texts of at most [`LANES`] items, each in its lane; before them that of the head
/// alone where it is asked for. Says how many bytes each text is. What is longer than the blocks
/// lands anywhere in them.
#[inline]
fn put<T, const N_BLOCKS: usize>(
    head: [&str; 3],
    with_head: bool,
    items: &[T],
    name: impl Fn(&T) -> &str,
    blocks: &mut [Block; N_BLOCKS],
) -> [usize; LANES] {
    let mut packed = Packed::default();
    for part in head {
        packed.push(part.as_bytes(), |place, word| {
            blocks[place / N_WORDS % N_BLOCKS][place % N_WORDS] = of_all(word);
        });
    }
    let mut n_bytes = [0; LANES];
    let mut put_end = |packed: Packed, name: &str, lane: usize| {
        let mut put = |place: usize, word| {
            let lanes = &mut blocks[place / N_WORDS % N_BLOCKS][place % N_WORDS];
            lanes[lane / WIDTH % N_STREAMS][lane % WIDTH] = word;
        };
        let n = packed.end(name, &mut put);
        put(n_blocks(n) * N_WORDS - 2, 8 * n as u32);
        n_bytes[lane % LANES] = n;
    };
    if with_head {
        put_end(packed, "", 0);
    }
    let packed = packed.and_dash();
    for (item, lane) in items.iter().zip(usize::from(with_head)..) {
        put_end(packed, name(item), lane);
    }
    n_bytes
}

/// Blocks that a text of so many bytes takes.
fn n_blocks(n_bytes: usize) -> usize {
    (n_bytes + PADDING_BYTES).div_ceil(BLOCK_BYTES)
}

fn of_all(word: u32) -> Lanes {
    [[word; WIDTH]; N_STREAMS]
}

/// What stands between the head and a name.
const DASH: &str = "-";
/// What stands behind the text.
const MARK: u64 = 0x80;

/// A text being packed into words, without a detour through memory, which would wait for bytes that
/// were written apart and are read together.
#[derive(Clone, Copy, Default)]
struct Packed {
    n_bytes: usize,
    /// Bytes that wait to become words, the first one lowest.
    waiting: u64,
    /// How many bits they are: at most those of a word.
    n_bits: u32,
    /// The place of the next word.
    place: usize,
}

impl Packed {
    /// Appends bytes; hands over the words that are whole then.
    #[inline]
    fn push(&mut self, text: &[u8], mut put: impl FnMut(usize, u32)) {
        let (whole, last) = text.as_chunks::<WORD_BYTES>();
        for word in whole {
            self.waiting |= u64::from(u32::from_le_bytes(*word)) << self.n_bits;
            self.pop(&mut put);
        }
        self.waiting |= u64::from(few(last)) << self.n_bits;
        self.n_bits += 8 * last.len() as u32;
        if let Some(n_bits) = self.n_bits.checked_sub(u32::BITS) {
            self.pop(&mut put);
            self.n_bits = n_bits;
        }
        self.n_bytes += text.len();
    }

    #[inline]
    fn pop(&mut self, put: &mut impl FnMut(usize, u32)) {
        put(self.place, self.waiting as u32);
        self.waiting >>= u32::BITS;
        self.place += 1;
    }

    /// The same text and a dash, which waits.
    fn and_dash(mut self) -> Self {
        for byte in DASH.bytes() {
            self.waiting |= u64::from(byte) << self.n_bits;
            self.n_bits += 8;
            self.n_bytes += 1;
        }
        self
    }

    /// Appends a name, and the mark that MD5 puts behind a text. Says how many bytes the text is.
    #[inline]
    fn end(mut self, name: &str, mut put: impl FnMut(usize, u32)) -> usize {
        self.push(name.as_bytes(), &mut put);
        put(self.place, (self.waiting | MARK << self.n_bits) as u32);
        self.n_bytes
    }
}

/// Less than a word of bytes, the first one lowest.
#[inline]
fn few(bytes: &[u8]) -> u32 {
    match *bytes {
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        [a, b] => u32::from_le_bytes([a, b, 0, 0]),
        [a] => a.into(),
        _ => 0,
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

/// The first word of the hashes of texts of one block. By itself: where it is inlined, one stream
/// is computed after the other, and waits.
#[inline(never)]
fn hash(block: &Block) -> Lanes {
    let [first, ..] = after(&START.map(of_all), block);
    first
}

/// The state after one more block. By itself as well.
#[inline(never)]
fn compress(before: &[Lanes; 4], block: &Block) -> [Lanes; 4] {
    after(before, block)
}

#[expect(
    clippy::inline_always,
    reason = "who needs one word of the state leaves out the last steps"
)]
#[inline(always)]
fn after(before: &[Lanes; 4], block: &Block) -> [Lanes; 4] {
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
        let mut space = Space::EMPTY;
        let each = Md5Each::of(head, names, |name| name, &mut space);
        each.take(&mut |hash| hashes.push(hash));
        let head = head.concat();
        let texts = names.iter().map(|name| format!("{head}-{name}"));
        let texts = std::iter::once(head.clone()).chain(texts);
        let expected: Vec<u64> = texts.map(|text| md5_32(&text)).collect();
        assert_eq!(hashes, expected, "{head:?} {names:?}");
    }

    #[test]
    fn texts_of_every_length_hash_as_one_by_one() {
        let long: String = (b'a'..=b'z').cycle().take(300).map(char::from).collect();
        for length in 0..=N_BLOCKS_MAX * BLOCK_BYTES + 10 {
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
