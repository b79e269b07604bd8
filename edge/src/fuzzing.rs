//! For fuzzers alone (`--cfg fuzzing`): where foreign bytes enter, without the runtime around it.

use crate::request::cookies;
use crate::request::{RequestHead, bots, language, query};
use crate::settings::Settings;
use crate::state::PageState;
use crate::store::pointer::Pointer;
use crate::store::{Current, Loaded};
use crate::subject::{self, Credentials};
use crate::visit::{Inputs, Visit, kept};
use crate::{context, keys, ofrep, previews, variants};
use bandera_shared::subject_proof::SubjectProofKey;
use bandera_shared::{Policies, Visibility};
use std::rc::Rc;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const ENVIRONMENT: &str = "demo";
const RULESET: &str = include_str!("../../www/demo/ruleset.json");
/// Every setting that makes a request's bytes go further than they do by default.
const SETTINGS: &str = r#"{"subject":{"header":{"name":"X-Account","trust":"signature"}},
    "context":{"headers":["x-plan"],"cookies":["plan"]},"bots":{"also":["x"]}}"#;

/// What a request would send on.
#[derive(Debug)]
pub struct Told {
    /// Values of headers.
    pub headers: Vec<String>,
    /// Those of them that are dictionaries.
    pub dictionaries: Vec<String>,
    /// `Set-Cookie` lines.
    pub cookie_lines: Vec<String>,
    /// The query for the origin, where it is another.
    pub query: Option<String>,
    /// The page's state.
    pub element: String,
}

/// Answers a request whose head the text describes; `None` where it describes none.
#[must_use]
pub fn request(described: &str) -> Option<Told> {
    let head = RequestHead::parse(described).ok()?;
    let settings = Settings::parse(SETTINGS).ok()?;
    let keys = keys::Keys::parse(Some(&format!("1:{SECRET}")), Some(SECRET), "test").ok()?;
    let proof_key = SubjectProofKey::parse(SECRET).ok()?;
    let current = current(&head);
    let names = bots::BotNames {
        also: &settings.bots.also,
        never: &settings.bots.never,
    };
    let is_bot = bots::is_bot(&head, names);
    let credentials = Credentials {
        by_binding: false,
        proof_key: Some(&proof_key),
    };
    let identity = subject::identify(&head, &settings, credentials, is_bot, || "fresh".into());
    let context = context::build(&head, &identity, &settings.context);
    let previewing = previews::asked(&settings, Some(&keys), ENVIRONMENT, &head);
    let sticky = kept(&settings, Some(&keys), &head, &identity);
    let visit = Visit::of(Inputs {
        settings: &settings,
        keys: Some(&keys),
        current: &current,
        head: &head,
        identity: &identity,
        context: &context,
        sticky: &sticky,
        preview: previewing.preview.as_ref(),
        n_shards: 4,
        draw: 1,
    });
    let exposures = visit.first_exposures();
    let mut cookie_lines = visit.cookie_lines(exposures.as_ref());
    cookie_lines.extend(previewing.cookie_line);
    let dictionaries = [visit.variants_header(), visit.receipts_header()];
    let dictionaries: Vec<String> = dictionaries.into_iter().flatten().collect();
    let per_flag = visit
        .variants()
        .map(|(_, variant)| variants::header_text(variant));
    let answers: Vec<_> = visit
        .answers()
        .filter(|(flag, _)| flag.visibility == Visibility::Client)
        .map(|(_, answer)| answer)
        .collect();
    let receipts: Vec<_> = visit.receipts.iter().collect();
    let pointer = &current.loaded.pointer;
    Some(Told {
        headers: dictionaries.iter().cloned().chain(per_flag).collect(),
        element: PageState {
            publication: pointer.publication,
            hash: &pointer.hash,
            needs_full_engine: current.loaded.needs_full_engine(),
            context: visit.context(),
            private: current.loaded.ruleset.private(),
            answers: &answers,
            receipts: &receipts,
        }
        .element(),
        dictionaries,
        cookie_lines,
        query: previewing.query,
    })
}

fn current(head: &RequestHead) -> Current {
    Current {
        loaded: Rc::new(Loaded::of(7, RULESET)),
        policies: Rc::new(Policies::default()),
        confirmed_at_ms: head.now_ms,
    }
}

/// The answers to a body of OFREP.
#[must_use]
pub fn ofrep(body: &[u8]) -> String {
    ofrep::answers_to(body, &current(&RequestHead::default()))
}

/// A dictionary of variants by flag.
#[must_use]
pub fn dictionary(members: &[(String, String)]) -> Option<String> {
    variants::dictionary(members.iter().map(|(key, text)| (&**key, &**text)))
}

/// A variant as a header.
#[must_use]
pub fn header_text(variant: &str) -> String {
    variants::header_text(variant)
}

/// Variants as a cookie.
#[must_use]
pub fn cookie_value(members: &[(String, String)]) -> String {
    variants::cookie_value(members.iter().map(|(key, text)| (&**key, &**text)))
}

/// A cookie's value.
#[must_use]
pub fn cookie<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    cookies::find(header, name)
}

/// Reads a text as each other header of which parts are understood.
pub fn words_of(header: &str) {
    assert!(language::preferred(header).len() <= header.len());
    assert!(query::pairs(header).count() <= header.len());
    let _ = crate::etag::matches(Some(header), "W/\"a\"");
}

/// What a query says of previews.
#[must_use]
pub fn preview_parameter(text: &str) -> Option<String> {
    query::find(text, previews::PARAMETER)
}

/// Reads settings and a pointer.
pub fn settings(text: &str) {
    let _ = Settings::parse(text);
    let _ = Pointer::parse(text);
}

/// Reads secrets; what is said of one that is refused is said of others too.
pub fn secrets(text: &str) {
    let faults = |text: &str| {
        let keys = keys::Keys::parse(Some(text), Some(text), "test").err();
        [keys, keys::CallerSecrets::parse(Some(text), None).err()]
    };
    let nine: Vec<String> = (1..=9).map(|id| format!("{id}:{SECRET}")).collect();
    let twice = format!("1:{SECRET},1:{SECRET}");
    let one = format!("1:{SECRET}");
    let refused = ["", "x", "1:x", &one, &twice, &nine.join(",")];
    let known: Vec<String> = refused.into_iter().flat_map(faults).flatten().collect();
    for fault in faults(text).into_iter().flatten() {
        assert!(known.contains(&fault), "{fault}");
    }
}
