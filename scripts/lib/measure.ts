/** The measurements of `npm run bench`. Each prints its own table and returns its figures. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { build, wasmFiles } from "./build.ts";
import { at, targetDir } from "./paths.ts";
import { cargo, runKeeping, TaskError } from "./run.ts";
import type { Tools } from "./tools.ts";

/** A row of a table: what, how much of which unit, and relative to the table's floor. */
export interface Row {
  readonly name: string;
  readonly value: number;
  /** How many times as much as the floor, or how much more, as the table says. */
  readonly ratio: number;
}

/** A table of the report. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  /** Whether rows are compared by division or by subtraction; by division when absent. */
  readonly relation?: "ratio" | "difference";
  readonly relativeTo: string;
  readonly rows: readonly Row[];
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function numberOf(value: unknown, member: string): number {
  const found = isRecord(value) ? value[member] : undefined;
  if (typeof found !== "number") throw new TaskError(`"${member}" is no number`);
  return found;
}

/** Runs a native benchmark that ends with one line of JSON: its rows. */
async function nanoseconds(args: readonly string[]): Promise<Row[]> {
  const output = await runKeeping("cargo", [...args, "--", "--json"], { quiet: true });
  const rows: unknown = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  if (!Array.isArray(rows)) throw new TaskError("the native benchmark printed no rows");
  return rows.map((row: unknown) => ({
    name: String(isRecord(row) ? row["name"] : ""),
    value: numberOf(row, "ns"),
    ratio: numberOf(row, "ratio"),
  }));
}

/** Native nanoseconds of an evaluation beside one hash. */
export async function native(): Promise<readonly Table[]> {
  const bench = ["bench", "-q", "--locked", "-p", "bandera-tests", "--bench", "evaluation"];
  const rows = await nanoseconds(bench);
  return [{ title: "Native evaluation", unit: "ns", relativeTo: "one xxh3 hash", rows }];
}

/** Native nanoseconds beside other systems' Rust engines on the same workload. */
export async function peers(): Promise<readonly Table[]> {
  const manifest = ["--manifest-path", at("tests", "peers", "Cargo.toml")];
  // What they need is built beside what Bandera is built with, never among it.
  const place = ["--target-dir", join(targetDir, "peers")];
  const rows = await nanoseconds(["run", "-q", "--release", "--locked", ...manifest, ...place]);
  const title = "Beside other systems' Rust engines, one run";
  return [{ title, unit: "ns", relativeTo: "the best peer of the work", rows }];
}

/** Builds the load generator and tells where it is. */
export async function loadGenerator(): Promise<string> {
  await cargo(["build", "-q", "--release", "-p", "bandera-tests", "--bin", "load"]);
  return join(targetDir, "release", "load");
}

/** One load: what a port serves in a time, with the body's file posted where one is given. */
export interface Load {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  readonly bodyFile?: string;
  /** Posts another batch of so many new events each time: of a bandit, declared in a file. */
  readonly reports?: { readonly events: number; readonly bandits: string; readonly bandit: string };
}

function whatIsPosted({ bodyFile, reports }: Load): readonly string[] {
  if (reports === undefined) return bodyFile === undefined ? [] : [bodyFile];
  return ["--events", String(reports.events), reports.bandits, reports.bandit];
}

/** What a load came to. */
export interface Loaded {
  readonly requests: number;
  readonly perSecond: number;
  /** Latency of half of the requests, and of all but a hundredth. */
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** Successful requests. Any failed request fails the measurement. */
export async function putUnderLoad(generator: string, load: Load): Promise<Loaded> {
  const place = [String(load.port), load.path];
  const size = [String(load.connections), String(load.seconds)];
  const posted = whatIsPosted(load);
  const output = await runKeeping(generator, [...place, ...size, ...posted], { quiet: true });
  const result: unknown = JSON.parse(output);
  const failures = numberOf(result, "failures");
  if (failures > 0) throw new TaskError(`${failures} requests failed under load`);
  return {
    requests: numberOf(result, "requests"),
    perSecond: numberOf(result, "perSecond"),
    p50Micros: numberOf(result, "p50Micros"),
    p99Micros: numberOf(result, "p99Micros"),
  };
}

/** gzip sizes of what is downloaded: both Workers, and the browser's engine. */
export async function sizes(tools: Tools): Promise<readonly Table[]> {
  await build(["edge", "admin", "browser"], tools);
  const rows = [...wasmFiles()].map(([name, path]) => {
    const bytes = gzipSync(readFileSync(path), { level: 9 }).length;
    return { name: `${name} wasm`, value: bytes / 1024, ratio: bytes / statSync(path).size };
  });
  return [{ title: "Sizes, gzip at level 9 by Node", unit: "KiB", relativeTo: "the file as it is", rows }];
}
