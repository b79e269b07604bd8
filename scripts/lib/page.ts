/** A page's time to its first answers: ours and a JavaScript engine's, in one browser. */

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

import { type Browser, chromium } from "playwright-core";

import { build } from "./build.ts";
import { chromiumArguments, ensureBrowser } from "./chromium.ts";
import { freshFolder, installPeers, neutralWorkload, translated } from "./contestants.ts";
import { median, type Table } from "./measure.ts";
import { at } from "./paths.ts";
import { run, TaskError } from "./run.ts";
import { requireShares } from "./shares.ts";
import type { Tools } from "./tools.ts";

const N_ROUNDS = 21;

/** A script that answers, and the file of its flags. */
interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly flags: string;
}

const ours: Contestant = { name: "Bandera", script: "bandera.js", flags: "client.compact" };
const peer: Contestant = {
  name: "@growthbook/growthbook",
  script: "growthbook.js",
  flags: "growthbook.json",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".compact": "application/octet-stream",
};

/** Everything that either page asks for, in one folder. */
async function assemble(tools: Tools): Promise<string> {
  await installPeers();
  await build(["browser"], tools);
  const workload = await neutralWorkload();
  const folder = freshFolder("page");
  const dist = at("www", "browser", "dist", "bandera", "v1");
  for (const file of ["engine.js", "bandera_bg.wasm"]) cpSync(join(dist, file), join(folder, file));
  cpSync(join(workload, ours.flags), join(folder, ours.flags));
  writeFileSync(join(folder, peer.flags), translated(workload).get("growthbook") ?? "");
  const shape = ["--bundle", "--format=iife", "--minify", "--log-level=error"];
  for (const [entry, { script }] of [
    [at("tests", "bench", "js", "page.js"), ours],
    [at("tests", "peers", "js", "page.js"), peer],
  ] as const) {
    await run(tools.esbuild, [entry, ...shape, `--outfile=${join(folder, script)}`]);
  }
  cpSync(at("tests", "bench", "js", "page.html"), join(folder, "page.html"));
  return folder;
}

/** Serves the folder on a port of its own; no browser may keep anything. */
async function serve(folder: string): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    try {
      const body = readFileSync(join(folder, name));
      const type = types[extname(name)] ?? "text/plain";
      response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/page.html` };
}

/** What a page found. */
interface Found {
  readonly ms: number;
  readonly answers: readonly unknown[];
}

/** A fresh page with nothing in its cache. */
async function once(browser: Browser, url: string, it: Contestant, contexts: readonly string[]) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    const asked = JSON.stringify({ script: it.script, flags: it.flags, contexts });
    return await page.evaluate<Found>(`timed(${asked})`);
  } finally {
    await context.close();
  }
}

async function compare(browser: Browser, url: string, contexts: readonly string[]) {
  for (const it of [ours, peer]) {
    requireShares(it.name, (await once(browser, url, it, contexts)).answers);
  }
  const rounds: Array<readonly [number, number]> = [];
  const first = contexts.slice(0, 1);
  for (let round = 1; round <= N_ROUNDS; round += 1) {
    const mine = await once(browser, url, ours, first);
    const theirs = await once(browser, url, peer, first);
    rounds.push([mine.ms, theirs.ms]);
  }
  return rounds;
}

/** Milliseconds from asking for the script to the answers of all flags, in fresh pages. */
export async function page(tools: Tools): Promise<readonly Table[]> {
  const { chromium: executablePath } = await ensureBrowser();
  const folder = await assemble(tools);
  const contexts = readFileSync(join(folder, "..", "workload", "contexts.ndjson"), "utf8").split("\n");
  if (contexts.length === 0) throw new TaskError("the workload has no contexts");
  const { server, url } = await serve(folder);
  const browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
  try {
    const rounds = await compare(browser, url, contexts);
    return [{
      title: "First answers for 100 flags in a fresh page, headless Chromium",
      unit: "ms",
      relativeTo: peer.name,
      rows: [
        {
          name: ours.name,
          value: median(rounds.map(([mine]) => mine)),
          ratio: median(rounds.map(([mine, theirs]) => mine / theirs)),
        },
        { name: peer.name, value: median(rounds.map(([, theirs]) => theirs)), ratio: 1 },
      ],
    }];
  } finally {
    await browser.close();
    server.close();
  }
}
