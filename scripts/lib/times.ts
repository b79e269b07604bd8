/** A reporter for `node --test`, beside its own: how long each file took, longest first. */

import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";

import { root } from "./paths.ts";

/** Node takes a reporter by its default export. */
export default async function* times(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const seconds = new Map<string, number>();
  for await (const { type, data } of source) {
    if (type !== "test:summary" || data.file === undefined) continue;
    seconds.set(relative(root, data.file), data.duration_ms / 1000);
  }
  const longest = [...seconds].sort(([, a], [, b]) => b - a);
  yield "\nTime of each file\n";
  for (const [file, took] of longest) yield `  ${took.toFixed(1).padStart(7)} s  ${file}\n`;
}
