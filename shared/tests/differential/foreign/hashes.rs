//! How systems draw a number from a salt and a unit.

use super::flagsmith::Typed;
use super::read::{js_json, js_text, js_truth, scalar_text};
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};
use sha1::Sha1;

/// Kinds of bucketing.
pub(crate) const KINDS: [&str; 16] = [
    "eppo",
    "growthbook/1",
    "growthbook/2",
    "unleash",
    "unleash/variant",
    "launchdarkly",
    "configcat",
    "flagsmith",
    "flipt/variant",
    "flipt/threshold",
    "posthog",
    "posthog/variant",
    "posthog/holdout",
    "split",
    "flagship",
    "goff",
];

/// Flagship's hundreds of 32 bits.
const STEPS: u64 = 42_949_673;

/// How many numbers there are; those of kinds that leave it open are from the test alone.
pub(crate) fn scale_of(kind: &str) -> u64 {
    match kind {
        "growthbook/1" | "flipt/variant" => 1_000,
        "growthbook/2" | "eppo" => 10_000,
        "unleash" | "configcat" | "flipt/threshold" | "split" => 100,
        "unleash/variant" => 7,
        "goff" => 100_000,
        "flagsmith" => 9_998,
        "flagship" => 100 * STEPS,
        _ => 1 << 60,
    }
}

/// The text that is hashed; nothing where the value tells nobody apart.
pub(crate) fn unit(kind: &str, value: &Json) -> Option<String> {
    match kind {
        "growthbook/1" | "growthbook/2" => js_truth(value).then(|| js_text(value)),
        "flagsmith" => match value {
            // Only conditions look for numbers in texts.
            Json::String(text) => Some(text.clone()),
            other => Typed::of(other).map(|typed| typed.text()),
        },
        "launchdarkly" => match value {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => {
                let is_whole = number.as_f64().unwrap().fract() == 0.0;
                is_whole.then(|| js_text(&json!(number.as_f64().unwrap() as i64)))
            }
            _ => None,
        },
        "configcat" if value.is_array() => Some(js_json(value)),
        _ => scalar_text(value),
    }
}

/// The number for a unit.
pub(crate) fn draw(kind: &str, salt: &str, unit: &str, scale: u64) -> u64 {
    let sha1 = |text: String, digits: usize| {
        let digest = Sha1::digest(text);
        let start = u64::from_be_bytes(digest[..8].try_into().unwrap());
        start >> (64 - 4 * digits)
    };
    let md5 = |text: &str| u128::from_be_bytes(Md5::digest(text).into());
    match kind {
        "eppo" => (md5(&format!("{salt}-{unit}")) >> 96) as u64 % scale,
        "growthbook/1" => fnv1a(format!("{unit}{salt}").encode_utf16()) % 1_000,
        "growthbook/2" => {
            let first = fnv1a(format!("{salt}{unit}").encode_utf16());
            fnv1a(first.to_string().encode_utf16()) % 10_000
        }
        "unleash" => murmur3(&format!("{salt}:{unit}"), 0) % 100,
        "unleash/variant" => murmur3(&format!("{salt}:{unit}"), 86_028_157) % scale,
        "launchdarkly" | "posthog" => sha1(format!("{salt}.{unit}"), 15),
        "posthog/variant" => sha1(format!("{salt}.{unit}variant"), 15),
        "posthog/holdout" => sha1(format!("{salt}-{unit}"), 15),
        "configcat" => sha1(format!("{salt}{unit}"), 7) % 100,
        "flagsmith" => {
            let pair = format!("{salt},{unit}");
            let mut text = pair.clone();
            loop {
                let number = (md5(&text) % 9_999) as u64;
                if number < 9_998 {
                    return number;
                }
                text = format!("{text},{pair}");
            }
        }
        "flipt/variant" => crc32(&format!("{salt}{unit}")) % 1_000,
        "flipt/threshold" => crc32(&format!("{unit}{salt}")) % 100,
        "split" => murmur3(unit, salt.parse::<i32>().unwrap() as u32) % 100,
        // Ranges begin and end at whole hundredths here.
        "flagship" => murmur3(unit, (murmur3(salt, 0) % 100) as u32) % 100 * STEPS,
        "goff" => fnv1a(format!("{salt}{unit}").bytes().map(u16::from)) % scale,
        other => panic!("a kind that is not generated: {other}"),
    }
}

fn fnv1a(units: impl Iterator<Item = u16>) -> u64 {
    let mut hash: u32 = 0x811c_9dc5;
    for unit in units {
        hash ^= u32::from(unit);
        hash = hash.wrapping_mul(0x0100_0193);
    }
    hash.into()
}

fn crc32(text: &str) -> u64 {
    let mut crc = !0_u32;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            let is_odd = crc & 1 == 1;
            crc >>= 1;
            if is_odd {
                crc ^= 0xedb8_8320;
            }
        }
    }
    (!crc).into()
}

/// `MurmurHash3_x86_32`.
pub(super) fn murmur3_of(bytes: &[u8], seed: u32) -> u64 {
    let mut hash = seed;
    for block in bytes.chunks(4) {
        let mut word: u32 = 0;
        for (place, byte) in block.iter().enumerate() {
            word |= u32::from(*byte) << (8 * place);
        }
        word = word.wrapping_mul(0xcc9e_2d51);
        word = word.rotate_left(15);
        word = word.wrapping_mul(0x1b87_3593);
        hash ^= word;
        if block.len() == 4 {
            hash = hash.rotate_left(13);
            hash = hash.wrapping_mul(5).wrapping_add(0xe654_6b64);
        }
    }
    hash ^= bytes.len() as u32;
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^= hash >> 16;
    hash.into()
}

fn murmur3(text: &str, seed: u32) -> u64 {
    murmur3_of(text.as_bytes(), seed)
}
