//! Values as bytes: whole numbers in as few as they need, lists behind their length. Of texts the
//! lengths stand there; the texts themselves stand before everything in one piece, which is checked
//! at once.
//!
//! Reading believes nothing: a length is compared with what is left, nesting is bounded, and what
//! does not fit is `None`. This is not a format for other programs: fields have no names.

use crate::context::{Attribute, Attributes};
use crate::rare::{Known, Rare};
#[cfg(not(target_family = "wasm"))]
use crate::texts::ShortText;
use crate::texts::Texts;
use std::mem::size_of;

/// Levels of lists inside lists: JSON values nest 128 deep, in a variant of a flag.
const DEPTH_MAX: u32 = 160;

/// Bytes of memory set aside for a list before any of it is read; a longer one grows.
const AHEAD_BYTES_MAX: usize = 16 * 1024;

/// A value with a compact form.
pub(super) trait Compact: Sized {
    /// Appends the value.
    fn write(&self, to: &mut Writer);
    /// Takes the value off the front; `None` when there is none.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// Bytes being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    texts: String,
    bytes: Vec<u8>,
    has_rare: bool,
}

impl Writer {
    /// What was written, for [`Reader::new`].
    pub(super) fn finish(self) -> Vec<u8> {
        let mut whole = Self::default();
        whole.whole(self.texts.len() as u64);
        [&*whole.bytes, self.texts.as_bytes(), &*self.bytes].concat()
    }

    /// Says that what follows is rare.
    pub(super) fn rare(&mut self) {
        self.has_rare = true;
    }

    /// Whether something rare was written.
    pub(super) fn has_rare(&self) -> bool {
        self.has_rare
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    pub(super) fn whole(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.whole(text.len() as u64);
        self.texts.push_str(text);
    }

    pub(super) fn list<T: Compact>(&mut self, items: &[T]) {
        self.whole(items.len() as u64);
        for item in items {
            item.write(self);
        }
    }
}

/// Bytes being read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    texts: &'a str,
    rest: &'a [u8],
    depth: u32,
    attributes: &'a Attributes,
    met_unknown: bool,
}

impl<'a> Reader<'a> {
    /// Reads the bytes of a ruleset with those attributes; `None` where the texts are none.
    pub(super) fn new(bytes: &'a [u8], attributes: &'a Attributes) -> Option<Self> {
        let mut from = Self {
            texts: "",
            rest: bytes,
            depth: 0,
            attributes,
            met_unknown: false,
        };
        let length = from.length()?;
        let (texts, rest) = from.rest.split_at_checked(length)?;
        Some(Self {
            texts: std::str::from_utf8(texts).ok()?,
            rest,
            ..from
        })
    }

    /// Goes on with those attributes.
    pub(super) fn with<'b>(self, attributes: &'b Attributes) -> Reader<'b>
    where
        'a: 'b,
    {
        Reader { attributes, ..self }
    }

    /// What is rare follows: nothing where this engine does not know it.
    pub(super) fn rare(&mut self) -> Option<Known> {
        Known::here().or_else(|| self.unknown())
    }

    /// Nothing, because this engine does not know what follows.
    pub(super) fn unknown<T>(&mut self) -> Option<T> {
        self.met_unknown = true;
        None
    }

    /// Whether reading ended at something that this engine does not know.
    pub(super) fn met_unknown(&self) -> bool {
        self.met_unknown
    }

    /// The ruleset's attribute in that slot.
    pub(super) fn attribute(&self, slot: usize) -> Option<Attribute> {
        self.attributes.get(slot).cloned()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// Most numbers are a byte. In WebAssembly, where code is downloaded, all are read alike.
    #[cfg(not(target_family = "wasm"))]
    #[inline]
    pub(super) fn whole(&mut self) -> Option<u64> {
        match self.rest.split_first()? {
            (byte @ 0..0x80, rest) => {
                self.rest = rest;
                Some((*byte).into())
            }
            _ => self.long_whole(),
        }
    }

    #[cfg(target_family = "wasm")]
    pub(super) fn whole(&mut self) -> Option<u64> {
        self.long_whole()
    }

    fn long_whole(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number of things of at least one byte each.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.whole()?).ok()?;
        (length <= self.rest.len()).then_some(length)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.whole()?).ok()?;
        self.piece(length)
    }

    /// The next texts, of that many bytes in all.
    fn piece(&mut self, length: usize) -> Option<&'a str> {
        let (piece, rest) = self.texts.split_at_checked(length)?;
        self.texts = rest;
        Some(piece)
    }

    pub(super) fn list<T: Compact>(&mut self) -> Option<Vec<T>> {
        let length = self.length()?;
        self.deeper(|from| {
            let ahead = AHEAD_BYTES_MAX / size_of::<T>().max(1);
            let mut items = Vec::with_capacity(length.min(ahead));
            for _ in 0..length {
                items.push(T::read(from)?);
            }
            Some(items)
        })
    }

    /// The lengths of texts.
    pub(super) fn texts(&mut self) -> Option<Texts> {
        let n = self.length()?;
        let ahead = self.texts;
        let mut end = 0_u32;
        let ends = std::iter::repeat_with(|| {
            end = end.checked_add(u32::try_from(self.whole()?).ok()?)?;
            Some(end)
        });
        let texts = Texts::new(ahead, n, ends.map_while(|end| end))?;
        self.piece(end as usize)?;
        Some(texts)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty() && self.texts.is_empty()
    }
}

impl Compact for u64 {
    fn write(&self, to: &mut Writer) {
        to.whole(*self);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.whole()
    }
}

/// A position or a number of things: never beyond 64 bits.
impl Compact for usize {
    fn write(&self, to: &mut Writer) {
        to.whole(*self as u64);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::try_from(from.whole()?).ok()
    }
}

/// Shorter whole numbers that are never negative.
macro_rules! whole {
    ($($kind:ty),*) => {$(
        impl Compact for $kind {
            fn write(&self, to: &mut Writer) {
                to.whole((*self).into());
            }
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                Self::try_from(from.whole()?).ok()
            }
        }
    )*};
}
whole!(u16, u32);

/// Zigzag, so that small numbers of either sign are short.
impl Compact for i64 {
    fn write(&self, to: &mut Writer) {
        to.whole(((self << 1) ^ (self >> 63)) as u64);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let zigzag = from.whole()?;
        Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }
}

/// Finite numbers, eight bytes, the lowest first.
impl Compact for f64 {
    fn write(&self, to: &mut Writer) {
        to.bytes.extend_from_slice(&self.to_le_bytes());
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self::from_le_bytes(from.array()?)).filter(|number| number.is_finite())
    }
}

impl Compact for bool {
    fn write(&self, to: &mut Writer) {
        to.byte((*self).into());
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Compact for Box<str> {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.text().map(Into::into)
    }
}

#[cfg(not(target_family = "wasm"))]
impl Compact for ShortText {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.text().map(Into::into)
    }
}

impl Compact for Texts {
    fn write(&self, to: &mut Writer) {
        to.whole(self.len() as u64);
        self.iter().for_each(|text| to.whole(text.len() as u64));
        to.texts.push_str(self.joined());
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.texts()
    }
}

impl Compact for String {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.text().map(Into::into)
    }
}

impl<T: Compact> Compact for Box<T> {
    fn write(&self, to: &mut Writer) {
        (**self).write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.deeper(|from| T::read(from).map(Box::new))
    }
}

impl<T: Compact> Compact for Box<[T]> {
    fn write(&self, to: &mut Writer) {
        to.list(self);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.list().map(Into::into)
    }
}

impl<T: Compact> Compact for Vec<T> {
    fn write(&self, to: &mut Writer) {
        to.list(self);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.list()
    }
}

impl<T: Compact> Compact for Option<T> {
    fn write(&self, to: &mut Writer) {
        self.is_some().write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(if bool::read(from)? {
            Some(T::read(from)?)
        } else {
            None
        })
    }
}

/// As it is; who cannot know it meets the unknown.
impl<T: Compact> Compact for Rare<T> {
    fn write(&self, to: &mut Writer) {
        to.rare();
        (**self).write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let known = from.rare()?;
        Some(Self::new(known, T::read(from)?))
    }
}

impl<A: Compact, B: Compact> Compact for (A, B) {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
        self.1.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?))
    }
}

/// Members one after the other. A new member of the type breaks the build here.
macro_rules! record {
    ($name:ident { $($member:ident),* $(,)? }) => {
        impl Compact for $name {
            fn write(&self, to: &mut Writer) {
                let Self { $($member),* } = self;
                $($member.write(to);)*
            }
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                $(let $member = Compact::read(from)?;)*
                Some(Self { $($member),* })
            }
        }
    };
}

/// A byte that tells the cases apart, then what belongs to the case. A new case of the type breaks
/// the build here; the number of a case never changes.
macro_rules! cases {
    ($name:ident { $(
        $tag:literal => $case:ident $(($($item:ident),*))? $({$($member:ident),*})?
    ),* $(,)? }) => {
        impl Compact for $name {
            fn write(&self, to: &mut Writer) {
                match self { $(
                    Self::$case $(($($item),*))? $({$($member),*})? => {
                        to.byte($tag);
                        $($($item.write(to);)*)?
                        $($($member.write(to);)*)?
                    }
                )* }
            }
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                match from.byte()? {
                    $($tag => {
                        $($(let $item = Compact::read(from)?;)*)?
                        $($(let $member = Compact::read(from)?;)*)?
                        Some(Self::$case $(($($item),*))? $({$($member),*})?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use {cases, record};

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    /// Reads bytes in which no attribute has a slot.
    fn open(bytes: &[u8]) -> Option<Reader<'_>> {
        static NONE: Attributes = Attributes::NONE;
        Reader::new(bytes, &NONE)
    }

    /// Reads a value without texts.
    fn read<T: Compact>(bytes: &[u8]) -> Option<T> {
        T::read(&mut open(&[&[0], bytes].concat())?)
    }

    #[track_caller]
    fn check<T: Compact + PartialEq + Debug>(value: T, bytes: &[u8]) {
        check_with_texts(value, &[&[0], bytes].concat());
    }

    #[track_caller]
    fn check_with_texts<T: Compact + PartialEq + Debug>(value: T, bytes: &[u8]) {
        let mut writer = Writer::default();
        value.write(&mut writer);
        assert_eq!(writer.finish(), bytes);
        let mut reader = open(bytes).expect("texts");
        assert_eq!(T::read(&mut reader), Some(value));
        assert!(reader.is_done());
        for end in 0..bytes.len() {
            let shorter = open(&bytes[..end]).and_then(|mut from| T::read(&mut from));
            assert_eq!(shorter, None, "{end}");
        }
        let longer = [bytes, &[0]].concat();
        let mut reader = open(&longer).expect("texts");
        assert!(T::read(&mut reader).is_some());
        assert!(!reader.is_done());
    }

    #[test]
    fn values_read_back_and_nothing_shorter_does() {
        check(127_u32, &[127]);
        check(300_u32, &[0xAC, 2]);
        let most = [0xFF; 9].into_iter().chain([1]).collect::<Vec<u8>>();
        check(u64::MAX, &most);
        check(-1_i64, &[1]);
        check(i64::MIN, &most);
        check(1.5_f64, &[0, 0, 0, 0, 0, 0, 0xF8, 0x3F]);
        check(Some(true), &[1, 1]);
        check(None::<bool>, &[0]);
        let texts: [Box<str>; 2] = ["a".into(), "ü".into()];
        check_with_texts::<Box<[Box<str>]>>(texts.into(), b"\x03a\xC3\xBC\x02\x01\x02");
        check_with_texts(Texts::from(["a", "ü"]), b"\x03a\xC3\xBC\x02\x01\x02");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let none = |bytes: &[u8]| {
            assert_eq!(read::<u64>(bytes), None, "{bytes:?}");
        };
        none(&[0xFF; 9]);
        none(&[[0xFF; 9].as_slice(), &[2]].concat());
        assert_eq!(read::<u16>(&[0xFF, 0xFF, 4]), None);
        assert_eq!(read::<bool>(&[2]), None);
        assert_eq!(read::<f64>(&[0xFF; 8]), None);
        assert_eq!(read::<Box<str>>(&[9]), None);
        let text = |bytes: &[u8]| open(bytes)?.text().map(str::to_owned);
        assert_eq!(text(b"\x02\xC3\xBC\x02").as_deref(), Some("ü"));
        // No text, half a letter, more than there is.
        assert_eq!(text(b"\x01\xC3\x01"), None);
        assert_eq!(text(b"\x02\xC3\xBC\x01"), None);
        assert_eq!(text(b"\x02\xC3\xBC\x03"), None);
    }

    /// Lists inside lists.
    #[derive(Debug, PartialEq)]
    struct Nest(Box<[Nest]>);

    impl Compact for Nest {
        fn write(&self, to: &mut Writer) {
            self.0.write(to);
        }
        fn read(from: &mut Reader<'_>) -> Option<Self> {
            Some(Self(Compact::read(from)?))
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: u32| read::<Nest>(&[vec![1; levels as usize - 1], vec![0]].concat());
        assert!(nested(DEPTH_MAX).is_some());
        assert!(nested(DEPTH_MAX + 1).is_none());
    }
}
