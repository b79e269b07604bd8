import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { test } from "node:test";

import { chosenPorts, freePort, isFree, requireFree } from "./ports.ts";

function listenOn(port: number, host: string): Promise<Server> {
  const server = createServer();
  return new Promise((settle, refuse) => {
    server.on("error", refuse);
    server.listen(port, host, () => settle(server));
  });
}

test("a port in use is found out, and the message names it and its variable", async () => {
  const port = await freePort();
  assert.equal(await isFree(port), true);
  const server = await listenOn(port, "127.0.0.1");
  try {
    assert.equal(await isFree(port), false);
    const named = { owner: "the edge Worker", variable: "BANDERA_EDGE_PORT", port };
    await assert.rejects(requireFree(named), (error: Error) => {
      return error.message.includes(String(port)) && error.message.includes("BANDERA_EDGE_PORT=");
    });
  } finally {
    await new Promise((settle) => server.close(settle));
  }
  assert.equal(await isFree(port), true);
});

test("ports come from the environment, and nonsense is refused", () => {
  const before = { ...process.env };
  try {
    process.env["BANDERA_EDGE_PORT"] = "9000";
    delete process.env["BANDERA_ADMIN_PORT"];
    assert.equal(chosenPorts().edge.port, 9000);
    assert.equal(chosenPorts().admin.port, 8788);
    for (const nonsense of ["0", "65536", "x", "80.5", ""]) {
      process.env["BANDERA_EDGE_PORT"] = nonsense;
      assert.throws(chosenPorts, /BANDERA_EDGE_PORT/, nonsense);
    }
    process.env["BANDERA_EDGE_PORT"] = "8788";
    assert.throws(chosenPorts, /both 8788/);
  } finally {
    process.env = before;
  }
});
