//! In front of the origin: evaluate, ask the origin, change what comes back as it streams by.

use crate::caching::{self, Bodies};
use crate::call::Call;
use crate::origin::{Origin, Passage};
use crate::page::{self, PagePlan};
use crate::request::bots::{self, BotNames};
use crate::settings::OriginCache;
use crate::state::PageState;
use crate::store::Current;
use crate::subject::{self, Credentials};
use crate::timing::Timing;
use crate::visit::{FirstExposures, Inputs, Visit, kept};
use crate::{context, exposures, previews, variants};
use bandera_platform::{HeaderChanges, amend_response, make_response, random_bytes, rewrite_html};
use bandera_shared::Visibility;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

/// Answers a request for the origin.
///
/// # Errors
/// What the runtime threw; the caller passes the request through if it still can.
pub(crate) async fn handle(call: &Call<'_>) -> Result<Response, JsValue> {
    let isolate = call.isolate;
    isolate.counters.count(|counts| counts.requests += 1);
    let skipped = isolate.fault.is_some() || call.is_skipped();
    let current = if skipped { None } else { call.ruleset().await };
    match current {
        Some(current) => answer(call, &current).await,
        None => pass_through(call).await,
    }
}

/// Passes the request on as it is, short of headers in our name.
///
/// # Errors
/// What the runtime threw: the origin cannot be reached.
pub(crate) async fn pass_through(call: &Call<'_>) -> Result<Response, JsValue> {
    call.isolate
        .counters
        .count(|counts| counts.passed_through += 1);
    let origin = Origin::of(call.env);
    let response = origin
        .ask(call.request, call.head, Passage::default())
        .await?;
    let mut changes = HeaderChanges::default();
    correct_location(&origin, call, &response, &mut changes);
    amend_response(response, &changes)
}

async fn answer(call: &Call<'_>, current: &Current) -> Result<Response, JsValue> {
    let Call { isolate, head, .. } = *call;
    let settings = &isolate.settings;
    let credentials = Credentials {
        by_binding: call.by_binding,
        proof_key: isolate.secrets.proof.as_ref(),
    };
    let names = BotNames {
        also: &settings.bots.also,
        never: &settings.bots.never,
    };
    let is_bot = bots::is_bot(head, names);
    let identity = subject::identify(head, settings, credentials, is_bot, fresh_id);
    let context = context::build(head, &identity, &settings.context);
    let previewing = previews::asked(settings, isolate.keys.as_ref(), &isolate.environment, head);
    let sticky = kept(settings, isolate.keys.as_ref(), head, &identity);
    let visit = Visit::of(Inputs {
        settings,
        keys: isolate.keys.as_ref(),
        current,
        head,
        identity: &identity,
        context: &context,
        sticky: &sticky,
        preview: previewing.preview.as_ref(),
        n_shards: isolate.shards,
        draw: isolate.draw(),
    });
    let exposures = visit.first_exposures();
    let mut changes = HeaderChanges::default();
    if let Some(line) = &previewing.cookie_line {
        changes.append("set-cookie", line);
    }
    let served = Served {
        call,
        current,
        visit: &visit,
    };
    match served.redirect() {
        Some(redirect) => served.send_elsewhere(redirect, exposures, changes),
        None => {
            served
                .pass_on(previewing.query.as_deref(), exposures, changes)
                .await
        }
    }
}

/// 128 random bits as 22 characters of base64url.
fn fresh_id() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<16>())
}

/// A visit on its way to being answered.
struct Served<'v, 'r> {
    call: &'v Call<'v>,
    current: &'r Current,
    visit: &'v Visit<'r>,
}

impl Served<'_, '_> {
    fn plan(&self) -> &PagePlan<'_> {
        &self.visit.plan
    }

    /// Where the browser is sent instead, and with which status. Only questions are redirected:
    /// what a form sends must reach its address.
    fn redirect(&self) -> Option<(u16, String)> {
        let head = self.call.head;
        let redirect = self.plan().redirect.filter(|_| head.is_safe())?;
        let location = page::location(redirect, &head.origin, &head.path, &head.query)?;
        Some((redirect.status, location))
    }

    fn send_elsewhere(
        &self,
        (status, location): (u16, String),
        exposures: Option<FirstExposures>,
        mut changes: HeaderChanges,
    ) -> Result<Response, JsValue> {
        let headers = [
            ("location", &*location),
            ("cache-control", "private, no-store"),
        ];
        let response = make_response(status, &headers, None)?;
        self.finish(exposures, None, &mut changes);
        amend_response(response, &changes)
    }

    async fn pass_on(
        &self,
        query: Option<&str>,
        exposures: Option<FirstExposures>,
        mut changes: HeaderChanges,
    ) -> Result<Response, JsValue> {
        let Call {
            isolate,
            head,
            env,
            request,
            ..
        } = *self.call;
        let loaded = &self.current.loaded;
        let touched = loaded.pages.touched(&loaded.ruleset, &head.path);
        let with_state = isolate.settings.page.state && head.wants_html();
        let asked_bodies = touched.bodies(with_state);
        let mut headers = HeaderChanges::default();
        caching::toward_origin(asked_bodies, &mut headers);
        let fresh = isolate.settings.origin.cache == OriginCache::Bypass;
        if fresh {
            self.tell_origin(&mut headers);
        }
        let origin = Origin::of(env);
        let passage = Passage {
            path: self.plan().rewrite,
            query,
            headers,
            fresh,
        };
        let asked_at_ms = worker::Date::now().as_millis();
        let response = origin.ask(request, head, passage).await?;
        let origin_ms = worker::Date::now().as_millis().saturating_sub(asked_at_ms);
        if response.status() == 101 {
            return Ok(response);
        }
        correct_location(&origin, self.call, &response, &mut changes);
        let exposures = exposures.filter(|_| response.status() < 400);
        let is_page = header(&response, "content-type").is_some_and(|kind| is_html(&kind));
        let bodies = if is_page || touched.rewrites {
            asked_bodies
        } else {
            Bodies::Same
        };
        self.finish(exposures, Some(origin_ms as i64), &mut changes);
        let sets_cookies = changes.append.iter().any(|(name, _)| name == "set-cookie");
        if fresh || is_page || touched.rewrites || sets_cookies {
            let order = header(&response, "cache-control");
            caching::toward_browser(bodies, order.as_deref(), &mut changes);
        }
        let amended = amend_response(response, &changes)?;
        if is_page && amended.body().is_some() {
            self.edit(amended, with_state)
        } else {
            Ok(amended)
        }
    }

    /// Variants and receipts, in headers.
    fn tell_origin(&self, headers: &mut HeaderChanges) {
        let settings = &self.call.isolate.settings.headers;
        if settings.variants {
            if let Some(variants) = self.visit.variants_header() {
                headers.set("bandera-variants", variants);
            }
            if let Some(receipts) = self.visit.receipts_header() {
                headers.set("bandera-receipts", receipts);
            }
        }
        if settings.per_flag {
            for (flag, variant) in self.visit.variants() {
                let name = format!("bandera-flag-{}", variants::header_key(flag));
                headers.set(name, variants::header_text(variant));
            }
        }
    }

    /// Cookies and `Server-Timing`; the exposures are sent once the response is on its way.
    fn finish(
        &self,
        exposures: Option<FirstExposures>,
        origin_ms: Option<i64>,
        changes: &mut HeaderChanges,
    ) {
        let Call {
            isolate,
            head,
            env,
            ctx,
            ..
        } = *self.call;
        for line in self.visit.cookie_lines(exposures.as_ref()) {
            changes.append("set-cookie", line);
        }
        if isolate.settings.server_timing {
            let timing = Timing {
                publication: Some(self.current.loaded.pointer.publication),
                ruleset_age_ms: Some(self.current.age_ms(head.now_ms)),
                origin_ms,
            };
            changes.append("server-timing", timing.header());
        }
        if let Some(exposures) = exposures {
            let publication = self.current.loaded.pointer.publication;
            exposures::send_later(isolate, env, ctx, publication, exposures.admitted);
        }
    }

    fn edit(&self, response: Response, with_state: bool) -> Result<Response, JsValue> {
        let edits: Vec<_> = self
            .plan()
            .edits
            .iter()
            .map(|edit| page::html_edit(edit))
            .collect();
        let element = with_state.then(|| self.state_element());
        if edits.is_empty() && element.is_none() {
            return Ok(response);
        }
        rewrite_html(&response, &edits, element.as_deref())
    }

    fn state_element(&self) -> String {
        let answers: Vec<_> = self
            .visit
            .answers()
            .filter(|(flag, _)| flag.visibility == Visibility::Client)
            .map(|(_, answer)| answer)
            .collect();
        let receipts: Vec<_> = self
            .visit
            .receipts
            .iter()
            .filter(|handed| handed.visibility == Visibility::Client)
            .collect();
        let pointer = &self.current.loaded.pointer;
        PageState {
            publication: pointer.publication,
            hash: &pointer.hash,
            needs_full_engine: self.current.loaded.needs_full_engine(),
            context: self.visit.context(),
            private: self.current.loaded.ruleset.private(),
            answers: &answers,
            receipts: &receipts,
        }
        .element()
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

fn is_html(content_type: &str) -> bool {
    content_type
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("text/html")
}

/// An origin at another address must not send the browser past the edge.
fn correct_location(
    origin: &Origin,
    call: &Call<'_>,
    response: &Response,
    changes: &mut HeaderChanges,
) {
    let location = || header(response, "location");
    let redirects = (300..400).contains(&response.status());
    let public = redirects.then(location).flatten();
    if let Some(location) = public.and_then(|l| origin.public_location(&l, call.head)) {
        changes.set("location", location);
    }
}
