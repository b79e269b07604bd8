/** An origin that a test holds in its hands: it answers as told and remembers what it was asked. */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the origin saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** How a test answers. */
export type Answer = (seen: Seen, response: ServerResponse) => void | Promise<void>;

/** A short page with what edits can be aimed at. */
export const PAGE = `<!doctype html><html><head><meta charset="utf-8"><title>T</title>
<script src="/a.js"></script></head><body><h1 class="title">Original</h1>
<p id="note" data-old="1">Note</p><ul id="list"><li>one</li></ul><div id="gone">Gone</div></body></html>`;

/** Answers with a page. */
export const page: Answer = (_seen, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(PAGE);
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

export class TestOrigin {
  readonly #server: Server;
  /** What was asked, in order. */
  readonly seen: Seen[] = [];
  /** How it answers. */
  answer: Answer = page;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.#handle(request, response);
    });
  }

  static async start(): Promise<TestOrigin> {
    const server = createServer();
    const origin = new TestOrigin(server);
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The latest request. */
  get last(): Seen {
    const last = this.seen.at(-1);
    if (last === undefined) throw new Error("the origin was not asked");
    return last;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    const seen = { method, path, headers, body: await bodyOf(request) };
    this.seen.push(seen);
    await this.answer(seen, response);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
