//! Signed texts: only ours are believed, and there is one text for each content.

use bandera_shared::UnixMillis;
use bandera_shared::exposed::Exposed;
use bandera_shared::keys::{KeyRing, Purpose, PurposeKeys};
use bandera_shared::preview::Preview;
use bandera_shared::receipt::Receipt;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::subject::{SubjectHash, SubjectKey};
use bandera_shared::subject_proof::SubjectProofKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A secret that everybody knows.
pub(crate) const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const SUBJECT: SubjectHash = SubjectHash::from_bytes([7; 16]);
const ENVIRONMENT: &str = "demo";

pub(crate) fn keys_for(purpose: Purpose) -> PurposeKeys {
    let ring = KeyRing::parse(&format!("1:{SECRET}")).expect("a ring of one key");
    ring.derive(purpose)
}

/// The body, signed as ours: what a signature alone would let in.
fn sealed(keys: &PurposeKeys, binding: &[u8], body: &[u8]) -> String {
    let (id, tag) = keys.sign(&[&[1], binding, body]);
    URL_SAFE_NO_PAD.encode([&[1, id], body, &tag].concat())
}

/// The bytes as a token, and again as the body of one that is signed: what is believed is written
/// as it was read.
fn check(
    data: &[u8],
    purpose: Purpose,
    binding: &[u8],
    again: impl Fn(&str, &PurposeKeys) -> Option<String>,
) {
    let keys = keys_for(purpose);
    let token = sealed(&keys, binding, data);
    if let Some(written) = again(&token, &keys) {
        assert_eq!(written, token);
        // Any other text of the same length is refused.
        for at in [0, 1, token.len() / 2, token.len() - 1] {
            let mut other = token.clone().into_bytes();
            if let Some(byte) = other.get_mut(at) {
                *byte = if *byte == b'A' { b'B' } else { b'A' };
            }
            let other = String::from_utf8(other).expect("base64 is ASCII");
            assert_eq!(again(&other, &keys), None);
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(written) = again(text, &keys)
    {
        assert_eq!(written, text);
    }
}

pub(crate) fn receipt(data: &[u8]) {
    check(data, Purpose::Receipt, &[], |token, keys| {
        let receipt = Receipt::from_token(token, keys).ok()?;
        Some(
            receipt
                .to_token(keys)
                .expect("a receipt that was read fits"),
        )
    });
}

pub(crate) fn sticky(data: &[u8]) {
    check(data, Purpose::Sticky, SUBJECT.as_bytes(), |token, keys| {
        let sticky = StickyDecisions::from_token(token, keys, &SUBJECT).ok()?;
        Some(sticky.to_token(keys, &SUBJECT))
    });
}

pub(crate) fn exposed(data: &[u8]) {
    check(data, Purpose::Exposed, SUBJECT.as_bytes(), |token, keys| {
        let exposed = Exposed::from_token(token, keys, SUBJECT.as_bytes()).ok()?;
        Some(exposed.to_token(keys, SUBJECT.as_bytes()))
    });
}

pub(crate) fn preview(data: &[u8]) {
    let at = UnixMillis(0);
    check(
        data,
        Purpose::Preview,
        ENVIRONMENT.as_bytes(),
        |token, keys| {
            let preview = Preview::from_token(token, keys, ENVIRONMENT, at).ok()?;
            Some(
                preview
                    .to_token(keys, ENVIRONMENT)
                    .expect("a preview that was read fits"),
            )
        },
    );
}

/// A subject, a line's end, and a proof: as it comes, and a true one with some bytes changed.
pub(crate) fn subject_proof(data: &[u8]) {
    let key = SubjectProofKey::parse(SECRET).expect("a secret");
    let text = String::from_utf8_lossy(data);
    let (subject, proof) = text.split_once('\n').unwrap_or((&text, ""));
    let at = UnixMillis(1_700_000_000_000);
    let ours = key.prove(subject, at);
    assert!(key.verify(subject, &ours, at, 0));
    // Servers of others write it: digits in either case, and members that we do not know.
    let says_the_same = |text: &str| {
        let text = text.to_ascii_lowercase();
        let mut members = ours.split(',');
        members.all(|member| text.split(',').any(|other| other.trim() == member))
    };
    if key.verify(subject, proof, at, 0) {
        assert!(says_the_same(proof), "{proof}");
    }
    let mut changed = ours.clone().into_bytes();
    for change in proof.as_bytes().chunks_exact(2) {
        let [place, byte] = *change else { continue };
        let at = usize::from(place) % changed.len();
        if let Some(place) = changed.get_mut(at) {
            *place = byte;
        }
    }
    if let Ok(changed) = String::from_utf8(changed)
        && key.verify(subject, &changed, at, 0)
    {
        assert!(says_the_same(&changed), "{changed}");
    }
}

/// Secrets as they are configured.
pub(crate) fn keys(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let ring = KeyRing::parse(text).map(|ring| {
        let keys = ring.derive(Purpose::Receipt);
        let (id, tag) = keys.sign(&[b"claims"]);
        assert!(keys.verify(id, &[b"claims"], &tag));
        format!("{ring:?} {keys:?}")
    });
    let subject = SubjectKey::parse(text).map(|key| format!("{key:?}"));
    let proof = SubjectProofKey::parse(text).map(|key| format!("{key:?}"));
    for shown in [ring, subject, proof].into_iter().flatten() {
        assert!(shown.contains("redacted"), "{shown}");
    }
    bandera_edge::fuzzing::secrets(text);
}
