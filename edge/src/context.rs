//! The evaluation context of a request: what rules can ask about.
//!
//! `docs/edge.md` lists the attributes. Headers and cookies come in only when they are listed,
//! because they hold secrets; the query comes in whole. A text that is longer than a context may
//! hold is not known: a page is served whatever the visitor sends.

use crate::request::agent::{self, Product};
use crate::request::{RequestHead, device, language, query};
use crate::settings::ContextSettings;
use crate::subject::Identity;
use bandera_shared::wire::context::TEXT_BYTES_MAX;
use bandera_shared::wire::tree;
use bandera_shared::{EvaluationContext, Value};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The context of the request.
#[must_use]
pub(crate) fn build(
    head: &RequestHead,
    identity: &Identity,
    settings: &ContextSettings,
) -> EvaluationContext {
    let mut context = EvaluationContext::new();
    if let Some(subject) = &identity.subject {
        context = context.with_targeting_key(&subject.id);
    }
    let host = head
        .origin
        .split_once("://")
        .map_or(&*head.origin, |(_, host)| host);
    context.set("method", head.method.as_str().into());
    set_text(&mut context, "host", host);
    set_text(&mut context, "path", &head.path);
    context.set("query", query_value(&head.query));
    context.set("device", device::class(head).into());
    set_agent(&mut context, head);
    context.set("bot", identity.is_bot.into());
    let languages = language::preferred(head.header("accept-language").unwrap_or_default());
    if let Some(first) = languages.first() {
        context.set("language", (*first).into());
    }
    context.set(
        "languages",
        Value::List(languages.into_iter().map(Value::from).collect()),
    );
    set_time(&mut context, head.now_ms);
    set_place(&mut context, head);
    let headers = settings
        .headers
        .iter()
        .map(|name| (name, head.header(name)));
    context.set("headers", members(headers));
    let cookies = settings
        .cookies
        .iter()
        .map(|name| (name, head.cookie(name)));
    context.set("cookies", members(cookies));
    context
}

/// `browser` and `os`, each with a `name` and, where it is known, a `version`.
fn set_agent(context: &mut EvaluationContext, head: &RequestHead) {
    let agent = agent::read(head);
    for (attribute, product) in [("browser", agent.browser), ("os", agent.os)] {
        let Some(Product { name, version }) = product else {
            continue;
        };
        let members = [
            ("name", Some(name.into())),
            ("version", version.map(Value::from)),
        ];
        let known = members
            .into_iter()
            .filter_map(|(member, value)| Some((member.into(), value?)));
        context.set(attribute, Value::Object(known.collect()));
    }
}

/// Whether a context may hold the text.
fn fits(text: &str) -> bool {
    text.len() <= TEXT_BYTES_MAX
}

fn set_text(context: &mut EvaluationContext, name: &str, text: &str) {
    if fits(text) {
        context.set(name, text.into());
    }
}

/// `time` in Unix milliseconds, `hour` (0 to 23) and `weekday` (1 is Monday) in UTC.
fn set_time(context: &mut EvaluationContext, now_ms: i64) {
    context.set("time", now_ms.into());
    context.set("hour", (now_ms.rem_euclid(DAY_MS) / HOUR_MS).into());
    // 1970-01-01 was a Thursday.
    context.set(
        "weekday",
        ((now_ms.div_euclid(DAY_MS) + 3).rem_euclid(7) + 1).into(),
    );
}

fn set_place(context: &mut EvaluationContext, head: &RequestHead) {
    let place = &head.place;
    let texts = [
        ("country", &place.country),
        ("continent", &place.continent),
        ("region", &place.region),
        ("regionCode", &place.region_code),
        ("city", &place.city),
        ("postalCode", &place.postal_code),
        ("timezone", &place.timezone),
        ("colo", &place.colo),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            set_text(context, name, text);
        }
    }
    let numbers = [
        ("latitude", &place.latitude),
        ("longitude", &place.longitude),
        ("asn", &place.asn),
    ];
    for (name, text) in numbers {
        if let Some(number) = text
            .as_ref()
            .and_then(|text| tree::from_str::<f64>(text).ok())
        {
            context.set(name, number.into());
        }
    }
    if let Some(inside) = &place.is_eu_country {
        context.set("isEUCountry", (inside == "1").into());
    }
}

/// The first value of each name.
fn query_value(query: &str) -> Value {
    let mut members: Vec<(Box<str>, Value)> = Vec::new();
    for (name, value) in query::pairs(query) {
        let is_known = members.iter().any(|(known, _)| **known == *name);
        if !is_known && fits(&name) && fits(&value) {
            members.push((name.into(), value.into()));
        }
    }
    Value::Object(members.into())
}

fn members<'m>(found: impl Iterator<Item = (&'m String, Option<&'m str>)>) -> Value {
    Value::Object(
        found
            .filter_map(|(name, value)| Some((name, value.filter(|value| fits(value))?)))
            .map(|(name, value)| (name.as_str().into(), value.into()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Place;
    use crate::request::tests::head;
    use crate::subject::{Source, Subject};
    use bandera_shared::context::Attribute;

    fn context() -> EvaluationContext {
        let head = RequestHead {
            path: "/p/1".into(),
            query: "?a=1&a=2&utm%20x=y".into(),
            place: Place {
                country: Some("ES".into()),
                latitude: Some("40.4".into()),
                is_eu_country: Some("1".into()),
                ..Place::default()
            },
            now_ms: 1_700_000_000_000,
            ..head(&[
                ("accept-language", "en;q=0.5, es-ES"),
                (
                    "user-agent",
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile",
                ),
                ("x-plan", "pro"),
                ("x-secret", "s"),
                ("cookie", "tier=gold; session=s"),
            ])
        };
        let subject = Some(Subject {
            id: "ana".into(),
            source: Source::Cookie,
        });
        let identity = Identity {
            subject,
            may_remember: true,
            is_bot: false,
        };
        let settings = ContextSettings {
            headers: vec!["x-plan".into(), "x-absent".into()],
            cookies: vec!["tier".into()],
        };
        build(&head, &identity, &settings)
    }

    #[test]
    fn holds_what_rules_ask_about() {
        let context = context();
        let check = |path: &[&str], expected: Value| {
            let attribute = Attribute::nested(path[0], path[1..].iter().copied());
            assert_eq!(context.get(&attribute), Some(&expected), "{path:?}");
        };
        assert_eq!(context.targeting_key(), Some("ana"));
        check(&["host"], "shop.example".into());
        check(&["path"], "/p/1".into());
        check(&["query", "a"], "1".into());
        check(&["query", "utm x"], "y".into());
        check(&["device"], "mobile".into());
        check(&["browser", "name"], "safari".into());
        check(&["browser", "version"], "17.5.0".into());
        check(&["os", "name"], "ios".into());
        check(&["os", "version"], "17.5.0".into());
        check(&["language"], "es-ES".into());
        check(&["country"], "ES".into());
        check(&["latitude"], 40.4.into());
        check(&["isEUCountry"], true.into());
        check(&["headers", "x-plan"], "pro".into());
        check(&["cookies", "tier"], "gold".into());
        check(&["bot"], false.into());
        // 2023-11-14T22:13:20Z, a Tuesday.
        check(&["hour"], 22.into());
        check(&["weekday"], 2.into());
    }

    #[test]
    fn what_a_context_cannot_hold_is_not_known() {
        let identity = Identity {
            subject: None,
            may_remember: false,
            is_bot: false,
        };
        let settings = ContextSettings {
            headers: vec!["x-long".into(), "x-short".into()],
            cookies: vec!["c".into()],
        };
        let known = |bytes: usize| {
            let text = "x".repeat(bytes);
            let head = RequestHead {
                path: text.clone(),
                query: format!("?a={text}&b=1&{text}=2"),
                ..head(&[
                    ("x-long", &text),
                    ("x-short", "s"),
                    ("cookie", &format!("c={text}")),
                ])
            };
            let context = build(&head, &identity, &settings);
            let has = |path: &[&str]| {
                let attribute = Attribute::nested(path[0], path[1..].iter().copied());
                context.get(&attribute).is_some()
            };
            assert!(has(&["query", "b"]) && has(&["headers", "x-short"]));
            [
                has(&["path"]),
                has(&["query", "a"]),
                has(&["query", &text]),
                has(&["headers", "x-long"]),
                has(&["cookies", "c"]),
            ]
        };
        assert_eq!(known(TEXT_BYTES_MAX), [true; 5]);
        assert_eq!(known(TEXT_BYTES_MAX + 1), [false; 5]);
    }

    #[test]
    fn secrets_stay_out() {
        let context = context();
        let absent = |path: &[&str]| {
            context
                .get(&Attribute::nested(path[0], path[1..].iter().copied()))
                .is_none()
        };
        assert!(absent(&["headers", "x-secret"]));
        assert!(absent(&["headers", "x-absent"]));
        assert!(absent(&["headers", "cookie"]));
        assert!(absent(&["cookies", "session"]));
    }
}
