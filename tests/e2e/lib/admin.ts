/** The admin Worker alone, on a state of its own: the edge's place is taken by the demo shop. */

import assert from "node:assert/strict";

import type { Role } from "../../../scripts/lib/database.ts";
import { fetchInTime } from "../../../scripts/lib/http.ts";
import { removeScratch, scratchDir } from "../../../scripts/lib/owned.ts";
import { demoConfig } from "../../../scripts/lib/paths.ts";
import { type Stack, startStack } from "../../../scripts/lib/stack.ts";
import { objectOf, parseJson, textOf } from "../../../www/browser/ts/json.ts";
import type { Json, JsonObject } from "../../../www/browser/ts/json.ts";

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

/** What is sent. A `text` goes out as it is, a `body` as JSON. */
export interface Sending {
  readonly body?: Json;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: that of the local admin; empty: none. */
  readonly token?: string;
}

/** A flag that compiles, as its owner writes it. */
export const plainFlag: JsonObject = {
  type: "boolean",
  status: "enabled",
  variants: { on: { value: true }, off: { value: false } },
  offVariant: "off",
  defaultVariant: "on",
};

/** Header of a first writing. */
export const anew = { "if-none-match": "*" } as const;

export class AdminStack {
  readonly stack: Stack;

  private constructor(stack: Stack) {
    this.stack = stack;
  }

  static async start(): Promise<AdminStack> {
    const persistDir = scratchDir("admin");
    const edge = { edgeConfigs: [demoConfig], edgeReadyPath: "/" };
    return new AdminStack(await startStack({ persistDir, ...edge }));
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    removeScratch(this.stack.persistDir);
  }

  /** A further token, made by the local admin: the database is the running Worker's to write. */
  async token(role: Role): Promise<string> {
    const made = await this.ok(201, "POST", "/tokens", { body: { name: `local ${role}`, role } });
    return text(made.body, "secret");
  }

  /** Calls the API; `path` is below `/api/v1` unless it names another root. */
  async call(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const { body, text = body === undefined ? undefined : JSON.stringify(body) } = sending;
    const token = sending.token ?? this.stack.token;
    const url = this.stack.adminUrl + (path.startsWith("/openapi") ? path : `/api/v1${path}`);
    const reply = await fetchInTime(url, {
      method,
      headers: {
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...sending.headers,
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await reply.text();
    const { status, headers } = reply;
    return { status, headers, body: objectOf(answer === "" ? {} : parseJson(answer)) };
  }

  /** Calls the API and expects that status. */
  async ok(status: number, method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const answer = await this.call(method, path, sending);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** Calls the API and expects that problem document. */
  async refused(
    expected: { readonly status: number; readonly code: string; readonly pointer?: string },
    method: string,
    path: string,
    sending: Sending = {},
  ): Promise<Answer> {
    const answer = await this.ok(expected.status, method, path, sending);
    const what = `${method} ${path}: ${JSON.stringify(answer.body)}`;
    assert.equal(answer.headers.get("content-type"), "application/problem+json", what);
    assert.equal(answer.headers.get("cache-control"), "no-store", what);
    assert.equal(answer.body["status"], expected.status, what);
    assert.equal(answer.body["code"], expected.code, what);
    assert.equal(answer.body["type"], `urn:bandera:problem:${expected.code}`, what);
    if (expected.pointer !== undefined) {
      assert.equal(answer.body["pointer"], expected.pointer, what);
    }
    return answer;
  }

  /** A new environment; its path below `/api/v1`. */
  async environment(key: string): Promise<string> {
    const path = `/environments/${key}`;
    await this.ok(201, "PUT", path, { body: { name: key, salt: key }, headers: anew });
    return path;
  }

  /** Publishes the draft after the publication of that number. */
  publish(environment: string, after: number, note = ""): Promise<Answer> {
    const headers = { "if-match": `"p${after}"` };
    return this.call("POST", `${environment}/publications`, { body: { note }, headers });
  }

  /** The pointer that edges follow in that environment. */
  pointer(key: string): JsonObject {
    const done = this.stack.kvGet(`env/${key}/current`);
    assert.ok(done.ok, done.stderr);
    return objectOf(parseJson(done.stdout));
  }
}

/** The entity tag of an answer. */
export function etagOf(answer: Answer): string {
  const etag = answer.headers.get("etag");
  assert.ok(etag !== null, "the answer has no ETag");
  return etag;
}

/** A member that has to be text. */
export function text(object: JsonObject, name: string): string {
  const value = textOf(object[name]);
  assert.ok(value !== undefined, `no text "${name}" in ${JSON.stringify(object)}`);
  return value;
}
