/**
 * `npm run bench`: the figures of docs/benchmarks.md, each as a ratio within one run. Named parts
 * run alone (`npm run bench -- native`); `--record` writes the measured tables into the document.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";

import { decisions } from "./lib/decisions.ts";
import { ingest } from "./lib/ingest.ts";
import { native, peers, sizes, type Table } from "./lib/measure.ts";
import { page } from "./lib/page.ts";
import { at } from "./lib/paths.ts";
import { main, step } from "./lib/progress.ts";
import { capture, TaskError } from "./lib/run.ts";
import { starts } from "./lib/starts.ts";
import { timing } from "./lib/timing.ts";
import { ensureTools, type Tools } from "./lib/tools.ts";
import { workers } from "./lib/workers.ts";

const parts: ReadonlyMap<string, (tools: Tools) => Promise<readonly Table[]>> = new Map([
  ["native", native],
  ["timing", timing],
  ["peers", peers],
  ["workers", workers],
  ["starts", starts],
  ["page", page],
  ["decisions", decisions],
  ["ingest", ingest],
  ["sizes", sizes],
]);

const document = at("docs", "benchmarks.md");
const opening = "<!-- measured: written by npm run bench -- --record -->";
const closing = "<!-- end of measured -->";

function markdown({ title, unit, relation, relativeTo, rows }: Table): string {
  const isDifference = relation === "difference";
  const column = isDifference ? `${unit} more than` : "ratio to";
  const head = [`| | ${unit} | ${column} ${relativeTo} |`, "|---|---:|---:|"];
  const lines = rows.map(({ name, value, ratio }) => {
    return `| ${name} | ${value.toFixed(1)} | ${ratio.toFixed(isDifference ? 1 : 3)} |`;
  });
  return [`### ${title}`, "", ...head, ...lines].join("\n");
}

function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model ?? "unknown processor";
  const revision = capture("git", ["rev-parse", "--short", "HEAD"]).stdout.trim();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, revision ${revision}, ${processors.length} × ${model}, ${platform()} ${arch()}.`;
}

/** Replaces what stands between the two marks of the document. */
function record(tables: readonly Table[]): void {
  const text = readFileSync(document, "utf8");
  const from = text.indexOf(opening);
  const to = text.indexOf(closing);
  if (from < 0 || to < from) throw new TaskError(`${document} lacks the marks to write between`);
  const measured = [machine(), ...tables.map(markdown)].join("\n\n");
  const before = text.slice(0, from + opening.length);
  writeFileSync(document, `${before}\n\n${measured}\n\n${text.slice(to)}`);
}

await main(async () => {
  const wanted = process.argv.slice(2).filter((argument) => argument !== "--record");
  const alien = wanted.find((name) => !parts.has(name));
  if (alien !== undefined) {
    throw new TaskError(`"${alien}" is none of the parts ${[...parts.keys()].join(", ")}`);
  }
  const recording = process.argv.includes("--record");
  if (recording && wanted.length > 0) throw new TaskError("--record writes all parts, not some");
  const tools = await ensureTools();
  const tables: Table[] = [];
  for (const [name, measure] of parts) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    tables.push(...(await step(name, () => measure(tools))));
  }
  console.log(`\n${machine()}\n\n${tables.map(markdown).join("\n\n")}`);
  if (recording) record(tables);
});
