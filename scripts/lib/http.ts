/** HTTP with an end: a runtime that hangs fails the call that asked it, and not the whole run. */

import { limits } from "./paths.ts";
import { TaskError } from "./run.ts";

/** What is sent, as `fetch` takes it, and how long head and body of the reply may take. */
export interface Asking extends RequestInit {
  /** Absent: `limits.replyMsMax`. */
  readonly msMax?: number;
}

/**
 * `fetch` with a deadline that covers the body too; everything here that speaks HTTP calls it.
 *
 * @throws TaskError naming the request when no reply begins in time; reading the body of a reply
 * that does not end in time fails with a `TimeoutError`.
 */
export async function fetchInTime(url: string, asking: Asking = {}): Promise<Response> {
  const { msMax = limits.replyMsMax, ...init } = asking;
  const deadline = AbortSignal.timeout(msMax);
  const given = init.signal ?? undefined;
  const signal = given === undefined ? deadline : AbortSignal.any([given, deadline]);
  const headers = new Headers(init.headers);
  // A connection that is kept may be closed by the other side while a synchronous program runs
  // here; the next request on it would fail for no fault of anybody's.
  headers.set("connection", "close");
  try {
    return await fetch(url, { ...init, headers, signal });
  } catch (error) {
    if (!deadline.aborted) throw error;
    const what = `${init.method ?? "GET"} ${url}`;
    throw new TaskError(`${what}: no reply within ${msMax / 1000} s`, { cause: error });
  }
}
