//! The cookies of one visitor.

use cookie::Cookie;
use std::collections::BTreeMap;

/// Names and values. All cookies go to the one host that set them.
#[derive(Debug, Default)]
pub(crate) struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Keeps or removes a cookie as a `Set-Cookie` header says. `Secure` cookies are kept as well:
    /// the caller has made sure of https or loopback, which browsers trust alike.
    pub(crate) fn set(&mut self, header: &str) {
        let Ok(cookie) = Cookie::parse(header) else {
            return;
        };
        let name = cookie.name().to_owned();
        if cookie.max_age().is_some_and(|age| !age.is_positive()) {
            self.0.remove(&name);
        } else {
            self.0.insert(name, cookie.value().to_owned());
        }
    }

    /// The `Cookie` header, where there is any cookie.
    pub(crate) fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_replaces_and_removes() {
        let mut jar = Jar::default();
        assert_eq!(jar.header(), None);
        jar.set("b=1; Path=/; Secure; HttpOnly; SameSite=Lax");
        jar.set("a=\"x y\"; Max-Age=60");
        jar.set("b=2");
        assert_eq!(jar.header().unwrap(), "a=\"x y\"; b=2");
        jar.set("a=; Max-Age=0");
        jar.set("nonsense");
        assert_eq!(jar.header().unwrap(), "b=2");
    }
}
