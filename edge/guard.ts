/** A fence around the wasm engines: a trap costs a variant, never a page. */

import { WorkerEntrypoint } from "cloudflare:workers";

import { bury, type DeadLetterEnv, isDead, withDeadLetters } from "./dead-letters.ts";

/** Bindings that the fence itself needs. */
export interface GuardEnv extends DeadLetterEnv {
  readonly ORIGIN?: { fetch(request: Request): Promise<Response> };
  readonly BANDERA_ORIGIN_URL?: string;
}

/** An instance of the entry point of the engine that answers requests: one for each. */
export type RequestEngineClass = new (ctx: ExecutionContext, env: unknown) => {
  fetch(request: Request): Promise<Response>;
};

/** An instance of the entry point of the engine that counts: one for each delivery. */
export type EventEngineClass = new (ctx: ExecutionContext, env: unknown) => {
  queue(batch: MessageBatch): Promise<void>;
};

/** Both engines. Each is instantiated by the first call. */
export interface Engines {
  readonly requests: () => Promise<RequestEngineClass>;
  readonly events: () => Promise<EventEngineClass>;
}

/** The runtime's own, which its types know without these events. It must be called by this name. */
declare function addEventListener(
  type: "error" | "unhandledrejection",
  listener: (event: { readonly error?: unknown; readonly reason?: unknown }) => void,
): void;

/**
 * A trap inside an asynchronous function settles nothing: the promise that waits for it would
 * wait for ever. The runtime reports such a trap as a global error, or, where a settled promise
 * had called the engine, as a rejection that nobody handles. Either ends the wait here.
 */
const waiting = new Set<(trap: Error) => void>();

function endWaits(trap: unknown): void {
  if (!isTrap(trap)) return;
  for (const fail of [...waiting]) fail(trap);
}

addEventListener("error", ({ error }) => endWaits(error));
addEventListener("unhandledrejection", ({ reason }) => endWaits(reason));

function isTrap(error: unknown): error is Error {
  return error instanceof WebAssembly.RuntimeError;
}

/** Settles as the promise does, or fails when the engine traps meanwhile. */
function untilTrap<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    answer.then(resolve, reject).finally(() => waiting.delete(reject));
  });
}

/** The engines behind their fence; `marks` join the bindings they see. */
export function guarded(engines: Engines, marks?: Readonly<Record<string, string>>) {
  return class extends WorkerEntrypoint<GuardEnv> {
    override async fetch(request: Request): Promise<Response> {
      // A last resort below this one, where the route itself leads to an origin.
      if (!this.env.ORIGIN && !this.env.BANDERA_ORIGIN_URL) this.ctx.passThroughOnException();
      try {
        const engine = await engines.requests();
        const answer = await untilTrap(new engine(this.ctx, this.#bindings()).fetch(request));
        return isHealth(request) ? await withDeadLetters(answer, this.env) : answer;
      } catch (error) {
        console.error("bandera: the engine failed", error);
        return passOn(request, this.env);
      }
    }

    override async queue(batch: MessageBatch): Promise<void> {
      if (isDead(batch)) return bury(batch, this.env);
      const engine = await engines.events();
      await untilTrap(new engine(this.ctx, this.#bindings()).queue(batch));
    }

    #bindings(): unknown {
      return marks === undefined ? this.env : { ...this.env, ...marks };
    }
  };
}

function isHealth({ method, url }: Request): boolean {
  return method === "GET" && new URL(url).pathname === "/bandera/v1/health";
}

/** Paths that are ours: no origin knows what belongs there. */
const OURS = /^\/(?:bandera|ofrep)\//;
/** Methods that change nothing, so that asking twice is no harm. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);
/** How long a caller of the API may wait before it tries again. */
const RETRY_AFTER_S = 1;
/** On a request once the engine has asked the origin about it; set in `platform/src/glue.js`. */
const ASKED = Symbol.for("bandera.asked");

/** Passes the request on, if that is not sending it twice. */
async function passOn(request: Request, env: GuardEnv): Promise<Response> {
  if (OURS.test(new URL(request.url).pathname)) {
    return problem(503, "unavailable", "The engine failed; the next request finds a fresh one");
  }
  const asked = Reflect.get(request, ASKED) === true;
  if (request.bodyUsed || (asked && !SAFE.has(request.method))) {
    return problem(502, "origin_unreachable", "The request may have reached the origin");
  }
  const forwarded = new Request(originUrl(request.url, env), request);
  for (const name of [...forwarded.headers.keys()]) {
    if (name.startsWith("bandera-")) forwarded.headers.delete(name);
  }
  return env.ORIGIN === undefined ? fetch(forwarded) : env.ORIGIN.fetch(forwarded);
}

/** A problem document (RFC 9457), as the engine would have made it. */
function problem(status: 502 | 503, code: string, title: string): Response {
  const headers = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(status === 503 ? { "retry-after": String(RETRY_AFTER_S) } : {}),
  };
  const body = { type: `urn:bandera:problem:${code}`, status, code, title };
  return new Response(JSON.stringify(body), { status, headers });
}

function originUrl(url: string, env: GuardEnv): string {
  if (env.ORIGIN !== undefined || !env.BANDERA_ORIGIN_URL) return url;
  const { pathname, search } = new URL(url);
  return env.BANDERA_ORIGIN_URL.replace(/\/+$/, "") + pathname + search;
}
