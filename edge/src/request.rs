//! What arrives: the request's head, read in one crossing, and what can be told from it.
//!
//! Nothing here knows the runtime; the text comes from `bandera_platform::describe_request`.

pub(crate) mod agent;
pub(crate) mod bots;
pub(crate) mod cookies;
pub(crate) mod device;
pub(crate) mod language;
pub(crate) mod query;

use bandera_shared::wire::tree;
use serde::Deserialize;

/// Method, URL parts, headers, geography and time of a request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestHead {
    /// In upper case.
    pub(crate) method: String,
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The path, percent-encoded as it came.
    pub(crate) path: String,
    /// The query with its `?`, or nothing.
    #[serde(default)]
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Where it came from, as the platform knows it.
    #[serde(default)]
    pub(crate) place: Place,
    /// The zone's bot management, where it has one.
    #[serde(default)]
    pub(crate) bot: Option<BotVerdict>,
    /// When it arrived, in Unix milliseconds.
    pub(crate) now_ms: i64,
}

/// Texts of `request.cf`, each absent where the platform does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Place {
    /// ISO 3166-1 alpha-2, such as `ES`.
    pub(crate) country: Option<String>,
    /// Two letters, such as `EU`.
    pub(crate) continent: Option<String>,
    /// The region's name.
    pub(crate) region: Option<String>,
    /// The region's ISO 3166-2 code without the country.
    pub(crate) region_code: Option<String>,
    /// The city's name.
    pub(crate) city: Option<String>,
    /// The postal code.
    pub(crate) postal_code: Option<String>,
    /// Degrees north.
    pub(crate) latitude: Option<String>,
    /// Degrees east.
    pub(crate) longitude: Option<String>,
    /// IANA name, such as `Europe/Madrid`.
    pub(crate) timezone: Option<String>,
    /// `1` inside the European Union.
    #[serde(rename = "isEUCountry")]
    pub(crate) is_eu_country: Option<String>,
    /// The data centre that serves the request.
    pub(crate) colo: Option<String>,
    /// The autonomous system's number.
    pub(crate) asn: Option<String>,
}

/// What the zone's bot management says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct BotVerdict {
    /// 1 (surely a bot) to 99 (surely a person).
    #[serde(default)]
    pub(crate) score: Option<u8>,
    /// A known, well-behaved bot.
    #[serde(default)]
    pub(crate) verified: Option<bool>,
}

impl RequestHead {
    /// The head as `describe_request` writes it.
    ///
    /// # Errors
    /// When the text is not such JSON.
    pub(crate) fn parse(json: &str) -> Result<Self, tree::Error> {
        tree::from_str(json)
    }

    /// The header's value; `name` in lower case.
    #[must_use]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| &**value)
    }

    /// The cookie's value, as it came.
    #[must_use]
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        cookies::find(self.header("cookie")?, name)
    }

    /// Whether the method promises to change nothing.
    #[must_use]
    pub(crate) fn is_safe(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD")
    }

    /// Whether the browser loads it into a page (an image, a script) and not as one.
    #[must_use]
    pub(crate) fn is_subresource(&self) -> bool {
        const PARTS: [&str; 10] = [
            "audio",
            "font",
            "image",
            "manifest",
            "script",
            "style",
            "track",
            "video",
            "worker",
            "serviceworker",
        ];
        self.header("sec-fetch-dest")
            .is_some_and(|destination| PARTS.contains(&destination))
    }

    /// Whether the answer will probably be shown as a page.
    #[must_use]
    pub(crate) fn wants_html(&self) -> bool {
        self.is_safe()
            && self
                .header("accept")
                .is_some_and(|accept| accept.contains("text/html"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A GET of `/` with these headers.
    pub(crate) fn head(headers: &[(&str, &str)]) -> RequestHead {
        RequestHead {
            method: "GET".into(),
            origin: "https://shop.example".into(),
            path: "/".into(),
            headers: headers
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
            now_ms: 1_700_000_000_000,
            ..RequestHead::default()
        }
    }

    #[test]
    fn parses_what_the_runtime_describes() {
        let json = r#"{"method":"GET","origin":"https://a.example","path":"/p","query":"?x=1",
            "headers":[["cookie","a=1; b=2"],["accept","text/html"]],
            "place":{"country":"ES","isEUCountry":"1","asn":"12"},
            "bot":{"score":2},"nowMs":17}"#;
        let head = RequestHead::parse(json).unwrap();
        assert_eq!(head.place.country.as_deref(), Some("ES"));
        assert_eq!(head.place.is_eu_country.as_deref(), Some("1"));
        assert_eq!(
            head.bot,
            Some(BotVerdict {
                score: Some(2),
                verified: None
            })
        );
        assert_eq!(head.cookie("b"), Some("2"));
        assert!(head.wants_html());
        assert_eq!(head.now_ms, 17);
    }

    #[test]
    fn tells_pages_from_their_parts() {
        assert!(head(&[("sec-fetch-dest", "image")]).is_subresource());
        assert!(!head(&[("sec-fetch-dest", "document")]).is_subresource());
        assert!(!head(&[]).is_subresource());
    }
}
