//! Deterministic CBOR of a value: the bytes that the third `fractional` hashes.

use crate::sorted::sort_by;
use crate::value::{Number, Value};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;

/// 2^64, the first double above every integer that can be written.
const ABOVE_INTEGERS: f64 = 18_446_744_073_709_551_616.0;

/// -2^63, the smallest.
const SMALLEST_INTEGER: f64 = -9_223_372_036_854_775_808.0;

/// Appends the value's bytes: shortest numbers, whole numbers as integers, members by their bytes.
///
/// # Source
/// RFC 8949, 4.2.1 core deterministic encoding; flagd's decision on consistent hashing: whole
/// numbers from -2^63 to 2^64 - 1 are integers, both zeros are the integer 0.
pub(super) fn encode(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(first(SIMPLE, 22)),
        Value::Bool(truth) => bytes.push(first(SIMPLE, 20 + u8::from(*truth))),
        Value::Number(number) => encode_number(*number, bytes),
        Value::String(text) => encode_text(text, bytes),
        Value::List(items) => encode_list(items, bytes),
        Value::Object(members) => encode_members(members, bytes),
    }
}

/// Appends a list of these.
pub(super) fn encode_list(items: &[Value], bytes: &mut Vec<u8>) {
    head(LIST, items.len() as u64, bytes);
    for item in items {
        encode(item, bytes);
    }
}

fn encode_text(text: &str, bytes: &mut Vec<u8>) {
    head(TEXT, text.len() as u64, bytes);
    bytes.extend_from_slice(text.as_bytes());
}

fn encode_members(members: &[(Box<str>, Value)], bytes: &mut Vec<u8>) {
    let mut encoded: Vec<(Vec<u8>, &Value)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        let mut key = Vec::new();
        encode_text(name, &mut key);
        // Of repeated names the last one counts.
        match encoded.iter_mut().find(|(other, _)| *other == key) {
            Some(earlier) => earlier.1 = value,
            None => encoded.push((key, value)),
        }
    }
    sort_by(&mut encoded, |(a, _), (b, _)| a.cmp(b));
    head(MAP, encoded.len() as u64, bytes);
    for (key, value) in encoded {
        bytes.extend_from_slice(&key);
        encode(value, bytes);
    }
}

fn encode_number(number: Number, bytes: &mut Vec<u8>) {
    match number {
        Number::Integer(integer) => encode_integer(integer, bytes),
        Number::Unsigned(integer) => head(UNSIGNED, integer, bytes),
        Number::Float(float) if float.fract().abs() > 0.0 => encode_float(float, bytes),
        Number::Float(float) if (0.0..ABOVE_INTEGERS).contains(&float) => {
            head(UNSIGNED, float as u64, bytes);
        }
        Number::Float(float) if (SMALLEST_INTEGER..0.0).contains(&float) => {
            encode_integer(float as i64, bytes);
        }
        Number::Float(float) => encode_float(float, bytes),
    }
}

fn encode_integer(integer: i64, bytes: &mut Vec<u8>) {
    match u64::try_from(integer) {
        Ok(unsigned) => head(UNSIGNED, unsigned, bytes),
        // -1 - n is the complement of n.
        Err(_) => head(NEGATIVE, !(integer as u64), bytes),
    }
}

/// The shortest of the three sizes that keeps the value.
fn encode_float(float: f64, bytes: &mut Vec<u8>) {
    let single = float as f32;
    if f64::from(single).total_cmp(&float).is_ne() {
        bytes.push(first(SIMPLE, 27));
        bytes.extend_from_slice(&float.to_bits().to_be_bytes());
    } else if let Some(half) = half(single) {
        bytes.push(first(SIMPLE, 25));
        bytes.extend_from_slice(&half.to_be_bytes());
    } else {
        bytes.push(first(SIMPLE, 26));
        bytes.extend_from_slice(&single.to_bits().to_be_bytes());
    }
}

/// The bits of the same number in half precision, where it has one.
///
/// # Source
/// IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits, exponents from -14 to 15,
/// subnormals in steps of 2^-24.
fn half(single: f32) -> Option<u16> {
    let bits = single.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let exponent = ((bits >> 23) & 0xff) as i32 - 127;
    let fraction = bits & 0x007f_ffff;
    match exponent {
        -14..=15 if fraction.trailing_zeros() >= 13 => {
            let biased = ((exponent + 15) as u16) << 10;
            Some(sign | biased | (fraction >> 13) as u16)
        }
        -24..=-15 => {
            let whole = fraction | 0x0080_0000;
            // The last bit of a subnormal stands for 2^-24, that of `whole` for 2^(exponent - 23).
            let shift = -exponent - 1;
            (whole.trailing_zeros() as i32 >= shift).then(|| sign | (whole >> shift) as u16)
        }
        _ => None,
    }
}

/// The first byte of an item: three bits of its major type, five of more.
fn first(major: u8, more: u8) -> u8 {
    (major << 5) + more
}

/// The first bytes of an item: what it is, and how long or how large, as short as possible.
fn head(major: u8, argument: u64, bytes: &mut Vec<u8>) {
    match argument {
        0..=23 => bytes.push(first(major, argument as u8)),
        24..=0xff => bytes.extend_from_slice(&[first(major, 24), argument as u8]),
        0x100..=0xffff => {
            bytes.push(first(major, 25));
            bytes.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            bytes.push(first(major, 26));
            bytes.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            bytes.push(first(major, 27));
            bytes.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let value = crate::wire::read_value(json).unwrap();
        let mut bytes = Vec::new();
        encode(&value, &mut bytes);
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        assert_eq!(hex, expected, "{json}");
    }

    /// From RFC 8949, appendix A, whole floats as integers.
    #[test]
    fn as_published() {
        check("0", "00");
        check("23", "17");
        check("24", "1818");
        check("1000", "1903e8");
        check("1000000", "1a000f4240");
        check("1000000000000", "1b000000e8d4a51000");
        check("18446744073709551615", "1bffffffffffffffff");
        check("-1", "20");
        check("-1000", "3903e7");
        check("-9223372036854775808", "3b7fffffffffffffff");
        check("1.1", "fb3ff199999999999a");
        check("1.5", "f93e00");
        check("3.4028234663852886e38", "fa7f7fffff");
        check("1.0e300", "fb7e37e43c8800759c");
        check("5.960464477539063e-8", "f90001");
        check("0.00006103515625", "f90400");
        check("-4.1", "fbc010666666666666");
        check("false", "f4");
        check("null", "f6");
        check("\"\"", "60");
        check("\"\u{fc}\"", "62c3bc");
        check("[1,[2,3],[4,5]]", "8301820203820405");
        check("[]", "80");
    }

    #[test]
    fn whole_floats_are_integers_as_far_as_they_go() {
        check("0.0", "00");
        check("-0.0", "00");
        check("-2.0", "21");
        check("65504.0", "19ffe0");
        check("9223372036854775808.0", "1b8000000000000000");
        check("-9223372036854775808.0", "3b7fffffffffffffff");
        check("18446744073709551616.0", "fa5f800000");
        check("1e20", "fb4415af1d78b58c40");
        check("3.5e38", "fb47f074f8c4d3cd7b");
    }

    #[test]
    fn members_are_sorted_by_their_bytes() {
        check(r#"{"b":2,"a":1}"#, "a2616101616202");
        check(r#"{"aaa":1,"ÿ":2}"#, "a262c3bf026361616101");
        check(r#"{"a":1,"a":2}"#, "a1616102");
        check("{}", "a0");
    }
}
