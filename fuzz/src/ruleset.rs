//! Rulesets as they are written, published and read.

use crate::ask::{self, Questions};
use bandera_shared::compact::encode;
use bandera_shared::wire::read_context;
use bandera_shared::{Bundle, Compiled, Ruleset, compile, publish, redact};
use serde_json::value::RawValue;
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64;

/// A document, perhaps in a list with contexts and a time.
pub(crate) fn document(data: &[u8]) {
    let parts: Vec<&RawValue> = serde_json::from_slice(data).unwrap_or_default();
    let document = parts.first().map_or(data, |first| first.get().as_bytes());
    let Ok(Compiled { ruleset, .. }) = compile(document) else {
        return;
    };
    Questions::of(&parts).ask(&ruleset);
    if let Ok(redacted) = redact(document) {
        let read = compile(&redacted).expect("what browsers get is a ruleset");
        ask::whatever_answers(&read.ruleset);
    }
    let Ok(first) = publish(None, document) else {
        return;
    };
    let second = publish(Some(&first.bytes), &first.bytes).expect("what is published");
    assert_eq!(first.hash, second.hash, "publishing again changes nothing");
    let bundle = Bundle::open(first.bundle).expect("a bundle");
    let edge = Ruleset::from_compact(bundle.sections().edge).expect("the edge's part");
    assert_eq!(edge.len(), first.compiled.ruleset.len());
}

/// Compact forms in which some bytes are others, with a checksum that fits.
pub(crate) fn compact(data: &[u8]) {
    let Some((which, changes)) = data.split_first() else {
        return;
    };
    if *which == 0 {
        let _ = Ruleset::from_compact(changes).map(|read| ask::whatever_answers(&read));
        return;
    }
    let images = images();
    let Some(image) = images.get(usize::from(*which) % images.len()) else {
        return;
    };
    let mut image = image.clone();
    for change in changes.chunks_exact(3) {
        let [high, low, byte] = *change else { continue };
        let at = usize::from(u16::from_be_bytes([high, low])) % image.len();
        if let Some(place) = image.get_mut(at) {
            *place = byte;
        }
    }
    let sum = image.get(24..).map(xxh3_64).unwrap_or_default();
    if let Some(place) = image.get_mut(16..24) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    if let Ok(read) = Ruleset::from_compact(image) {
        ask::whatever_answers(&read);
    }
}

/// Compact forms of our own rulesets, and of some that were taken over.
fn images() -> &'static [Vec<u8>] {
    static IMAGES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let own: [&[u8]; 2] = [
            include_bytes!("../../www/demo/ruleset.json"),
            include_bytes!("../corpus/ruleset/everything.json"),
        ];
        let documents = own.into_iter().map(<[u8]>::to_vec);
        let documents = documents.chain(crate::import::documents());
        let images = documents.map(|document| {
            let compiled = compile(&document).expect("a ruleset");
            encode(&compiled.ruleset)
        });
        images.collect()
    })
}

/// What lies in KV.
pub(crate) fn bundle(data: &[u8]) {
    let Ok(bundle) = Bundle::open(data) else {
        return;
    };
    let sections = bundle.sections();
    let all = sections.edge.len() + sections.client.len() + sections.client_document.len();
    assert!(all <= data.len());
    for part in [sections.edge, sections.client] {
        if let Ok(read) = Ruleset::from_compact(part) {
            ask::whatever_answers(&read);
        }
    }
    assert_eq!(bundle.into_bytes(), data);
}

/// A context, asked of every operator of ours.
pub(crate) fn context(data: &[u8]) {
    static EVERYTHING: OnceLock<Ruleset> = OnceLock::new();
    let ruleset = EVERYTHING.get_or_init(|| {
        let document = include_bytes!("../corpus/ruleset/everything.json");
        compile(document).expect("a ruleset").ruleset
    });
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if read_context(text).is_ok() {
        let part: Result<&RawValue, _> = serde_json::from_str(text);
        Questions::of(&[part.expect("a context is JSON")]).ask(ruleset);
    }
}
