import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import { fetchInTime } from "./http.ts";

/** Answers `/whole`, begins to answer `/begun`, and is silent otherwise. */
const server = createServer(({ url }, response: ServerResponse) => {
  if (url === "/whole") response.end("whole");
  if (url === "/begun") response.writeHead(200).write("beg");
});

before(() => new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle)));
after(() => {
  server.closeAllConnections();
  server.close();
});

const at = (path: string): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

test("a reply in time is the reply", async () => {
  assert.equal(await (await fetchInTime(at("/whole"))).text(), "whole");
});

test("a server that says nothing fails the request by name", async () => {
  const silence = fetchInTime(at("/silent"), { method: "POST", msMax: 50 });
  await assert.rejects(silence, /POST http:.*\/silent: no reply within 0.05 s/);
});

test("a reply that does not end fails where it is read", async () => {
  const begun = await fetchInTime(at("/begun"), { msMax: 200 });
  await assert.rejects(begun.text(), { name: "TimeoutError" });
});

test("the caller's own signal ends the request, too", async () => {
  const gone = fetchInTime(at("/silent"), { signal: AbortSignal.abort(new Error("enough")) });
  await assert.rejects(gone, /enough/);
});
