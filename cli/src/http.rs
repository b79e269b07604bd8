//! HTTP toward the edge and the admin API.

use crate::fault::Fault;
use crate::jar::Jar;
use std::time::Duration;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

/// What people's browsers call themselves; a program that says so takes no part in experiments.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 \
    (KHTML, like Gecko) Chrome/141.0 Safari/537.36";
const TIMEOUT: Duration = Duration::from_secs(30);

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// How long to wait before the next attempt, where the server says so.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: String,
}

impl Reply {
    /// Whether the server might answer differently in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        self.status >= 500 || matches!(self.status, 408 | 425 | 429)
    }
}

/// A server, and connections to it that are used again.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    agent: Agent,
    base: String,
    token: Option<String>,
}

impl Server {
    /// The server at an address such as `http://127.0.0.1:8787`.
    pub(crate) fn new(place: &str, address: &str, n_connections: usize) -> Result<Self, Fault> {
        let example = "write an address such as http://127.0.0.1:8787";
        let uri: Uri = address
            .parse()
            .map_err(|error| Fault::usage(place, error).fix(example))?;
        let host = uri.host().unwrap_or_default();
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_web || host.is_empty() {
            return Err(Fault::usage(place, "is no http or https address").fix(example));
        }
        let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        if uri.scheme_str() == Some("http") && !local {
            return Err(
                Fault::usage(place, "cookies and tokens travel in no clear text")
                    .fix("use https, or an address of this machine"),
            );
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(n_connections)
            .max_idle_connections_per_host(n_connections)
            .timeout_global(Some(TIMEOUT))
            .user_agent(USER_AGENT);
        // A proxy for the web does not lead to this machine.
        let config = if local { config.proxy(None) } else { config };
        Ok(Self {
            agent: config.build().into(),
            base: address.trim_end_matches('/').to_owned(),
            token: None,
        })
    }

    /// The same server, asked with a token.
    pub(crate) fn with_token(self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Fetches something that is not a page.
    pub(crate) fn get(&self, path: &str) -> Result<Reply, ureq::Error> {
        let mut request = self.agent.get(self.address(path));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.call()?)
    }

    /// Visits a page with the cookies in the jar and these headers, and keeps the cookies it sets.
    pub(crate) fn visit(
        &self,
        path: &str,
        jar: &mut Jar,
        headers: &[(String, String)],
    ) -> Result<Reply, ureq::Error> {
        let mut request = self
            .agent
            .get(self.address(path))
            .header("accept", "text/html")
            .header("accept-language", "en");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(cookies) = jar.header() {
            request = request.header("cookie", cookies);
        }
        let response = request.call()?;
        for header in response.headers().get_all("set-cookie") {
            if let Ok(header) = header.to_str() {
                jar.set(header);
            }
        }
        read(response)
    }

    /// Posts JSON.
    pub(crate) fn post(&self, path: &str, json: &str) -> Result<Reply, ureq::Error> {
        let mut request = self.agent.post(self.address(path));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.content_type("application/json").send(json)?)
    }
}

fn read(mut response: Response<Body>) -> Result<Reply, ureq::Error> {
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|header| header.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    Ok(Reply {
        status: response.status().as_u16(),
        retry_after,
        body: response.body_mut().read_to_string()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secure_cookies_travel_safely() {
        let check = |address, fine: bool| {
            assert_eq!(Server::new("--edge", address, 1).is_ok(), fine, "{address}");
        };
        check("http://127.0.0.1:8787/", true);
        check("http://localhost:8787", true);
        check("http://[::1]:8787", true);
        check("https://shop.example", true);
        check("http://shop.example", false);
        check("ftp://localhost", false);
        check("localhost:8787", false);
        check("", false);
    }
}
