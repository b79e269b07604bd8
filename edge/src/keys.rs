//! The secrets of the edge, each derived for its one purpose.

use bandera_shared::keys::{KeyRing, Purpose, PurposeKeys};
use bandera_shared::publish::content_hash;
use bandera_shared::subject::SubjectKey;
use bandera_shared::subject_proof::SubjectProofKey;

/// Keys for what the edge signs and hashes.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Of receipts.
    pub(crate) receipt: PurposeKeys,
    /// Of the cookie with kept decisions.
    pub(crate) sticky: PurposeKeys,
    /// Of preview links.
    pub(crate) preview: PurposeKeys,
    /// Of the cookie with sent exposures.
    pub(crate) exposed: PurposeKeys,
    /// Under which subjects are stored.
    pub(crate) subject: SubjectKey,
}

impl Keys {
    /// The environment's keys from the texts of `BANDERA_SIGNING_KEYS` and `BANDERA_SUBJECT_KEY`.
    ///
    /// # Errors
    /// What is wrong, for a person; nothing of a secret is in it.
    pub(crate) fn parse(
        signing: Option<&str>,
        subject: Option<&str>,
        environment: &str,
    ) -> Result<Self, String> {
        let signing = signing.ok_or("BANDERA_SIGNING_KEYS is not set")?;
        let ring = KeyRing::parse(signing).map_err(|e| format!("BANDERA_SIGNING_KEYS: {e}"))?;
        let subject = subject.ok_or("BANDERA_SUBJECT_KEY is not set")?;
        let subject =
            SubjectKey::parse(subject).map_err(|e| format!("BANDERA_SUBJECT_KEY: {e}"))?;
        Ok(Self {
            receipt: ring.derive_in(environment, Purpose::Receipt),
            sticky: ring.derive_in(environment, Purpose::Sticky),
            // A preview names its environment itself.
            preview: ring.derive(Purpose::Preview),
            exposed: ring.derive_in(environment, Purpose::Exposed),
            subject,
        })
    }
}

/// Secrets that callers share with the edge; each may be absent.
#[derive(Debug, Default)]
pub(crate) struct CallerSecrets {
    /// Of signed subject headers (`BANDERA_SUBJECT_HEADER_KEY`).
    pub(crate) proof: Option<SubjectProofKey>,
    /// Hashes of the tokens of servers (`BANDERA_SERVER_TOKENS`).
    server_tokens: Vec<String>,
}

impl CallerSecrets {
    /// Secrets from the texts of their variables.
    ///
    /// # Errors
    /// What is wrong, for a person; nothing of a secret is in it.
    pub(crate) fn parse(proof: Option<&str>, server_tokens: Option<&str>) -> Result<Self, String> {
        let proof = proof
            .map(|text| {
                SubjectProofKey::parse(text).map_err(|e| format!("BANDERA_SUBJECT_HEADER_KEY: {e}"))
            })
            .transpose()?;
        let tokens = server_tokens.unwrap_or_default().split(',').map(str::trim);
        let server_tokens = tokens
            .filter(|token| !token.is_empty())
            .map(|token| content_hash(token.as_bytes()))
            .collect();
        Ok(Self {
            proof,
            server_tokens,
        })
    }

    /// Whether the token is that of a server. Hashes are compared, so that the time it takes says
    /// nothing about the token.
    #[must_use]
    pub(crate) fn is_server(&self, token: &str) -> bool {
        self.server_tokens.contains(&content_hash(token.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn says_which_secret_is_wrong() {
        let ring = format!("1:{SECRET}");
        assert!(Keys::parse(Some(&ring), Some(SECRET), "test").is_ok());
        let check = |signing, subject, part: &str| {
            let error = Keys::parse(signing, subject, "test").unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check(None, Some(SECRET), "BANDERA_SIGNING_KEYS is not set");
        check(Some(SECRET), Some(SECRET), "BANDERA_SIGNING_KEYS: a key id");
        check(Some(&ring), None, "BANDERA_SUBJECT_KEY is not set");
        check(Some(&ring), Some("x"), "BANDERA_SUBJECT_KEY: a secret");
        let error = CallerSecrets::parse(Some("x"), None).unwrap_err();
        assert!(error.contains("BANDERA_SUBJECT_HEADER_KEY"), "{error}");
    }

    #[test]
    fn servers_are_known_by_their_tokens() {
        let secrets = CallerSecrets::parse(None, Some("alpha, beta,")).unwrap();
        assert!(secrets.is_server("alpha") && secrets.is_server("beta"));
        assert!(!secrets.is_server("") && !secrets.is_server("alpha, beta"));
        assert!(!CallerSecrets::default().is_server(""));
    }
}
