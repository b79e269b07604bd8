//! The methods of other systems: what they hash, and what they take from the hash.

use super::{FLAGSHIP_STEPS, FLAGSMITH_SCALE, Method};
use crate::dialect::hash::{
    crc32, fnv1a_32, md5_32, md5_128, murmur3_32, sha1_28, sha1_60, utf16_units,
};
use crate::dialect::{javascript, python};
use crate::value::{Number, Value};

/// Seed of Unleash's variant hash.
const UNLEASH_VARIANT_SEED: u32 = 86_028_157;

/// See [`Method::unit`].
pub(super) fn unit(method: Method, value: &Value) -> Option<Box<str>> {
    match (method, value) {
        // What counts as false is nobody there, and somebody elsewhere.
        (Method::GrowthBook1 | Method::GrowthBook2, value) => {
            javascript::truth(value).then(|| javascript::text(value).into())
        }
        (Method::Flagsmith, value) => Some(python::text_of(value)?.into()),
        (_, Value::String(text)) => Some((**text).into()),
        // All numbers are doubles there; only whole ones, and no booleans, tell subjects apart.
        (Method::LaunchDarkly, Value::Number(number)) => {
            let double = number.as_f64();
            let is_whole = double.fract() == 0.0;
            is_whole.then(|| Number::Float(double).to_string().into())
        }
        (Method::LaunchDarkly, _) => None,
        (_, Value::Number(number)) => Some(number.to_string().into()),
        (_, Value::Bool(truth)) => Some(truth.to_string().into()),
        (Method::ConfigCat, Value::List(_)) => Some(value.to_string().into()),
        (_, Value::Null | Value::List(_) | Value::Object(_)) => None,
    }
}

/// See [`Method::draw`]; the scale is at least 1.
pub(super) fn draw(method: Method, salt: &str, unit: &str, scale: u64) -> u64 {
    let both = || [salt, unit].concat();
    match method {
        Method::Xxh3 => 0,
        Method::Eppo => md5_32(&[salt, "-", unit].concat()) % scale,
        Method::GrowthBook1 => u64::from(fnv1a_32(utf16_units(&[unit, salt].concat()))) % 1_000,
        Method::GrowthBook2 => {
            let first = fnv1a_32(utf16_units(&both())).to_string();
            u64::from(fnv1a_32(utf16_units(&first))) % 10_000
        }
        Method::Unleash => murmur(&[salt, ":", unit].concat(), 0) % 100,
        Method::UnleashVariant => murmur(&[salt, ":", unit].concat(), UNLEASH_VARIANT_SEED) % scale,
        Method::LaunchDarkly | Method::PostHog => sha1_60(&[salt, ".", unit].concat()),
        Method::PostHogVariant => sha1_60(&[salt, ".", unit, "variant"].concat()),
        Method::PostHogHoldout => sha1_60(&[salt, "-", unit].concat()),
        Method::ConfigCat => sha1_28(&both()) % 100,
        Method::Flagsmith => flagsmith(salt, unit),
        Method::FliptVariant => u64::from(crc32(both().as_bytes())) % 1_000,
        Method::FliptThreshold => u64::from(crc32([unit, salt].concat().as_bytes())) % 100,
        // A seed may be negative there; its bits are the same.
        Method::Split => murmur(unit, salt.parse::<i64>().unwrap_or(0) as u32) % 100,
        Method::Flagship => {
            let hash = murmur(unit, murmur3_32(salt.as_bytes(), 0) % 100);
            hash % 100 * FLAGSHIP_STEPS + hash / 100
        }
        Method::GoFeatureFlag => u64::from(fnv1a_32(both().bytes().map(u32::from))) % scale,
    }
}

fn murmur(text: &str, seed: u32) -> u64 {
    u64::from(murmur3_32(text.as_bytes(), seed))
}

/// The pair is hashed once, and once more often as long as the number is the one that would make
/// exactly 100 percent.
fn flagsmith(salt: &str, unit: &str) -> u64 {
    let pair = [salt, ",", unit].concat();
    let mut text = pair.clone();
    // One in 9,999 repeats: a hundred times in a row has never been seen, and would end here.
    for _ in 0..100 {
        let number = (md5_128(&text) % 9_999) as u64;
        if number < FLAGSMITH_SCALE {
            return number;
        }
        text.push(',');
        text.push_str(&pair);
    }
    0
}
