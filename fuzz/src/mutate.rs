//! Changes of JSON that stay JSON: parts are replaced, moved, doubled and taken away.

use crate::Shape;
use serde_json::{Map, Number, Value as Json, json};

/// Texts at which parsers stumble.
const TEXTS: [&str; 36] = [
    "",
    " ",
    "a",
    "é",
    "\u{0}",
    "\u{1F3F3}",
    "true",
    "null",
    "NaN",
    "-0",
    "0x10",
    "1e400",
    "007",
    "9007199254740993",
    "1.2.3-beta+5",
    "1.2",
    "v1",
    "^1.2",
    ">= 1.0",
    "2026-01-01T00:00:00Z",
    "2026-01-01",
    "1700000000000",
    "10.0.0.0/8",
    "::1/200",
    "(a+)+$",
    "(?i)[",
    "(?=a)",
    "*",
    "%",
    "$ref",
    "targetingKey",
    "kind",
    "multi",
    "~1",
    "a.b",
    "$receipt",
];

/// splitmix64: what is to be done comes from the seed alone.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where there is none.
    fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }

    fn of<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        items.get(self.below(items.len()))
    }
}

/// Changes the bytes of a target in place, and says how many they are then.
#[must_use]
pub fn mutate(shape: Shape, data: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    let mut dice = Dice(seed.into());
    let kept = data.get(..size).unwrap_or_default();
    if shape == Shape::Json
        && dice.below(8) != 0
        && let Ok(mut json) = serde_json::from_slice::<Json>(kept)
    {
        let words = words(&json);
        for _ in 0..=dice.below(3) {
            change(&mut json, &words, &mut dice);
        }
        let text = json.to_string().into_bytes();
        if text.len() <= size_max
            && let Some(place) = data.get_mut(..text.len())
        {
            place.copy_from_slice(&text);
            return text.len();
        }
    }
    libfuzzer_sys::fuzzer_mutate(data, size, size_max)
}

/// Changes one part, whichever.
fn change(json: &mut Json, words: &[String], dice: &mut Dice) {
    let n = n_parts(json);
    let donor = part(json, &mut dice.below(n)).cloned().unwrap_or_default();
    let Some(place) = part(json, &mut dice.below(n)) else {
        return;
    };
    match (dice.below(4), &mut *place) {
        (0, _) => *place = donor,
        (1, _) => *place = odd(words, dice),
        (_, Json::Array(items)) => change_list(items, donor, dice),
        (_, Json::Object(members)) => change_object(members, donor, words, dice),
        (_, Json::Number(number)) => *place = other_number(number, dice),
        (_, Json::String(text)) => *text = other_text(text, words, dice),
        (_, Json::Bool(truth)) => *truth = !*truth,
        (_, Json::Null) => *place = donor,
    }
}

fn change_list(items: &mut Vec<Json>, donor: Json, dice: &mut Dice) {
    let at = dice.below(items.len());
    let other = dice.below(items.len());
    match (dice.below(4), items.get(at).cloned()) {
        (0, Some(item)) => items.push(item),
        (1, Some(_)) => drop(items.remove(at)),
        (2, Some(_)) => items.swap(at, other),
        _ => items.insert(at, donor),
    }
}

fn change_object(members: &mut Map<String, Json>, donor: Json, words: &[String], dice: &mut Dice) {
    let names: Vec<String> = members.keys().cloned().collect();
    let name = dice.of(&names).cloned();
    let word = dice.of(words).cloned().unwrap_or_default();
    match (dice.below(3), name) {
        (0, Some(name)) => drop(members.remove(&name)),
        (1, Some(name)) => {
            let value = members.remove(&name).unwrap_or_default();
            members.insert(word, value);
        }
        _ => drop(members.insert(word, donor)),
    }
}

fn odd(words: &[String], dice: &mut Dice) -> Json {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(0.1),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([]),
        json!({}),
        json!([[]]),
    ];
    match dice.below(3) {
        0 => dice.of(&odd).cloned().unwrap_or_default(),
        1 => json!(dice.of(&TEXTS).copied().unwrap_or_default()),
        _ => json!(dice.of(words)),
    }
}

fn other_number(number: &Number, dice: &mut Dice) -> Json {
    let n = number.as_f64().unwrap_or_default();
    match dice.below(7) {
        0 => json!(n + 1.0),
        1 => json!(n - 1.0),
        2 => json!(-n),
        3 => json!(n * 10.0),
        4 => json!(n / 3.0),
        5 => json!(number.to_string()),
        _ => json!((n as i64).wrapping_add(dice.roll() as i64 % 256)),
    }
}

fn other_text(text: &str, words: &[String], dice: &mut Dice) -> String {
    let odd = dice.of(&TEXTS).copied().unwrap_or_default();
    let mut characters: Vec<char> = text.chars().collect();
    let at = dice.below(characters.len());
    match dice.below(6) {
        0 => format!("{text}{odd}"),
        1 => format!("{odd}{text}"),
        2 => dice.of(words).cloned().unwrap_or_default(),
        3 if !characters.is_empty() => {
            characters.remove(at);
            characters.into_iter().collect()
        }
        4 => text.to_uppercase(),
        _ => {
            let character = char::from((dice.roll() % 128) as u8);
            characters.insert(at, character);
            characters.into_iter().collect()
        }
    }
}

/// Every text of the document, names of members among them.
fn words(json: &Json) -> Vec<String> {
    match json {
        Json::String(text) => vec![text.clone()],
        Json::Array(items) => items.iter().flat_map(words).collect(),
        Json::Object(members) => {
            let inside = members.values().flat_map(words);
            members.keys().cloned().chain(inside).collect()
        }
        _ => Vec::new(),
    }
}

fn n_parts(json: &Json) -> usize {
    let inside: usize = match json {
        Json::Array(items) => items.iter().map(n_parts).sum(),
        Json::Object(members) => members.values().map(n_parts).sum(),
        _ => 0,
    };
    1 + inside
}

/// The part with that number, counted from the outside.
fn part<'j>(json: &'j mut Json, number: &mut usize) -> Option<&'j mut Json> {
    if *number == 0 {
        return Some(json);
    }
    *number -= 1;
    match json {
        Json::Array(items) => items.iter_mut().find_map(|item| part(item, number)),
        Json::Object(members) => members.values_mut().find_map(|item| part(item, number)),
        _ => None,
    }
}
