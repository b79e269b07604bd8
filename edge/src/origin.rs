//! The origin: a service binding, an address, or whatever the route leads to.

use crate::request::RequestHead;
use bandera_platform::{HeaderChanges, build_request, send, service_binding};
use worker::Env;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::{Request, Response};

/// The service binding of the origin.
const SERVICE: &str = "ORIGIN";
/// The variable with the origin's address.
const ADDRESS: &str = "BANDERA_ORIGIN_URL";

/// Where requests are passed on to.
#[derive(Debug)]
pub(crate) struct Origin {
    service: JsValue,
    address: Option<String>,
}

/// How a request is passed on.
#[derive(Debug, Default)]
pub(crate) struct Passage<'p> {
    /// The path to ask for instead.
    pub(crate) path: Option<&'p str>,
    /// The query to ask with instead.
    pub(crate) query: Option<&'p str>,
    /// Changes of its headers.
    pub(crate) headers: HeaderChanges,
    /// Whether caches on the way are kept out.
    pub(crate) fresh: bool,
}

impl Origin {
    /// The origin that is configured.
    #[must_use]
    pub(crate) fn of(env: &Env) -> Self {
        let address = bandera_platform::binding_text(env, ADDRESS)
            .map(|address| address.trim_end_matches('/').to_owned())
            .filter(|address| !address.is_empty());
        Self {
            service: service_binding(env, SERVICE),
            address,
        }
    }

    /// Asks the origin.
    ///
    /// # Errors
    /// What the runtime threw: the origin cannot be reached.
    pub(crate) async fn ask(
        &self,
        request: &Request,
        head: &RequestHead,
        mut passage: Passage<'_>,
    ) -> Result<Response, JsValue> {
        strip(head, &mut passage.headers);
        if self.service.is_undefined() && self.address.is_some() {
            forward_names(head, &mut passage.headers);
        }
        let url = self.url(head, &passage);
        let here = url == format!("{}{}{}", head.origin, head.path, head.query);
        if here && passage.headers.is_empty() {
            return send(request, &self.service, request, passage.fresh).await;
        }
        let built = build_request(request, &url, &passage.headers)?;
        send(request, &self.service, &built, passage.fresh).await
    }

    fn url(&self, head: &RequestHead, passage: &Passage<'_>) -> String {
        let base = match &self.address {
            Some(address) if self.service.is_undefined() => address,
            _ => &head.origin,
        };
        let path = passage.path.unwrap_or(&head.path);
        // A path that brings its own query replaces the visitor's.
        let query = if path.contains('?') {
            ""
        } else {
            passage.query.unwrap_or(&head.query)
        };
        format!("{base}{path}{query}")
    }

    /// The location in the visitor's terms, where the origin names itself in it.
    #[must_use]
    pub(crate) fn public_location(&self, location: &str, head: &RequestHead) -> Option<String> {
        let rest = location.strip_prefix(self.address.as_deref()?)?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#']))
            .then(|| format!("{}{rest}", head.origin))
    }
}

/// Nobody outside may speak in our name: every `Bandera-*` header is dropped.
fn strip(head: &RequestHead, headers: &mut HeaderChanges) {
    for (name, _) in &head.headers {
        if name.starts_with("bandera-") {
            headers.remove(name);
        }
    }
}

/// An origin at another address learns what the visitor asked for.
fn forward_names(head: &RequestHead, headers: &mut HeaderChanges) {
    if let Some((scheme, host)) = head.origin.split_once("://") {
        headers.set("x-forwarded-proto", scheme);
        headers.set("x-forwarded-host", host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::head;

    #[test]
    fn foreign_headers_in_our_name_are_dropped() {
        let mut headers = HeaderChanges::default();
        strip(
            &head(&[
                ("bandera-variants", "x"),
                ("bandera-x", "y"),
                ("accept", "*"),
            ]),
            &mut headers,
        );
        assert_eq!(headers.remove, ["bandera-variants", "bandera-x"]);
    }
}
