// What the Workers need of the runtime and `worker` does not offer, each as one crossing:
// whole requests and responses go over as JSON text or as handles, never field by field.
// The HTML handlers stay on this side, so that no page in flight depends on a wasm instance that
// another request may have brought down.

const PLACE = ["country", "continent", "region", "regionCode", "city", "postalCode", "metroCode",
  "latitude", "longitude", "timezone", "isEUCountry", "colo", "asn"];

export function describeRequest(request) {
  const url = new URL(request.url);
  const cf = request.cf ?? {};
  const place = {};
  for (const name of PLACE) {
    if (cf[name] !== undefined && cf[name] !== null) place[name] = String(cf[name]);
  }
  const bot = cf.botManagement;
  return JSON.stringify({
    method: request.method,
    origin: url.origin,
    path: url.pathname,
    query: url.search,
    headers: [...request.headers],
    place,
    bot: bot && { score: bot.score, verified: bot.verifiedBot },
    nowMs: Date.now(),
  });
}

export function buildRequest(request, url, changes) {
  // The request stands for the options: method, body and redirect mode (manual) are its own.
  const built = new Request(url, request);
  amend(built.headers, JSON.parse(changes));
  return built;
}

// On a request once the origin was asked about it. The fence (`edge/guard.ts`) reads it too: an
// engine that trapped can tell nothing any more.
const ASKED = Symbol.for("bandera.asked");

export function wasAsked(incoming) {
  return incoming[ASKED] === true;
}

export function send(incoming, service, request, fresh) {
  incoming[ASKED] = true;
  if (service !== undefined) return service.fetch(request);
  return fresh ? fetch(request, { cache: "no-store" }) : fetch(request);
}

export function amendResponse(response, changes) {
  if (response.status === 101) return response;
  const amended = new Response(response.body, response);
  amend(amended.headers, JSON.parse(changes));
  return amended;
}

export function makeResponse(status, headers, body) {
  return new Response(body, { status, headers: JSON.parse(headers) });
}

export async function readBody(request, bytesMax) {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > bytesMax) return undefined;
  if (request.body === null) return new Uint8Array(0);
  const parts = [];
  let length = 0;
  for await (const part of request.body) {
    length += part.byteLength;
    if (length > bytesMax) return undefined;
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

export function rewriteHtml(response, edits, insertion) {
  const rewriter = new HTMLRewriter();
  for (const edit of JSON.parse(edits)) {
    try {
      rewriter.on(edit.selector, { element: (element) => apply(edit, element) });
    } catch (error) {
      console.warn(`bandera: selector ${JSON.stringify(edit.selector)} is left out: ${error}`);
    }
  }
  if (insertion !== undefined) insertBeforeFirstScript(rewriter, insertion);
  return rewriter.transform(response);
}

export function randomBytes(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function bindingText(env, name) {
  const value = env[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function bindingObject(env, name) {
  return env[name] ?? undefined;
}

function bound(env, name) {
  const service = env[name];
  if (service === undefined || service === null) throw new Error(`there is no binding ${name}`);
  return service;
}

// The answer's status in its three digits, then its body.
export async function askObject(env, binding, name, command) {
  // The host is never looked up: the object asked decides where it goes.
  const request = new Request("https://object/", { method: "POST", body: command });
  const answer = await bound(env, binding).getByName(name).fetch(request);
  return `${answer.status}${await answer.text()}`;
}

export async function sendMessage(env, binding, text) {
  await bound(env, binding).send(text, { contentType: "text" });
}

export async function isOverLimit(env, binding, key) {
  const limit = env[binding];
  return limit !== undefined && !(await limit.limit({ key })).success;
}

// The texts of those keys in their order; null for one that is not there.
export async function readTexts(env, binding, keys, cacheTtl) {
  const named = JSON.parse(keys);
  const found = await bound(env, binding).get(named, { type: "text", cacheTtl });
  return named.map((key) => found.get(key) ?? null);
}

// The bytes of a key; null where it is not there.
export async function readBytes(env, binding, key, cacheTtl) {
  const found = await bound(env, binding).get(key, { type: "arrayBuffer", cacheTtl });
  return found === null ? null : new Uint8Array(found);
}

function amend(headers, { remove, set, append }) {
  for (const name of remove) headers.delete(name);
  for (const [name, value] of set) headers.set(name, value);
  for (const [name, value] of append) headers.append(name, value);
  return headers;
}

// An edit that the page refuses must not break the stream.
function apply({ action, name, value, html }, element) {
  try {
    const options = { html };
    switch (action) {
      case "setContent": element.setInnerContent(value, options); break;
      case "setAttribute": element.setAttribute(name, value); break;
      case "removeAttribute": element.removeAttribute(name); break;
      case "before": element.before(value, options); break;
      case "prepend": element.prepend(value, options); break;
      case "append": element.append(value, options); break;
      case "after": element.after(value, options); break;
      case "replace": element.replace(value, options); break;
      case "remove": element.remove(); break;
    }
  } catch (error) {
    console.warn(`bandera: edit ${action} is left out: ${error}`);
  }
}

// Before the first script of the head, so that scripts find it; else where the head ends. Not at
// the head's start: the declaration of the character set must stay within the first 1024 bytes.
function insertBeforeFirstScript(rewriter, markup) {
  let done = false;
  const once = (insert) => {
    if (done) return;
    done = true;
    insert(markup, { html: true });
  };
  rewriter.on("head script", { element: (script) => once((...a) => script.before(...a)) });
  rewriter.on("head", {
    element: (head) => head.onEndTag((end) => once((...a) => end.before(...a))),
  });
  rewriter.on("body", { element: (body) => once((...a) => body.prepend(...a)) });
  rewriter.onDocument({ end: (end) => once((...a) => end.append(...a)) });
}
