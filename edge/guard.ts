/** A fence around the wasm engine: a trap costs a variant, never a page. */

import { WorkerEntrypoint } from "cloudflare:workers";

/** Bindings that the fence itself needs. */
export interface GuardEnv {
  readonly ORIGIN?: { fetch(request: Request): Promise<Response> };
  readonly BANDERA_ORIGIN_URL?: string;
}

/** An instance of the engine's entry point: one for each event. */
export interface Engine {
  fetch(request: Request): Promise<Response>;
  queue(batch: MessageBatch): Promise<void>;
}

/** The engine's entry point. */
export type EngineClass = new (ctx: ExecutionContext, env: unknown) => Engine;

/** The runtime's own, which its types know without this event. It must be called by this name. */
declare function addEventListener(
  type: "error",
  listener: (event: { readonly error: unknown }) => void,
): void;

/**
 * A trap inside an asynchronous function settles nothing: the promise that waits for it would
 * wait for ever. The runtime reports such a trap as a global error, which ends the wait here.
 */
const waiting = new Set<(trap: Error) => void>();

addEventListener("error", ({ error }) => {
  if (!isTrap(error)) return;
  for (const fail of [...waiting]) fail(error);
});

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

/** The engine behind its fence; `marks` join the bindings it sees. */
export function guarded(engine: EngineClass, marks?: Readonly<Record<string, string>>) {
  return class extends WorkerEntrypoint<GuardEnv> {
    override async fetch(request: Request): Promise<Response> {
      // A last resort below this one, where the route itself leads to an origin.
      if (!this.env.ORIGIN && !this.env.BANDERA_ORIGIN_URL) this.ctx.passThroughOnException();
      try {
        return await untilTrap(this.#engine().fetch(request));
      } catch (error) {
        console.error("bandera: the engine failed", error);
        return passOn(request, this.env);
      }
    }

    override async queue(batch: MessageBatch): Promise<void> {
      await untilTrap(this.#engine().queue(batch));
    }

    #engine(): Engine {
      return new engine(this.ctx, marks === undefined ? this.env : { ...this.env, ...marks });
    }
  };
}

/** Passes the unread request on; one whose body is already gone cannot be sent twice. */
async function passOn(request: Request, env: GuardEnv): Promise<Response> {
  if (request.bodyUsed) return new Response("The request could not be passed on.", { status: 502 });
  const forwarded = new Request(originUrl(request.url, env), request);
  for (const name of [...forwarded.headers.keys()]) {
    if (name.startsWith("bandera-")) forwarded.headers.delete(name);
  }
  return env.ORIGIN === undefined ? fetch(forwarded) : env.ORIGIN.fetch(forwarded);
}

function originUrl(url: string, env: GuardEnv): string {
  if (env.ORIGIN !== undefined || !env.BANDERA_ORIGIN_URL) return url;
  const { pathname, search } = new URL(url);
  return env.BANDERA_ORIGIN_URL.replace(/\/+$/, "") + pathname + search;
}
