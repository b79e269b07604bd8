//! The operator `fractional`: a bucketing value, and variants with their shares.

use super::cbor;
use crate::dialect::hash::murmur3_32;
use crate::value::Value;

/// Which of flagd's ways from a bucketing value to a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// The first: the hash's absolute value as a percentage of the largest.
    Percentage,
    /// The second: the hash multiplied by all shares, the upper half.
    Integer,
    /// The third: the same of the value's deterministic CBOR.
    Cbor,
}

/// Who is bucketed where the operands do not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'s> {
    pub(super) flag_key: &'s str,
    pub(super) targeting_key: Option<&'s str>,
}

/// All shares of one operator together.
const SHARES_MAX: f64 = i32::MAX as f64;

/// The variant that the operands choose; null where they cannot.
///
/// # Formula
/// First: `|int32(h)| / (2^31 - 1) * 100`, the first variant whose cumulative percentage is
/// greater. Second and third: `h * W >> 32` in integers, the first whose cumulative share is
/// greater; `h` is `MurmurHash3_x86_32` with seed 0 and `W` the sum of all shares.
/// # Source
/// flagd, custom operations, `fractional`, and its decision on consistent hashing. DIFFERENCE: a
/// negative share counts as none, as the published cases have it.
pub(super) fn choose(hash: Hash, operands: &[Value], subject: Subject<'_>) -> Value {
    let chosen = match operands {
        [Value::List(_), ..] => implicit(hash, subject).and_then(|h| share_of(hash, h, operands)),
        [value, shares @ ..] => explicit(hash, value).and_then(|h| share_of(hash, h, shares)),
        [] => None,
    };
    chosen.unwrap_or(Value::Null)
}

fn implicit(hash: Hash, subject: Subject<'_>) -> Option<u32> {
    let key = subject.targeting_key?;
    let bytes = match hash {
        Hash::Percentage | Hash::Integer => [subject.flag_key, key].concat().into_bytes(),
        Hash::Cbor => {
            let mut bytes = Vec::new();
            cbor::encode_list(&[subject.flag_key.into(), key.into()], &mut bytes);
            bytes
        }
    };
    Some(murmur3_32(&bytes, 0))
}

fn explicit(hash: Hash, value: &Value) -> Option<u32> {
    match (hash, value) {
        (_, Value::Null) => None,
        (Hash::Cbor, value) => {
            let mut bytes = Vec::new();
            cbor::encode(value, &mut bytes);
            Some(murmur3_32(&bytes, 0))
        }
        (_, Value::String(text)) => Some(murmur3_32(text.as_bytes(), 0)),
        _ => None,
    }
}

fn share_of(hash: Hash, h: u32, operands: &[Value]) -> Option<Value> {
    let shares: Option<Vec<(&Value, f64)>> = operands
        .iter()
        .map(|operand| share(hash, operand))
        .collect();
    let shares = shares?;
    let total: f64 = shares.iter().map(|(_, share)| share).sum();
    if total <= 0.0 || total > SHARES_MAX {
        return None;
    }
    let point = match hash {
        Hash::Percentage => f64::from((h as i32).unsigned_abs()) / SHARES_MAX * 100.0,
        // Below 2^31, so exact as a double too.
        Hash::Integer | Hash::Cbor => ((u64::from(h) * total as u64) >> 32) as f64,
    };
    let mut reached = 0.0;
    let found = shares.iter().find(|(_, share)| {
        reached += match hash {
            Hash::Percentage => 100.0 * share / total,
            Hash::Integer | Hash::Cbor => *share,
        };
        point < reached
    });
    found.map(|(variant, _)| (*variant).clone())
}

/// A variant and its share, one where it names none; whole shares are demanded since the second.
fn share(hash: Hash, operand: &Value) -> Option<(&Value, f64)> {
    let Value::List(items) = operand else {
        return None;
    };
    let variant = items
        .first()
        .filter(|variant| !matches!(variant, Value::List(_) | Value::Object(_)))?;
    let share = match items.get(1) {
        None | Some(Value::Null) => 1.0,
        Some(Value::Number(number)) => number.as_f64(),
        Some(_) => return None,
    };
    let is_allowed = hash == Hash::Percentage || share.fract().abs() <= 0.0;
    is_allowed.then_some((variant, share.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: Subject<'_> = Subject {
        flag_key: "color",
        targeting_key: Some("ana"),
    };

    #[track_caller]
    fn check(hash: Hash, operands: &str, expected: &str) {
        let operands = crate::wire::read::<Vec<Value>>(operands).unwrap().value;
        assert_eq!(choose(hash, &operands, ANA).to_string(), expected);
    }

    const SHARES: &str = r#"["red", 30], ["green", 30], ["blue", 40]"#;

    /// Worked out from the published algorithms with an independent program.
    #[test]
    fn shares_as_published() {
        for (value, first, second, third) in GOLDEN {
            let operands = match value {
                "" => format!("[{SHARES}]"),
                value => format!("[{value}, {SHARES}]"),
            };
            check(Hash::Percentage, &operands, first);
            check(Hash::Integer, &operands, second);
            check(Hash::Cbor, &operands, third);
        }
    }

    const GOLDEN: [(&str, &str, &str, &str); 12] = [
        ("", "\"red\"", "\"red\"", "\"green\""),
        (r#""ana""#, "\"red\"", "\"blue\"", "\"blue\""),
        (r#""aña""#, "\"blue\"", "\"green\"", "\"blue\""),
        (r#""x""#, "\"green\"", "\"red\"", "\"red\""),
        (r#""😀""#, "\"green\"", "\"blue\"", "\"red\""),
        ("1", "null", "null", "\"blue\""),
        ("2.5", "null", "null", "\"green\""),
        ("-7", "null", "null", "\"red\""),
        ("1e300", "null", "null", "\"blue\""),
        ("true", "null", "null", "\"red\""),
        (r#"{"b":1,"a":[1,{"c":null}]}"#, "null", "null", "\"blue\""),
        ("{}", "null", "null", "\"red\""),
    ];

    #[test]
    fn what_cannot_be_bucketed_is_null() {
        let all = [Hash::Percentage, Hash::Integer, Hash::Cbor];
        for hash in all {
            check(hash, "[]", "null");
            check(hash, r#"[null, ["red"]]"#, "null");
            check(hash, r#"["x"]"#, "null");
            check(hash, r#"["x", "red"]"#, "null");
            check(hash, r#"["x", []]"#, "null");
            check(hash, r#"["x", [["red"], 1]]"#, "null");
            check(hash, r#"["x", ["red", "1"]]"#, "null");
            check(hash, r#"["x", ["red", 0], ["blue", 0]]"#, "null");
            check(hash, r#"["x", ["red", -5], ["blue", 1]]"#, "\"blue\"");
            check(hash, r#"["x", ["red", 2147483648]]"#, "null");
            check(hash, r#"["x", ["red", 2147483647]]"#, "\"red\"");
            check(hash, r#"["x", [true, null]]"#, "true");
            check(hash, r#"["x", [null]]"#, "null");
        }
        check(Hash::Percentage, r#"[7, ["red"]]"#, "null");
        check(Hash::Integer, r#"[true, ["red"]]"#, "null");
        check(Hash::Cbor, r#"[7, ["red"]]"#, "\"red\"");
        check(Hash::Percentage, r#"["x", ["red", 0.5]]"#, "\"red\"");
        check(Hash::Integer, r#"["x", ["red", 0.5]]"#, "null");
        let nobody = Subject {
            targeting_key: None,
            ..ANA
        };
        let red = [Value::List([Value::from("red")].into())];
        for hash in all {
            assert_eq!(choose(hash, &red, nobody), Value::Null);
        }
    }

    /// Hashes at both ends of the 32 bits: the first way has no share for the largest.
    #[test]
    fn the_ends_of_the_hash_belong_to_the_ends_of_the_shares() {
        let halves = [("a", 1), ("b", 1)]
            .map(|(name, share)| Value::List([name.into(), Value::from(share)].into()));
        let check = |hash, h, expected: Option<&str>| {
            assert_eq!(share_of(hash, h, &halves), expected.map(Value::from), "{h}");
        };
        for hash in [Hash::Integer, Hash::Cbor] {
            check(hash, 0, Some("a"));
            check(hash, 0x7fff_ffff, Some("a"));
            check(hash, 0x8000_0000, Some("b"));
            check(hash, u32::MAX, Some("b"));
        }
        check(Hash::Percentage, 0, Some("a"));
        check(Hash::Percentage, u32::MAX, Some("a"));
        check(Hash::Percentage, 0x7fff_fffe, Some("b"));
        check(Hash::Percentage, 0x7fff_ffff, None);
        check(Hash::Percentage, 0x8000_0000, None);
    }
}
