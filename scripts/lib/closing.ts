/**
 * A reporter for `node --test`, beside its own: how long each file took, longest first, and last of
 * all what failed, so that whoever sees only the end of a long log sees why.
 */

import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";

import { root } from "./paths.ts";

/** Lines that are shown of a failure. */
const LINES_MAX = 12;

type Failed = Extract<TestEvent, { type: "test:fail" }>["data"];

function failure({ name, file, line, details }: Failed): string {
  const { cause, message } = details.error;
  const reason = cause instanceof Error ? cause.message : message;
  const lines = reason.split("\n").filter((text) => text.trim() !== "");
  const place = file === undefined ? "" : `${relative(root, file)}:${line ?? 1}: `;
  return [`✖ ${place}${name}`, ...lines.slice(0, LINES_MAX).map((text) => `    ${text}`), ""].join("\n");
}

/** Node takes a reporter by its default export. */
export default async function* closing(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const seconds = new Map<string, number>();
  const failures: string[] = [];
  for await (const event of source) {
    if (event.type === "test:fail") failures.push(failure(event.data));
    if (event.type !== "test:summary" || event.data.file === undefined) continue;
    seconds.set(relative(root, event.data.file), event.data.duration_ms / 1000);
  }
  const longest = [...seconds].sort(([, a], [, b]) => b - a);
  yield "\nTime of each file\n";
  for (const [file, took] of longest) yield `  ${took.toFixed(1).padStart(7)} s  ${file}\n`;
  yield* failures;
}
