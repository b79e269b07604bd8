//! The proof that a server in front of the edge may name the subject.
//!
//! The server sends the subject id in a header and, in a second one, the time and an
//! HMAC-SHA-256 of both, so that neither can be made up or used again later:
//! `t=<Unix seconds>,v1=<64 hexadecimal digits>` over `<Unix seconds>.<subject id>`.
//! The key is its own secret, because the server that holds it must not be able to sign anything
//! else of ours.

use std::fmt::{self, Write};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::keys::{self, InvalidKey, SECRET_BYTES};
use crate::time::UnixMillis;

/// The secret shared with the servers that may name subjects.
#[derive(Clone)]
pub struct SubjectProofKey([u8; SECRET_BYTES]);

impl fmt::Debug for SubjectProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectProofKey(redacted)")
    }
}

impl SubjectProofKey {
    /// The key written as base64url of 32 bytes.
    ///
    /// # Errors
    /// `InvalidKey::Secret` when the text is not exactly that.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        keys::parse_secret(text).map(Self)
    }

    /// The proof for a subject, made at that moment.
    #[must_use]
    pub fn prove(&self, subject: &str, at: UnixMillis) -> String {
        let seconds = at.0.div_euclid(1_000);
        let tag = self.mac(seconds, subject).finalize().into_bytes();
        let mut proof = format!("t={seconds},v1=");
        for byte in tag {
            // Writing to a string cannot fail.
            let _ = write!(proof, "{byte:02x}");
        }
        proof
    }

    /// Whether the proof holds for the subject and was made at most `age_s_max` seconds before or
    /// after `at` (clocks differ). Compared in constant time.
    #[must_use]
    pub fn verify(&self, subject: &str, proof: &str, at: UnixMillis, age_s_max: u32) -> bool {
        let Some((seconds, tag)) = read(proof) else {
            return false;
        };
        let age_s = at.0.div_euclid(1_000).abs_diff(seconds);
        age_s <= u64::from(age_s_max) && self.mac(seconds, subject).verify_slice(&tag).is_ok()
    }

    fn mac(&self, seconds: i64, subject: &str) -> Hmac<Sha256> {
        // HMAC pads a key shorter than its block with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block
            .iter_mut()
            .zip(self.0)
            .for_each(|(to, from)| *to = from);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(seconds.to_string().as_bytes());
        mac.update(b".");
        mac.update(subject.as_bytes());
        mac
    }
}

/// Seconds and tag of a proof; members other than `t` and `v1` are skipped.
fn read(proof: &str) -> Option<(i64, [u8; 32])> {
    let member = |name: &str| {
        proof
            .split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    // Parsing would take signs for digits too.
    let is_hex = |hex: &&str| hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hex = member("v1").filter(|hex| hex.len() == 64).filter(is_hex)?;
    let mut tag = [0; 32];
    for (byte, digits) in tag.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    let written = member("t")?;
    let seconds: i64 = written.parse().ok()?;
    (seconds.to_string() == written).then_some((seconds, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SubjectProofKey {
        SubjectProofKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
    }

    #[test]
    fn proves_as_openssl_does() {
        // printf 1700000000.ana | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102..1f
        assert_eq!(
            key().prove("ana", UnixMillis(1_700_000_000_999)),
            "t=1700000000,v1=330052a13058d0ffd4ff54eabcbf81875aaf31d46a022e9097c1ee04dd217f21"
        );
    }

    #[test]
    fn another_spelling_of_the_same_numbers_is_refused() {
        // Of these seconds the tag has a byte below 16, which a sign before its digit would spell.
        let at_s = (1_000..2_000)
            .find(|at_s| {
                let proof = key().prove("ana", UnixMillis(at_s * 1_000));
                proof.len() == 74 && proof.as_bytes()[10] == b'0'
            })
            .unwrap();
        let at = UnixMillis(at_s * 1_000);
        let proof = key().prove("ana", at);
        assert!(key().verify("ana", &proof, at, 0));
        let mut signed = proof.clone();
        signed.replace_range(10..11, "+");
        for other in [
            signed,
            proof.replace("t=1", "t=+1"),
            proof.replace("t=1", "t=01"),
        ] {
            assert!(!key().verify("ana", &other, at, 0), "{other}");
        }
    }

    #[test]
    fn holds_for_its_subject_and_its_time() {
        let proof = key().prove("ana", UnixMillis(1_000_000));
        let check = |subject, proof: &str, at_s: i64, expected| {
            let verified = key().verify(subject, proof, UnixMillis(at_s * 1_000), 300);
            assert_eq!(verified, expected, "{subject} {proof} {at_s}");
        };
        check("ana", &proof, 1_000, true);
        check("ana", &proof, 1_300, true);
        check("ana", &proof, 700, true);
        check("ana", &proof, 1_301, false);
        check("ana", &proof, 699, false);
        check("luis", &proof, 1_000, false);
        check("ana", &proof.replace("t=1000", "t=1001"), 1_000, false);
        check("ana", "", 1_000, false);
        check("ana", "t=1000,v1=zz", 1_000, false);
        check(
            "ana",
            &format!("t=1000,v1={}", "é".repeat(32)),
            1_000,
            false,
        );
    }
}
