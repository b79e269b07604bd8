import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { scratchDir } from "./owned.ts";
import { installArchive } from "./tools.ts";

/** An archive of the shape that tools are released in: one folder with the executables. */
function archive(folder: string): Buffer {
  mkdirSync(join(folder, "tool-1.0"));
  writeFileSync(join(folder, "tool-1.0", "tool"), "#!/bin/sh\necho tool 1.0\n", { mode: 0o755 });
  execFileSync("tar", ["-czf", "tool.tar.gz", "tool-1.0"], { cwd: folder });
  return readFileSync(join(folder, "tool.tar.gz"));
}

async function serving(reply: Buffer | undefined, use: (url: string) => Promise<void>) {
  const server = createServer((_request, response) => {
    response.writeHead(reply === undefined ? 404 : 200).end(reply);
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/tool.tar.gz`);
  } finally {
    server.closeAllConnections();
    await new Promise((settle) => server.close(settle));
  }
}

test("a release archive becomes executables", async () => {
  const folder = scratchDir("tools");
  const root = join(folder, "installed");
  await serving(archive(folder), async (url) => {
    await installArchive(url, root);
    await installArchive(url, root);
  });
  assert.equal(execFileSync(join(root, "bin", "tool"), { encoding: "utf8" }), "tool 1.0\n");
  assert.deepEqual(readdirSync(root), ["bin"]);
});

test("an absent or broken archive leaves nothing behind", async () => {
  const root = join(scratchDir("tools"), "installed");
  await serving(undefined, (url) => assert.rejects(installArchive(url, root), /status 404/));
  const broken = Buffer.from("no archive");
  await serving(broken, (url) => assert.rejects(installArchive(url, root), /tar/));
  assert.deepEqual(readdirSync(root), []);
});
